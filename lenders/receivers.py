"""What the lenders floor does when an application is sent, when a person takes that back, and when their data
may be used again.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.dispatch import receiver

from applications.actors import Actor
from applications.models import Application
from applications.personal import Purpose
from applications.signals import application_submitted, consent_withdrawn, processing_resumed
from lenders.services.deletions import ask_all_to_delete
from lenders.services.fan_out import fan_out, put_clocks_on
from lenders.states import DeletionReason


@receiver(application_submitted)
def write_submissions(
    *, application: Application, recipients: Mapping[str, Sequence[str]], actor: Actor, **_: Any
) -> None:
    fan_out(application=application, recipients=recipients, actor=actor)


@receiver(consent_withdrawn)
def ask_lenders_to_delete(*, application_id: UUID | None, purpose: Purpose, actor: Actor, **_: Any) -> None:
    """What waits to be sent is called off by a sweep (`settling.call_off_withdrawn`)."""
    if application_id is not None and purpose == Purpose.PASS_TO_LENDERS:
        ask_all_to_delete(application_id=application_id, reason=DeletionReason.CONSENT_WITHDRAWN, actor=actor)


@receiver(processing_resumed)
def resume_deliveries(*, subject_id: UUID, paused: timedelta, **_: Any) -> None:
    put_clocks_on(subject_id=subject_id, paused=paused)
