"""What of requests ends or speaks up by itself: reminders, packages that expire, words of ended requests."""

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from applications.actors import SYSTEM
from applications.crypto import keyring
from applications.endings import At, due
from applications.models import ContactRole, MailKind, MailStatus, OutboundMail, Restriction
from applications.retention_rules import Retention
from applications.selectors.contacts import contact
from applications.selectors.staff import officers_addresses
from applications.services.mail import compose
from applications.services.operations import DAILY_JOBS
from privacy.models import AccessPackage, Erasure, RequestFile, RequestWords, Right, RightsRequest
from privacy.request_clock import Reminder
from privacy.rights.notification import follow_what_stays
from privacy.services.moves import note
from privacy.states import ENDED, OPEN

CHUNK = 200
REMINDED = "reminded"


def remind() -> dict[str, int]:
    """Remind the officer of each open request at half time, three days and one day before its last day.

    Of what fell due together the most urgent reminder alone is sent; each is sent once.
    """
    today, counts = timezone.localdate(), {"reminders": 0}
    for request_id in RightsRequest.objects.filter(status__in=OPEN).values_list("pk", flat=True):
        with transaction.atomic():
            request = RightsRequest.objects.select_for_update().get(pk=request_id)
            if request.status not in OPEN:
                continue
            # the last day of one that stands still moves on with every day
            request.save(update_fields=request.set_clock(request.clock, today))
            known = set(request.events.filter(what=REMINDED).values_list("why", flat=True))
            due = [one for one in Reminder if one in request.clock.due_reminders(today) and one not in known]
            for reminder in due:
                note(request, REMINDED, SYSTEM, why=reminder)
            if due:
                _mail(request, due[-1])
                counts["reminders"] += 1
    return counts


def _mail(request: RightsRequest, reminder: Reminder) -> None:
    """To the officers themselves: from the privacy mailbox the software takes everything away."""
    for address in officers_addresses() or [contact(ContactRole.CONTROLLER).email]:
        compose(
            kind=MailKind.REQUEST_DUE,
            owner_id=request.pk,
            recipient=address,
            language="lv",
            context={
                "request": request,
                "reminder": reminder,
                "url": reverse("admin:privacy_rightsrequest_change", args=[request.pk]),
            },
        )


def expired_packages(at: At) -> QuerySet[AccessPackage]:
    return AccessPackage.objects.filter(expires_at__lt=at.begins)


def end_packages() -> dict[str, int]:
    """Delete packages that have expired."""
    deleted, _by_kind = due("packages").delete()
    return {"packages": deleted}


def answered_long_ago(at: At) -> QuerySet[RightsRequest]:
    """Ended requests whose words go.

    Of an erasure once its answer is out, or cannot be sent any more, and every table was searched; of the
    others after their period, which for a restriction begins when it is lifted: its person is told before.
    """
    to_be_searched = Q(certified_at__isnull=False) & (Q(searched_all_at__isnull=True) | ~Q(residue=[]))
    before = at.before(Retention.ANSWERS)
    waiting = OutboundMail.objects.filter(owner_id=OuterRef("pk"), status=MailStatus.QUEUED)
    ended = RightsRequest.objects.filter(status__in=sorted(ENDED), words__isnull=False)
    old = ended.filter(ended_at__lt=before)
    searched = ended.filter(right=Right.ERASURE, erasure__searched_all_at__isnull=False, erasure__residue=[])
    erased = searched.filter(~Exists(waiting))
    old = old.exclude(erasure__in=Erasure.objects.filter(to_be_searched))
    restricted = Restriction.objects.filter(subject=OuterRef("subject"), ground=OuterRef("about"))
    not_over = restricted.filter(Q(lifted_at__isnull=True) | Q(lifted_at__gte=before))
    old = old.exclude(Exists(not_over), right=Right.RESTRICTION)
    return (old | erased).distinct()


def forget_words() -> dict[str, int]:
    """Destroy the keys of ended requests, with their words and mails: the register of codes stays."""
    counts = {"requests": 0}
    while chunk := list(due("words").values_list("pk", flat=True)[:CHUNK]):
        keyring.forget_keys(chunk)
        with transaction.atomic():
            OutboundMail.objects.filter(owner_id__in=chunk).delete()
            AccessPackage.objects.filter(pk__in=chunk).delete()
            RequestFile.objects.filter(request__in=chunk).delete()
            RequestWords.objects.filter(pk__in=chunk).delete()
        counts["requests"] += len(chunk)
    return counts


DAILY_JOBS |= {
    "follow_what_stays": follow_what_stays,
    "remind_of_requests": remind,
    "end_packages": end_packages,
    "forget_words_of_requests": forget_words,
}
