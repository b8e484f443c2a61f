"""Objection (GDPR Art. 21): the use for a purpose stops at once; then it is weighed, but for direct
marketing, which always stops (21(2), (3)).
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar

from django.utils.translation import gettext as _

from applications.actors import SYSTEM
from applications.data_policy import POLICIES, is_objectable
from applications.models import Objection
from applications.personal import Category, Purpose
from applications.services.processing import object_to
from privacy.models import LetterKind, Result, RightsRequest
from privacy.request_texts import moment
from privacy.rights.base import Done, Part, Wait
from privacy.services.letters import send_letter


class ObjectionToAPurpose:
    STEPS: ClassVar[Sequence[str]] = ("stop", "weigh", "answer_objection")

    def preview(self, request: RightsRequest) -> Sequence[Part]:
        """Which use stops, and of which categories."""
        if request.about not in Purpose.values:
            return []
        purpose = Purpose(request.about)
        lines = [
            (str(one.label), str(POLICIES[one].holds)) for one in Category if is_objectable(purpose, [one])
        ]
        note = (
            _("Direct marketing stops for good: there is nothing to weigh (Art. 21(3)).")
            if is_marketing(request)
            else _("It stops at once. Whether compelling grounds override the objection is weighed after.")
        )
        return [
            Part(_("What stops: %(purpose)s") % {"purpose": purpose.label}, lines, (_("category"), ""), note)
        ]

    def execute(self, request: RightsRequest) -> Done | Wait:
        done: Done | Wait = getattr(self, request.step)(request)
        return done

    def stop(self, request: RightsRequest) -> Done:
        object_to(subject_id=request.person.pk, purpose=Purpose(request.about), actor=SYSTEM)
        return Done()

    def weigh(self, request: RightsRequest) -> Done | Wait:
        """The officer decides whether there are compelling grounds (services.deciding.weigh)."""
        if is_marketing(request) or request.result:
            return Done()
        return Wait("weighing", timedelta(minutes=10))

    def answer_objection(self, request: RightsRequest) -> Done:
        """Where it was overruled the answer went out with the decision, and its reasons."""
        if request.result != Result.OVERRULED:
            send_letter(request=request, kind=LetterKind.OBJECTION_STANDS, actor=SYSTEM)
        return Done()

    def prove(self, request: RightsRequest) -> Sequence[Part]:
        """Since when the use has stopped, and whether it goes on."""
        if request.about not in Purpose.values:
            return []
        rows = Objection.objects.filter(
            subject=request.subject, purpose=request.about, made_at__gte=request.received_at
        ).order_by("made_at")
        lines = []
        for row in rows:
            for name, at in (
                (_("stopped"), row.made_at),
                (_("goes on, by compelling grounds"), row.overruled_at),
                (_("taken back by the person"), row.withdrawn_at),
            ):
                if at is not None:
                    lines.append((name, moment(at)))
        if request.result:
            lines.append((_("decision"), request.get_result_display()))
        return [Part(str(Purpose(request.about).label), lines)]


def is_marketing(request: RightsRequest) -> bool:
    """Whether it is direct marketing that is objected to."""
    return request.about == Purpose.INFORM_PUBLIC
