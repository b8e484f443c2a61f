"""Submissions that wait for somebody of staff, with the reason.

What failed waits while an answer would still count; what was set aside, a choice that could not be told, a
contract that a lender speaks of without being chosen, and other figures for an offer wait until somebody sees
to them; so does a request to delete that has no answer, or whose last day is over, a word of a right that no
interface tells, and a review that is overdue. Of an erased person nothing waits.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import (
    BooleanField,
    Count,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    F,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    TextChoices,
)
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from applications.collation import latvian_key
from applications.personal import Purpose
from applications.row_security import opened
from applications.selectors.permission import permitted
from applications.states import ApplicationStatus
from lenders.models import DeletionNotice, Delivery, Offer, Submission
from lenders.outcomes import in_words
from lenders.purposes import PURPOSES
from lenders.selectors.deletions import acknowledgement_text
from lenders.selectors.words import overdue_reviews, untold
from lenders.states import (
    Acknowledgement,
    DeliveryKind,
    DeliveryStatus,
    Restating,
    SigningClaim,
    SubmissionStatus,
)

NOT_DONE = (DeliveryStatus.FAILED, DeliveryStatus.QUARANTINED)
MOST = 100  # shown on the page
TOLD_WITHIN = timedelta(days=3)  # then staff tell of a right (Art. 19), though its interface is still tried
ANSWERED_WITHIN = timedelta(days=14)  # half of the month in which a person is answered (GDPR Art. 12(3))


class Waits(TextChoices):
    """What is the matter, the most urgent first."""

    SIGNED = "signed", _("Says that a contract is signed, though its offer is not the chosen one")
    CHOICE = "choice", _("The lender does not know that it was chosen")
    RESTATED = "restated", _("Sent other figures for an offer that was shown already")
    SET_ASIDE = "set_aside", _("Set aside: workers ended over it")
    UNKNOWN = "unknown", _("Nobody knows whether the lender received it")
    FAILED = "failed", _("No usable answer came from the lender")
    TO_DELETE = "to_delete", _("Somebody has to ask the lender to delete")
    NO_WORD = "no_word", _("Asked to delete, and has not answered")
    KEPT = "kept", _("Keeps data, and the last day that it named is over")
    TO_TELL = "to_tell", _("Somebody has to tell the lender of a right of the person")
    NOT_REVIEWED = "not_reviewed", _("Was asked to review its decision, and has not answered in time")

    @property
    def can_be_sent(self) -> bool:
        """Whether sending it again is of use: what may have arrived would arrive twice."""
        return self in SENT_AGAIN

    @property
    def has_a_button(self) -> bool:
        """Whether staff can do something about it from the list."""
        return self.can_be_sent or self.is_seen_to or self in SENT_IF_LACKING

    @property
    def is_seen_to(self) -> bool:
        """Whether it waits for no more than that somebody finds out what holds."""
        return self in SEEN_TO


SENT_AGAIN = {
    Waits.CHOICE: DeliveryKind.CHOICE,
    Waits.SET_ASIDE: DeliveryKind.APPLICATION,
    Waits.FAILED: DeliveryKind.APPLICATION,
    Waits.TO_DELETE: DeliveryKind.DELETION,
}
"""What is sent again of what waits."""
SENT_IF_LACKING = frozenset({Waits.UNKNOWN})
"""What is sent again only when the lender itself said that it lacks it."""
SEEN_TO = {Waits.SIGNED: "signed_not_chosen", Waits.RESTATED: "figures_changed"}
"""What staff take off the list themselves, and the code that says why it waits."""
OF_A_NOTICE = frozenset({Waits.TO_DELETE, Waits.NO_WORD, Waits.KEPT})
OF_WORDS = frozenset({Waits.TO_TELL, Waits.NOT_REVIEWED})


@dataclass(frozen=True)
class WaitingSubmission:
    """One line of the page. `stopped` says that a right of the person stands in the way of sending; `notice`
    is the request to delete that it is about.
    """

    submission: Submission
    waits: Waits
    since: datetime
    code: str
    tries: int
    stopped: bool
    notice: DeletionNotice | None = None

    @property
    def why(self) -> str:
        if self.notice is None:
            return in_words(self.code)
        if self.waits is Waits.TO_DELETE and not self.code:
            return gettext("Its interface takes no such request.")
        said = acknowledgement_text(self.notice) if self.notice.acknowledgement else ""
        return said or self.notice.get_reason_display()

    @property
    def of_words(self) -> bool:
        """Whether it is about words of the person's rights, which have a page of their own."""
        return self.waits in OF_WORDS

    @property
    def can_be_sent(self) -> bool:
        by_hand = self.waits is Waits.TO_DELETE and not self.code
        return self.waits.can_be_sent and not self.stopped and not by_hand

    @property
    def can_be_ticked(self) -> bool:
        if_lacking = self.waits in SENT_IF_LACKING and not self.stopped
        return self.can_be_sent or self.waits.is_seen_to or if_lacking


@dataclass(frozen=True)
class WaitingCount:
    """How many submissions at one lender wait for one reason, and since when the oldest does."""

    lender_name: str
    waits: Waits
    number: int
    since: datetime


def waiting_submissions(now: datetime) -> list[WaitingSubmission]:
    """The newest of each kind, the most urgent kind first, MOST of each at most."""
    found: list[WaitingSubmission] = []
    for waits in Waits:
        with opened(_purpose(waits)):
            found += _lines(waits, now)
    return found


