"""What the lenders floor does when an application is sent."""

from collections.abc import Sequence
from typing import Any

from django.dispatch import receiver

from applications.actors import Actor
from applications.models import Application
from applications.signals import application_submitted
from lenders.services.fan_out import fan_out


@receiver(application_submitted)
def write_submissions(*, application: Application, recipients: Sequence[str], actor: Actor, **_: Any) -> None:
    fan_out(application=application, recipients=recipients, actor=actor)
