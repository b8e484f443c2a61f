"""Celery tasks of the ground floor. Arguments are identifiers only."""

import structlog
from celery import shared_task

from applications.crypto.keyring import data_key_scope
from applications.services import ledger, mail, operations, sealing

log = structlog.get_logger(__name__)


def deliver_due_mail() -> None:
    """Send every message that is due. One that breaks does not hold up the others."""
    while claimed := mail.claim_due():
        for mail_id in claimed:
            try:
                mail.deliver(mail_id)
            except Exception:
                log.exception("mail.broken", row=str(mail_id))


@shared_task(name=mail.TASK)
def deliver_mail() -> None:
    """Woken when a message was queued."""
    with data_key_scope():
        deliver_due_mail()


def seal_audit() -> None:
    """Chain the audit entries that came since the last sweep."""
    sealing.seal()


def write_ledger() -> None:
    """Take over what the ledger's file lacks. That it does not take it now is no end: the rows wait."""
    try:
        ledger.write()
    except ledger.LedgerUnwritable as error:
        log.error("ledger.not_written", code=str(error))


@shared_task
def run_daily_jobs() -> None:
    """Started by beat once a day; the sweep catches up when beat was down."""
    with data_key_scope():
        operations.run_due_daily_jobs()
