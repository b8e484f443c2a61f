"""Outgoing mail. Composing writes an encrypted row; a worker claims it, sends it and notes the outcome."""

import secrets
import smtplib
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import F
from django.template.loader import render_to_string
from django.utils import timezone, translation

from applications.crypto.errors import CURABLE, CryptoError
from applications.doorbell import ring_on_commit
from applications.errors import ProcessingRefused, SubjectErased
from applications.models import TO_WHOEVER_ASKED, ContactRole, MailKind, MailStatus, OutboundMail
from applications.selectors.contacts import contact
from applications.selectors.outbox import WRITE, WRITTEN, sendable
from applications.selectors.permission import refusal

log = structlog.get_logger(__name__)

TASK = "applications.tasks.deliver_mail"
LEASE = timedelta(minutes=2)
MAXIMUM_ATTEMPTS = 80  # with waits of up to an hour: a mail server that is away for a day loses nothing


def compose(
    *,
    kind: MailKind,
    owner_id: UUID,
    recipient: str,
    language: str,
    context: dict[str, Any],
    useless_after: datetime | None = None,
) -> OutboundMail:
    """Queue one message, rendered from ``applications/mail/<kind>.txt``: the first line is its subject."""
    with translation.override(language):
        text = render_to_string(
            f"applications/mail/{kind}.txt", context | {"public_url": settings.PUBLIC_URL}
        )
    title, _, body = text.strip().partition("\n")
    mail = OutboundMail(
        owner_id=owner_id, kind=kind, due_at=timezone.now(), useless_after=useless_after,
        recipient=recipient, title=title.strip(), body=body.strip() + "\n",
    )  # fmt: skip
    mail.save(force_insert=True)
    ring_on_commit(TASK)
    return mail


def why_not_written_to(subject_id: UUID) -> SubjectErased | ProcessingRefused | None:
    """Why a person is not written to now, or None."""
    return refusal(subject_id, WRITE, categories=WRITTEN)


def claim_due(*, limit: int = 1) -> list[UUID]:
    """Claim messages that are due; each is this worker's for two minutes.

    What a right of the person stops is not claimed: it stays due until the right is lifted.
    """
    now = timezone.now()
    with transaction.atomic():
        due = list(
            sendable(now)
            .select_for_update(skip_locked=True)
            .order_by("due_at")
            .values_list("pk", flat=True)[:limit]
        )
        OutboundMail.objects.filter(pk__in=due).update(attempts=F("attempts") + 1, due_at=now + LEASE)
    return due


def deliver(mail_id: UUID) -> None:
    """Send one claimed message. A failure leaves it queued for later; its cause is kept as a code."""
    mail = OutboundMail.objects.get(pk=mail_id)
    if mail.status != MailStatus.QUEUED:
        return
    if mail.useless_after is not None and mail.useless_after < timezone.now():
        _finish(mail, MailStatus.FAILED, error_code="expired")
        return
    if mail.attempts > MAXIMUM_ATTEMPTS:  # each time the worker ended before it could say what happened
        _finish(mail, MailStatus.FAILED, error_code="attempts")
        return
    if mail.kind not in TO_WHOEVER_ASKED:
        refused = why_not_written_to(mail.owner_id)
        if isinstance(refused, ProcessingRefused):  # since the claim; an erased person's mail does not open
            _postpone(mail, code=refused.code)
            return
    try:
        _message(mail).send()
    except CryptoError as error:
        if error.code in CURABLE:
            _postpone(mail, code=error.code)
        else:  # erased, or the code was used already: nobody is to get this any more
            _finish(mail, MailStatus.FAILED, error_code=error.code)
    except (OSError, smtplib.SMTPException) as error:
        _postpone(mail, code=type(error).__name__)
    else:
        _finish(mail, MailStatus.SENT)


def _message(mail: OutboundMail) -> EmailMessage:
    """The message as it leaves. Its identifier is that of the row, so that an answer leads back to it; a
    letter about a request is answered to the address for such requests.
    """
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    to_us = [contact(ContactRole.CONTROLLER).email] if mail.kind == MailKind.RIGHTS_LETTER else None
    return EmailMessage(
        subject=mail.title or "", body=mail.body or "", to=[mail.recipient or ""], reply_to=to_us,
        headers={"Message-ID": f"<{mail.pk}@{domain}>"},
    )  # fmt: skip


def _finish(mail: OutboundMail, status: MailStatus, *, error_code: str = "") -> None:
    sent_at = timezone.now() if status == MailStatus.SENT else None
    changes: dict[str, Any] = {"status": status, "sent_at": sent_at, "error_code": error_code}
    if mail.kind == MailKind.SIGN_IN_CODE:
        # A code that was sent or has expired is of no use to anybody any more.
        changes |= {"body": None, "recipient": None, "title": None}
    OutboundMail.objects.filter(pk=mail.pk, status=MailStatus.QUEUED).update(**changes)
    log.info("mail.finished", kind=mail.kind, status=status, code=error_code)


def _postpone(mail: OutboundMail, *, code: str) -> None:
    if mail.attempts >= MAXIMUM_ATTEMPTS:
        _finish(mail, MailStatus.FAILED, error_code=code)
        return
    wait = timedelta(seconds=secrets.randbelow(min(3600, 5 * 2**mail.attempts)) + 1)
    OutboundMail.objects.filter(pk=mail.pk, status=MailStatus.QUEUED).update(
        due_at=timezone.now() + wait, error_code=code
    )
    log.warning("mail.postponed", kind=mail.kind, code=code, seconds=int(wait.total_seconds()))
