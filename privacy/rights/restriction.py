"""Restriction (GDPR Art. 18): the data are only stored from now on, and recipients are told (Art. 19).

Whoever proves who they are is restricted at once: it harms nobody, and a wait would undo what it is for. It
is lifted by the person at any time; by us when its ground is gone, after the person was told (Art. 18(3)).
"""

from collections.abc import Sequence
from typing import ClassVar

from django.utils import timezone
from django.utils.translation import gettext as _

from applications.actors import SYSTEM
from applications.data_policy import WHILE_RESTRICTED
from applications.formats import date_text
from applications.models import Restriction, RestrictionGround
from applications.personal import Purpose
from applications.recipients import News, NewsKind
from applications.services.processing import restrict
from privacy.models import LetterKind, RightsRequest
from privacy.request_texts import moment
from privacy.rights import notification
from privacy.rights.base import Done, Part, Wait
from privacy.services.letters import send_letter


class RestrictionOfProcessing:
    STEPS: ClassVar[Sequence[str]] = (
        "restrict", "tell_restricted", "wait_for_recipients", "answer_restriction",
    )  # fmt: skip

    def preview(self, request: RightsRequest) -> Sequence[Part]:
        """What stops, what is still done, and who is told."""
        if request.subject is None:
            return []
        stops = [(str(one.label),) for one in Purpose if one not in WHILE_RESTRICTED]
        goes_on = [(str(one.label),) for one in Purpose if one in WHILE_RESTRICTED]
        return [
            Part(_("What stops"), stops, note=_("The data stay where they are; retention deletes nothing.")),
            Part(_("What is still done (Art. 18(2))"), goes_on, note=_("Each such use is written down.")),
            notification.preview(request.subject.pk),
        ]

    def execute(self, request: RightsRequest) -> Done | Wait:
        done: Done | Wait = getattr(self, request.step)(request)
        return done

    def restrict(self, request: RightsRequest) -> Done:
        restrict(subject_id=request.person.pk, ground=RestrictionGround(request.about), actor=SYSTEM)
        return Done()

    def tell_restricted(self, request: RightsRequest) -> Done:
        notification.tell(request, News(NewsKind.RESTRICTED, request.pk))
        return Done()

    def wait_for_recipients(self, request: RightsRequest) -> Done | Wait:
        return notification.wait_for(request, since=notification.told_since(request)) or Done()

    def answer_restriction(self, request: RightsRequest) -> Done:
        send_letter(request=request, kind=LetterKind.RESTRICTED, actor=SYSTEM)
        return Done()

    def prove(self, request: RightsRequest) -> Sequence[Part]:
        """Since when, until when, and who was told."""
        lines = []
        for row in restrictions_of(request):
            lines.append((_("restricted"), moment(row.since)))
            if row.ends_on is not None:
                lines.append((_("the person was told that it ends on"), date_text(row.ends_on)))
            if row.lifted_at is not None:
                lines.append((_("lifted"), moment(row.lifted_at)))
        return [Part(_("The restriction"), lines), notification.prove(request)]


def restrictions_of(request: RightsRequest) -> list[Restriction]:
    """The restrictions that a request led to, the oldest first."""
    rows = Restriction.objects.filter(subject=request.subject, ground=request.about)
    before = request.ended_at or timezone.now()
    return list(rows.exclude(lifted_at__lt=request.received_at).filter(since__lte=before).order_by("since"))
