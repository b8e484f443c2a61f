"""Celery tasks of the lenders floor. Arguments are identifiers only."""

from uuid import UUID

from celery import shared_task

from lenders.engine import engine
from lenders.services import breaking, ingest, settling, supplementing
from lenders.services.fan_out import DISPATCH_TASK


@shared_task(name=DISPATCH_TASK)
def dispatch(application_id: str) -> None:
    """Woken when an application has something for lenders. Hands over to the loop and returns at once."""
    engine.wake(UUID(application_id))


def sweep_deliveries() -> None:
    """Start whatever is due, for a ring that was lost."""
    engine.wake()


def sweep_clocks() -> None:
    """Late windows that have closed, offers that have expired, consents that were withdrawn, pages that need
    not wait any more, questions of lenders that nobody has answered.
    """
    settling.call_off_withdrawn()
    ingest.close_overdue()
    ingest.expire_offers()
    breaking.let_pages_go()
    supplementing.ask_by_mail()
