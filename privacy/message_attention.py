"""What of the privacy mailbox waits for somebody: flags for the page of what needs attention."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from applications.formats import age_text, number_text
from applications.staff_site import Flag
from privacy.models import MailboxMessage
from privacy.request_clock import RequestClock
from privacy.request_texts import left_text, moment
from privacy.selectors.messages import mailbox, messages_waiting

FAILS_FOR = timedelta(hours=2)


def undecided_messages(now: datetime) -> Iterator[Flag]:
    """Messages about which nobody has decided: each may be a request whose month began with its delivery."""
    for one in messages_waiting():
        yield Flag(waits_text(one, now), reverse("admin:privacy_mailboxmessage_change", args=[one.pk]))


def waits_text(message: MailboxMessage, now: datetime) -> str:
    """Since when a message is here, and what is left of its time should it be a request."""
    today = timezone.localdate(now)
    clock = RequestClock(timezone.localdate(message.delivered_at))
    return f"{moment(message.delivered_at)}: {left_text(clock.days_left(today))}"


def reading_text() -> str:
    """When the mailbox was read last, and what became of everything that was in it since the beginning."""
    found = mailbox()
    if found is None:
        return ""
    facts = {
        "when": moment(found.read_at) or "–", "taken": number_text(found.taken_in),
        "copies": number_text(found.duplicates), "automatic": number_text(found.automatic),
    }  # fmt: skip
    return (
        _("Read last: %(when)s. Taken over: %(taken)s. Dropped: %(copies)s copies, %(automatic)s automatic.")
        % facts
    )


def mailbox_not_read(now: datetime) -> Iterator[Flag]:
    """A mailbox that nobody reads, or cannot: requests may lie in it."""
    here = reverse("admin:privacy_mailboxmessage_changelist")
    if settings.PRIVACY_MAILBOX is None:
        if settings.PRODUCTION:
            yield Flag(_("No mailbox is given to the software: PRIVACY_MAILBOX_URL is empty."), here)
        return
    found = mailbox()
    if found is None:
        return
    if found.failing_since is not None and now - found.failing_since > FAILS_FOR:
        facts = {"age": age_text(now - found.failing_since), "code": found.trouble}
        yield Flag(_("It could not be read for %(age)s (%(code)s).") % facts, here)
    if found.stuck:
        sentence = ngettext(
            "%(n)d message could not be taken over and is still on the server.",
            "%(n)d messages could not be taken over and are still on the server.",
            found.stuck,
        )
        yield Flag(sentence % {"n": found.stuck}, here)
