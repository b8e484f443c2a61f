"""The send page: who will receive what, and the press of the button that counts."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_http_methods

from applications.errors import IllegalTransition, Refusal
from applications.flow import first_incomplete
from applications.form_fields import label_text
from applications.models import Application, NoticeKind, NoticeVersion
from applications.personal import Purpose
from applications.selectors.notices import current_notice
from applications.selectors.people import answers, applications_of, draft_of
from applications.services.submitting import ConsentGiven, submit
from applications.states import ApplicationStatus
from applications.views.guard import ConsumerRequest, actor_of, consumer_required
from lenders.forms import PASS_ON_WORDING, SendForm
from lenders.selectors.not_asked import Left
from lenders.selectors.send_page import Candidate, candidates


@dataclass(frozen=True)
class Shown:
    """What the page shows, read once: what is agreed to is this, whatever changes meanwhile."""

    found: list[Candidate]
    terms: NoticeVersion | None
    privacy_notice: NoticeVersion | None
    language: str

    @property
    def can_be_asked(self) -> list[Candidate]:
        return [one for one in self.found if one.reason is None]

    @property
    def digest(self) -> str:
        """Of the texts agreed to, and of which lender receives what."""
        facts = [str(text and text.pk) for text in (self.terms, self.privacy_notice)]
        facts += [f"{one.lender.slug}:{','.join(one.labels)}" for one in self.can_be_asked]
        return hashlib.sha256("|".join(facts).encode()).hexdigest()


@consumer_required
@require_http_methods(["GET", "HEAD", "POST"])
def send(request: ConsumerRequest) -> HttpResponse:
    """Show the lenders with what each receives; on POST, send the application once."""
    draft = draft_of(request.consumer.subject_id, purpose=Purpose.HANDLE_APPLICATIONS)
    if draft is None:
        return _already_sent(request)
    given = answers(draft, purpose=Purpose.HANDLE_APPLICATIONS)
    if first_incomplete(given) is not None:
        return redirect("applications:check")
    language = get_language() or "lv"
    shown = Shown(
        candidates(given, language),
        current_notice(NoticeKind.TERMS, language),
        current_notice(NoticeKind.PRIVACY, language),
        language,
    )
    can_be_asked = [one.lender for one in shown.can_be_asked]
    form = SendForm(request.POST or None, can_be_asked=can_be_asked, shown=shown.digest)
    if request.method == "POST" and form.is_valid():
        refusal = _submit(request, draft, shown, form.cleaned_data["lenders"])
        if refusal is None:
            return redirect("lenders:offers", draft.pk)
        form.add_error(None, refusal)
    return render(request, "lenders/send.html", _context(shown, form))


def _submit(request: ConsumerRequest, draft: Application, shown: Shown, ticked: Sequence[str]) -> str | None:
    """Send it; the sentence that says why not, or None. A second press finds it sent already."""
    if shown.terms is None or shown.privacy_notice is None:
        return gettext("The terms of use are not published yet. Try again later: your answers are kept.")
    fields = {one.lender.slug: one.lender.requested_fields for one in shown.can_be_asked}
    try:
        submit(
            application=draft,
            recipients={slug: fields[slug] for slug in ticked},
            terms=shown.terms,
            privacy_notice=shown.privacy_notice,
            consents=[ConsentGiven(Purpose.PASS_TO_LENDERS, str(PASS_ON_WORDING))],
            language=shown.language,
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


def _context(shown: Shown, form: SendForm) -> dict[str, Any]:
    ticked = set(form["lenders"].value() or ())
    left = [Left(one.lender.name, one.reason) for one in shown.found if one.reason is not None]
    return {
        "form": form,
        "lenders": [
            {
                "slug": one.lender.slug,
                "name": one.lender.name,
                "receives": [label_text(label) for label in one.labels],
                "ticked": one.lender.slug in ticked,
            }
            for one in shown.can_be_asked
        ],
        "not_asked": left,
        "may_change": any(one.reason.may_change for one in left),
        "terms": shown.terms,
        "privacy_notice": shown.privacy_notice,
    }
