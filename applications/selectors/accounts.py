"""Finding challenges, sessions and data subjects."""

from datetime import datetime, timedelta

from django.utils import timezone

from applications.crypto.matching import confirmed
from applications.models import ConsumerSession, DataSubject, EmailChallenge
from applications.personal import Purpose
from applications.selectors.permission import require
from applications.tokens import token_hash


def live_challenge(browser_token: str, *, now: datetime) -> EmailChallenge | None:
    """The challenge of this browser, if its code can still be used."""
    return EmailChallenge.objects.filter(
        browser_hash=token_hash(browser_token), consumed_at__isnull=True, expires_at__gt=now
    ).first()


def subject_with_email(address: str, *, purpose: Purpose) -> DataSubject | None:
    """The living data subject with this verified address. A match of the index is confirmed by decryption.

    Raises a ProcessingRefused when the person's data may not be used for `purpose`.
    """
    living = DataSubject.objects.filter(erased_at__isnull=True)
    found = next(iter(confirmed(living, "email_index", address)), None)
    if found is not None:
        require(found.pk, purpose)
    return found


def live_session(token: str, *, idle: timedelta) -> ConsumerSession | None:
    """The session this cookie opens, with its subject; None when it has ended, expired or lain idle."""
    now = timezone.now()
    return (
        ConsumerSession.objects.select_related("subject")
        .filter(
            token_hash=token_hash(token),
            ended_at__isnull=True,
            expires_at__gt=now,
            last_seen_at__gt=now - idle,
            subject__erased_at__isnull=True,
        )
        .first()
    )
