"""What the ground floor does on signals: the worker's life, a failed decryption."""

from typing import Any
from uuid import UUID

from celery.signals import worker_ready, worker_shutdown
from django.dispatch import receiver

from applications.actors import SYSTEM
from applications.crypto.signals import decryption_failed
from applications.services import audit
from applications.sweeper import sweeper


@worker_ready.connect
def start_sweeping(**_: Any) -> None:
    sweeper.start()


@worker_shutdown.connect
def stop_sweeping(**_: Any) -> None:
    sweeper.stop()


@receiver(decryption_failed)
def audit_failed_decryption(*, label: str, row_id: UUID, owner_id: UUID, **_: Any) -> None:
    """On a connection of its own: whoever asked is about to fail and roll back."""
    audit.record_aside(
        actor=SYSTEM,
        action="decryption.failed",
        subject_id=owner_id,
        label=label,
        row=None,
        row_id=str(row_id),
    )
