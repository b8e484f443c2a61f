"""The send page: who will receive what, and the press of the button that counts."""

import hashlib
from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_http_methods

from applications.errors import IllegalTransition, Refusal
from applications.form_fields import label_text
from applications.models import Application, NoticeKind
from applications.personal import Purpose
from applications.selectors.notices import current_notice
from applications.selectors.people import applications_of, draft_of, is_complete
from applications.services.submitting import ConsentGiven, submit
from applications.states import ApplicationStatus
from applications.views.guard import ConsumerRequest, actor_of, consumer_required
from lenders.forms import PASS_ON_WORDING, SendForm
from lenders.models import Lender
from lenders.selectors.send_page import candidates, labels_sent


@consumer_required
@require_http_methods(["GET", "HEAD", "POST"])
def send(request: ConsumerRequest) -> HttpResponse:
    """Show the lenders with what each receives; on POST, send the application once."""
    draft = draft_of(request.consumer.subject_id, purpose=Purpose.HANDLE_APPLICATIONS)
    if draft is None:
        return _already_sent(request)
    if not is_complete(draft, purpose=Purpose.HANDLE_APPLICATIONS):
        return redirect("applications:check")
    found = candidates(draft)
    can_be_asked = [one.lender for one in found if one.reason is None]
    form = SendForm(request.POST or None, can_be_asked=can_be_asked, shown=_shown(draft, can_be_asked))
    if request.method == "POST" and form.is_valid():
        refusal = _submit(request, draft, form)
        if refusal is None:
            return redirect("lenders:offers", draft.pk)
        form.add_error(None, refusal)
    return render(request, "lenders/send.html", _context(draft, form, found))


def _shown(draft: Application, lenders: Sequence[Lender]) -> str:
    """A digest of what the page shows: the texts agreed to, and which lender receives what."""
    language = get_language() or "lv"
    texts = [current_notice(kind, language) for kind in (NoticeKind.TERMS, NoticeKind.PRIVACY)]
    facts = [str(text and text.pk) for text in texts]
    facts += [f"{lender.slug}:{','.join(labels_sent(draft, lender))}" for lender in lenders]
    return hashlib.sha256("|".join(facts).encode()).hexdigest()


def _submit(request: ConsumerRequest, draft: Application, form: SendForm) -> str | None:
    """Send it; the sentence that says why not, or None. A second press finds it sent already."""
    language = get_language() or "lv"
    terms = current_notice(NoticeKind.TERMS, language)
    privacy_notice = current_notice(NoticeKind.PRIVACY, language)
    if terms is None or privacy_notice is None:
        return gettext("The terms of use are not published yet. Try again later: your answers are kept.")
    try:
        submit(
            application=draft,
            recipients=form.cleaned_data["lenders"],
            terms=terms,
            privacy_notice=privacy_notice,
            consents=[ConsentGiven(Purpose.PASS_TO_LENDERS, str(PASS_ON_WORDING))],
            language=language,
            actor=actor_of(request),
        )
    except IllegalTransition:
        return None
    except Refusal as refusal:
        return str(refusal.sentence)
    return None


def _already_sent(request: ConsumerRequest) -> HttpResponse:
    sent = [
        one
        for one in applications_of(request.consumer.subject_id, purpose=Purpose.DATA_SUBJECT_RIGHTS)
        if one.status != ApplicationStatus.DRAFT
    ]
    return redirect("lenders:offers", sent[0].pk) if sent else redirect("applications:resume")


def _context(draft: Application, form: SendForm, found: list[Any]) -> dict[str, Any]:
    language = get_language() or "lv"
    ticked = set(form["lenders"].value() or ())
    return {
        "form": form,
        "lenders": [
            {
                "slug": one.lender.slug,
                "name": one.lender.name,
                "receives": [label_text(label) for label in labels_sent(draft, one.lender)],
                "ticked": one.lender.slug in ticked,
            }
            for one in found
            if one.reason is None
        ],
        "not_asked": [
            {"name": one.lender.name, "reason": one.reason.label} for one in found if one.reason is not None
        ],
        "terms": current_notice(NoticeKind.TERMS, language),
        "privacy_notice": current_notice(NoticeKind.PRIVACY, language),
    }
