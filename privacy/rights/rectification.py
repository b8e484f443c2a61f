"""Rectification (GDPR Art. 16): what is wrong is corrected wherever it stands, what is incomplete is
completed by a statement, and whoever had received it is told (Art. 19).
"""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar
from uuid import UUID

from django.utils.translation import gettext as _

from applications.actors import SYSTEM
from applications.form_fields import label_text
from applications.models import Application
from applications.recipients import Change, News, NewsKind
from applications.services.rectifying import Correction, correct
from privacy.changes import accepted, as_stored, decision_text, typed
from privacy.models import LetterKind, Result, RightsRequest
from privacy.request_texts import moment
from privacy.rights import notification
from privacy.rights.base import Done, Part, Wait
from privacy.services.letters import send_letter, words_set_aside


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
        changes = [one for one in words.changes or [] if accepted(one)]
        corrections = [
            Correction(UUID(one["application"]), one["label"], typed(one, "old"), typed(one, "new"))
            for one in changes
        ]
        found = correct(subject_id=request.person.pk, corrections=corrections, actor=SYSTEM)
        for one, where in zip(changes, found.where, strict=True):
            one["where"] = sorted(map(str, where))
        for one in found.gone:
            gone = as_stored(application_id=one.application_id, label=one.label, old=one.old, new=None)
            changes.append(gone | {"accepted": True, "where": [str(one.application_id)]})
        words.changes = [one for one in words.changes or [] if not accepted(one)] + changes
        words.save(update_fields=["changes"])
        return Done()

    def tell_corrected(self, request: RightsRequest) -> Done:
        changes = tuple(
            Change(one["label"], typed(one, "new"), UUID(application))
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


def _lines(changes: Sequence[dict[str, Any]]) -> Iterator[tuple[str, str, str]]:
    numbers = dict(
        Application.objects.filter(pk__in=[one["application"] for one in changes]).values_list(
            "pk", "reference"
        )
    )
    for one in changes:
        yield label_text(one["label"]), numbers.get(UUID(one["application"]), ""), decision_text(one)
