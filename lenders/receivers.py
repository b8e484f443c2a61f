"""What the lenders floor does when an application is sent, and when a person's data may be used again."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.dispatch import receiver

from applications.actors import Actor
from applications.models import Application
from applications.signals import application_submitted, processing_resumed
from lenders.services.fan_out import fan_out, put_clocks_on


@receiver(application_submitted)
def write_submissions(
    *, application: Application, recipients: Mapping[str, Sequence[str]], actor: Actor, **_: Any
) -> None:
    fan_out(application=application, recipients=recipients, actor=actor)


@receiver(processing_resumed)
def resume_deliveries(*, subject_id: UUID, paused: timedelta, **_: Any) -> None:
    put_clocks_on(subject_id=subject_id, paused=paused)