def waiting_counts(now: datetime) -> list[WaitingCount]:
    """All of them, counted by reason and lender."""
    found = []
    for waits in Waits:
        by_lender = _rows(waits, now).order_by().values(name=F("lender__name"))
        with opened(_purpose(waits)):
            rows = list(by_lender.annotate(number=Count("pk"), since=Min("since")))
        lines = [WaitingCount(one["name"], waits, one["number"], one["since"]) for one in rows]
        found += sorted(lines, key=lambda line: latvian_key(line.lender_name))
    return found


def _kind(waits: Waits) -> DeliveryKind:
    return DeliveryKind.WORD if waits in OF_WORDS else SENT_AGAIN.get(waits, DeliveryKind.APPLICATION)


def _purpose(waits: Waits) -> Purpose:
    """What staff see to it for: of a right lenders are told although the person is restricted."""
    return PURPOSES[_kind(waits)]


def _deletions(living: QuerySet[Submission], waits: Waits, now: datetime) -> QuerySet[Any]:
    """Submissions whose request to delete somebody has to see to."""
    if waits is Waits.KEPT:
        over = living.filter(
            deletion__acknowledgement=Acknowledgement.RETAINED, deletion__until__lt=timezone.localdate(now)
        )
        return over.annotate(since=F("deletion__acknowledged_at"))
    asked = _deliveries(DeliveryKind.DELETION)
    rows = living.filter(deletion__acknowledgement=Acknowledgement.NONE).annotate(
        since=F("deletion__requested_at")
    )
    being_asked = Exists(asked.exclude(status__in=NOT_DONE))
    if waits is Waits.TO_DELETE:
        return rows.filter(~being_asked)
    return rows.filter(being_asked, deletion__requested_at__lt=now - ANSWERED_WITHIN)


def _words(living: QuerySet[Submission], waits: Waits, now: datetime) -> QuerySet[Any]:
    """Submissions of which a lender is to be told something by hand, or has not answered in time."""
    if waits is Waits.TO_TELL:
        long_ago = Q(asked_at__lt=now - TOLD_WITHIN)
        words, since = untold().filter(long_ago | Q(being_told=False)), "asked_at"
    else:
        words, since = overdue_reviews(timezone.localdate(now)), "due_on"
    of_it = words.filter(submission=OuterRef("pk")).order_by(since)
    moment = Cast(Subquery(of_it.values(since)[:1]), DateTimeField())
    return living.filter(Exists(of_it)).annotate(since=moment)


def _lines(waits: Waits, now: datetime) -> Iterator[WaitingSubmission]:
    kind = _kind(waits)
    may: Any = permitted(PURPOSES[kind], application="application")
    rows = _rows(waits, now).annotate(
        may=ExpressionWrapper(may, output_field=BooleanField()),
        tries=Subquery(_deliveries(kind).values("submission").annotate(n=Sum("fence")).values("n")),
        code=Subquery(_deliveries(kind).order_by("-created_at").values("error_code")[:1]),
    )
    for row in rows.select_related("application", "lender", "deletion").order_by("-since")[:MOST]:
        notice = row.deletion if waits in OF_A_NOTICE else None
        code = row.error_code
        if waits in (Waits.CHOICE, Waits.TO_DELETE):
            code = row.code or ""
        elif waits in OF_WORDS:
            code = "not_reviewed" if waits is Waits.NOT_REVIEWED else row.code or "told_by_hand"
        elif waits.is_seen_to:
            code = SEEN_TO[waits]
        elif notice is not None:
            code = notice.basis or notice.reason
        yield WaitingSubmission(
            row, waits, row.since, code, row.tries or 0, stopped=not row.may, notice=notice
        )


def _deliveries(kind: DeliveryKind) -> QuerySet[Delivery]:
    return Delivery.objects.filter(submission=OuterRef("pk"), kind=kind).order_by()


def _rows(waits: Waits, now: datetime) -> QuerySet[Any]:
    """Submissions that wait for one reason, with the moment `since` which they do."""
    living = Submission.objects.filter(subject__erased_at__isnull=True)
    if waits is Waits.SIGNED:
        # Since when is told by its messages; this orders them.
        return living.filter(signing_claim=SigningClaim.OPEN).annotate(since=F("created_at"))
    if waits is Waits.RESTATED:
        restated = Offer.objects.filter(restating=Restating.OPEN).values("submission")
        return living.filter(pk__in=restated).annotate(since=F("created_at"))
    if waits in OF_A_NOTICE:
        return _deletions(living, waits, now)
    if waits in OF_WORDS:
        return _words(living, waits, now)
    if waits is Waits.CHOICE:
        not_told = Delivery.objects.filter(kind=DeliveryKind.CHOICE, status__in=NOT_DONE)
        told = _deliveries(DeliveryKind.CHOICE).exclude(status__in=NOT_DONE)
        ended = _deliveries(DeliveryKind.CHOICE).order_by("-created_at").values("finished_at")[:1]
        rows = living.filter(
            ~Exists(told), status=SubmissionStatus.SELECTED, pk__in=not_told.values("submission")
        )
        return rows.annotate(since=Subquery(ended))
    open_ones = living.filter(application__status=ApplicationStatus.SUBMITTED).annotate(
        since=F("answered_at")
    )
    failed = open_ones.filter(status=SubmissionStatus.FAILED)
    if waits is Waits.SET_ASIDE:
        return failed.filter(error_code="quarantined")
    if waits is Waits.UNKNOWN:
        return open_ones.filter(status=SubmissionStatus.UNKNOWN, late_until__gt=now)
    return failed.exclude(error_code="quarantined").filter(late_until__gt=now)
