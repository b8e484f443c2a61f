"""Messages that came to the privacy mailbox, as tests have them."""

from datetime import timedelta
from uuid import uuid4

from django.utils import timezone

from applications.actors import Actor
from applications.models import DataSubject
from privacy.models import MailboxMessage, Right, RightsRequest
from privacy.services import messages
from privacy.services.mailbox import take_in
from tests.privacy.imap_server import mail

OFFICER = Actor.staff(1)


def arrived(
    text: str = "Lūdzu, izdzēsiet manus datus.", *, days_ago: int = 0, **headers: str
) -> MailboxMessage:
    """A message that was taken over."""
    headers.setdefault("message_id", f"<{uuid4()}@piemers.lv>")
    known = set(MailboxMessage.objects.values_list("pk", flat=True))
    take_in(raw=mail(text, **headers), delivered_at=timezone.now() - timedelta(days=days_ago))
    return MailboxMessage.objects.exclude(pk__in=known).get()


def now(message: MailboxMessage) -> MailboxMessage:
    return MailboxMessage.objects.select_related("request").get(pk=message.pk)


def entered(
    message: MailboxMessage, subject: DataSubject | None = None, right: Right = Right.ERASURE
) -> RightsRequest:
    return messages.enter_as_request(
        message_id=message.pk, right=right, language="lv", contact="anna@piemers.lv", actor=OFFICER,
        subject_id=subject.pk if subject else None,
    )  # fmt: skip
