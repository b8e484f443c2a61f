"""Rectification (GDPR Art. 16): what is wrong is corrected wherever it stands, what is incomplete is
completed by a statement, and whoever had received it is told (Art. 19).
"""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar
from uuid import UUID

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from applications.actors import SYSTEM
from applications.errors import AddressTaken
from applications.form_fields import EMAIL_LABEL, label_text
from applications.models import Application
from applications.recipients import Change, News, NewsKind
from applications.services.accounts import change_address, end_sessions
from applications.services.rectifying import Correction, correct
from privacy.changes import OF_THE_ACCOUNT, accepted, as_stored, decision_text, typed
from privacy.models import Identity, LetterKind, Result, RightsRequest
from privacy.request_texts import moment
from privacy.rights import notification
from privacy.rights.base import Done, Part, Wait
from privacy.services.identifying import answer_at_new_address
from privacy.services.letters import send_letter, set_words_aside, words_set_aside


class Rectification:
    STEPS: ClassVar[Sequence[str]] = ("correct", "tell_corrected", "wait_for_recipients", "answer_correction")

    def preview(self, request: RightsRequest) -> Sequence[Part]:
        """Which values are to be corrected, without the values; and who is told."""
        if request.subject is None:
            return []
        lines = list(_lines(request.words.changes or []))
        columns = (_("what"), _("application"), _("decision"))
        return [Part(_("To be corrected"), lines, columns), notification.preview(request.subject.pk)]

    def execute(self, request: RightsRequest) -> Done | Wait:
        done: Done | Wait = getattr(self, request.step)(request)
        return done

    def correct(self, request: RightsRequest) -> Done:
        words = request.words
        changes: list[dict[str, Any]] = words.changes or []
        wanted = [one for one in changes if accepted(one)]
        for one in wanted:
            if one["label"] == EMAIL_LABEL:
                _change_address(request, one)
        of_applications = [one for one in wanted if one["label"] != EMAIL_LABEL]
        corrections = [
            Correction(UUID(one["application"]), one["label"], typed(one, "old"), typed(one, "new"))
            for one in of_applications
        ]
        found = correct(subject_id=request.person.pk, corrections=corrections, actor=SYSTEM)
        for one, where in zip(of_applications, found.where, strict=True):
            one["where"] = sorted(map(str, where))
        for also in found.gone:
            gone = as_stored(application_id=also.application_id, label=also.label, old=also.old, new=None)
            changes.append(gone | {"accepted": True, "where": [str(also.application_id)]})
        words.changes = changes
        words.save(update_fields=["changes"])
        return Done()

    def tell_corrected(self, request: RightsRequest) -> Done:
        changes = tuple(
            Change(one["label"], typed(one, "new"), UUID(application) if application else None)
            for one in request.words.changes or []
            for application in one.get("where", ())
        )
        notification.tell(request, News(NewsKind.RECTIFIED, request.pk, changes))
        return Done()

    def wait_for_recipients(self, request: RightsRequest) -> Done | Wait:
        return notification.wait_for(request, since=notification.told_since(request)) or Done()

    def answer_correction(self, request: RightsRequest) -> Done:
        send_letter(
            request=request, kind=LetterKind.RECTIFIED, actor=SYSTEM, words=words_set_aside(request),
            facts={"partly": request.result == Result.PARTLY},
        )  # fmt: skip
        return Done()

    def prove(self, request: RightsRequest) -> Sequence[Part]:
        """That it was corrected, in how many places, and who was told."""
        done = request.events.filter(what="step_done", why="correct").order_by("at").first()
        lines = [(_("corrected"), moment(done.at))] if done else []
        return [Part(_("The correction"), lines), notification.prove(request)]


def _change_address(request: RightsRequest, change: dict[str, Any]) -> None:
    """The account has another e-mail address, and the answers go there; unless somebody else has it by now,
    which the answer then says.
    """
    subject_id, new = request.person.pk, change["new"]
    try:
        with transaction.atomic():
            change_address(subject_id=subject_id, address=new, actor=SYSTEM)
    except AddressTaken as refused:
        change["accepted"] = False
        request.result = Result.PARTLY
        request.save(update_fields=["result"])
        with translation.override(request.language):
            set_words_aside(request, f"{words_set_aside(request)}\n\n{refused.sentence}")
        return
    shown_by_code = request.identity == Identity.FRESH_CODE
    end_sessions(subject_id=subject_id, but_for_newest=shown_by_code, actor=SYSTEM)
    answer_at_new_address(subject_id=subject_id, old=change["old"], new=new)
    change["where"] = [OF_THE_ACCOUNT]


def _lines(changes: Sequence[dict[str, Any]]) -> Iterator[tuple[str, str, str]]:
    named = [one["application"] for one in changes if one["application"] != OF_THE_ACCOUNT]
    numbers = {
        str(number): reference
        for number, reference in Application.objects.filter(pk__in=named).values_list("pk", "reference")
    }
    for one in changes:
        yield label_text(one["label"]), numbers.get(one["application"], ""), decision_text(one)
