"""What the offers page shows: where each lender stands, and the offers in the order the consumer wants."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext

from applications.collation import latvian_key
from applications.form_fields import KNOWN_LABELS, label_text
from applications.models import Application
from applications.personal import Purpose
from applications.selectors.permission import permitted, refusal, require
from applications.states import ApplicationStatus
from lenders.adapters.base import Instalment
from lenders.models import Offer, Submission
from lenders.models.submission import AWAITED
from lenders.ordering import Order, in_order
from lenders.reasons import sentence_of
from lenders.selectors.deletions import came_of_the_request
from lenders.selectors.more_page import UNANSWERED, asked_for, can_be_answered
from lenders.selectors.reviews import reviewable_at
from lenders.states import (
    APPLICATION_LISTENS,
    WAITING,
    Asking,
    DeliveryKind,
    DeliveryStatus,
    OfferStatus,
    SubmissionStatus,
)

NOTICEABLE = Decimal("0.1")  # percentage points, as the terms of use say
SHOWN_OFFERS = (OfferStatus.OPEN, OfferStatus.SELECTED)


@dataclass(frozen=True)
class OfferView:
    """An offer as a consumer reads it. Money in euro cents, rates in percent a year.

    restated  the lender has sent other figures since; these are the first
    """

    id: UUID
    lender_name: str
    status: OfferStatus
    amount_cents: int
    term_months: int
    instalment_cents: int
    borrowing_rate: Decimal
    apr: Decimal
    stated_apr: Decimal
    apr_differs: bool
    total_payable_cents: int
    upfront_fees_cents: int
    valid_until: datetime
    price_personalised: bool
    can_be_chosen: bool
    held: bool
    restated: bool
    schedule: tuple[Instalment, ...]


@dataclass(frozen=True)
class LenderView:
    """One lender's state on the page.

    waiting   an answer, or more offers, are awaited now
    late      they may still come, though the page waits no longer
    adds      what is awaited, or may still come, are further offers
    asks      it waits for something that the person can give on a page of its own
    refused   the person does not want to give it, and can still change their mind
    deletion  that it was asked to delete, and what it answered
    reviewable  a human being there can be asked to review what it decided
    """

    id: UUID
    name: str
    state: str
    state_text: str
    reason_text: str
    waiting: bool
    late: bool
    adds: bool
    asks: bool
    refused: bool
    deletion: tuple[str, ...]
    reviewable: bool


@dataclass(frozen=True)
class OffersPage:
    application: Application
    lenders: list[LenderView]
    offers: list[OfferView]
    order: Order
    waiting: bool
    chosen: OfferView | None
    choice_told: bool
    choice_failed: bool
    stopped: str

    @property
    def signed(self) -> bool:
        """Whether the contract with the chosen lender is signed."""
        return self.chosen is not None and self.application.status == ApplicationStatus.CONTRACTED

    @property
    def declined_late(self) -> str:
        """The name of a lender that declined after it was chosen, while no other choice stands."""
        if self.chosen is not None:
            return ""
        return next((one.name for one in self.lenders if one.state == SubmissionStatus.DECLINED_LATE), "")

    @property
    def can_choose(self) -> bool:
        return any(offer.can_be_chosen for offer in self.offers)

    @property
    def deletions(self) -> bool:
        """Whether a lender was asked to delete."""
        return any(one.deletion for one in self.lenders)

    @property
    def late(self) -> bool:
        """Whether a lender that the page no longer waits for may still answer."""
        return any(lender.late for lender in self.lenders)

    @property
    def asking(self) -> list[LenderView]:
        """The lenders that wait for something from the person."""
        return [lender for lender in self.lenders if lender.asks]

    @property
    def more_from(self) -> str:
        """Who has made offers and may make more: their names, if all others have answered; else nothing."""
        open_ones = [lender for lender in self.lenders if lender.waiting or lender.late]
        return ", ".join(lender.name for lender in open_ones) if all(one.adds for one in open_ones) else ""

    @property
    def unsettled(self) -> bool:
        """Whether the page will soon say something else: an answer is awaited, or a choice is being told."""
        told = self.choice_told or self.choice_failed or self.signed
        being_told = self.chosen is not None and not (told or self.stopped)
        return self.waiting or being_told

    @property
    def version(self) -> int:
        return self.application.version


def apr_differs(offer: Offer) -> bool:
    """Whether the lender's APR is not ours, to one decimal: the accuracy Annex III asks for."""
    return bool(abs(offer.stated_apr - offer.apr) >= NOTICEABLE)


def offer_view(offer: Offer, application: Application, *, stopped: bool) -> OfferView:
    """One offer, decrypted for its consumer. While passing on is `stopped` none can be chosen or held."""
    still_open = _still_open(offer)
    return OfferView(
        id=offer.pk,
        lender_name=offer.submission.lender.name,
        status=OfferStatus(offer.status),
        amount_cents=offer.amount_cents,
        term_months=offer.term_months,
        instalment_cents=offer.instalment_cents,
        borrowing_rate=offer.borrowing_rate,
        apr=offer.apr,
        stated_apr=offer.stated_apr,
        apr_differs=apr_differs(offer),
        total_payable_cents=offer.total_payable_cents,
        upfront_fees_cents=offer.upfront_fees_cents,
        valid_until=offer.valid_until,
        price_personalised=offer.price_personalised,
        can_be_chosen=_can_be_chosen(offer, application, stopped=stopped),
        held=still_open and application.status == ApplicationStatus.CHOSEN and not stopped,
        restated=bool(offer.restating),
        schedule=tuple(Instalment(month, cents) for month, cents in offer.schedule),
    )


def _still_open(offer: Offer) -> bool:
    return offer.status == OfferStatus.OPEN and offer.valid_until > timezone.now()


def _can_be_chosen(offer: Offer, application: Application, *, stopped: bool) -> bool:
    return (
        _still_open(offer)
        and application.status == ApplicationStatus.SUBMITTED
        and offer.submission.lender.fit_to_receive
        and not stopped
    )


def number_to_choose_from(application_id: UUID) -> int:
    """How many offers of an application can be chosen now; no decryption."""
    application = Application.objects.get(pk=application_id)
    stopped = bool(_why_stopped(application))
    offers = Offer.objects.filter(submission__application=application_id, status=OfferStatus.OPEN)
    found = offers.select_related("submission__lender__recipient")
    return sum(_can_be_chosen(offer, application, stopped=stopped) for offer in found)


def waiting_submissions(application: Application) -> int:
    """How many lenders the page still waits for; one query, no decryption."""
    return Submission.objects.filter(
        AWAITED, application=application, page_wait_until__gt=timezone.now()
    ).count()


def offers_page(application: Application, order: Order, *, purpose: Purpose) -> OffersPage:
    """Everything the offers page shows about one application. Raises SubjectErased or a ProcessingRefused."""
    require(application.subject_id, purpose)
    submissions = list(
        Submission.objects.filter(application=application)
        .select_related("lender__recipient", "application", "deletion")
        .prefetch_related("offers", "deliveries")
    )
    submissions.sort(key=lambda submission: latvian_key(submission.lender.name))
    stopped = _why_stopped(application)
    offers = []
    for submission in submissions:
        for offer in submission.offers.all():
            if offer.status in SHOWN_OFFERS:
                offer.submission = submission
                offers.append(offer_view(offer, application, stopped=bool(stopped)))
    reviewable = reviewable_at(application.pk)
    lenders = [
        _lender_view(one, application, stopped=bool(stopped), reviewable=one.pk in reviewable)
        for one in submissions
    ]
    chosen = next((offer for offer in offers if offer.status == OfferStatus.SELECTED), None)
    choices = [
        delivery
        for submission in submissions
        for delivery in submission.deliveries.all()
        if delivery.kind == DeliveryKind.CHOICE and submission.status == SubmissionStatus.SELECTED
    ]
    return OffersPage(
        application=application,
        lenders=lenders,
        offers=in_order(offers, order),
        order=order,
        waiting=any(lender.waiting for lender in lenders),
        chosen=chosen,
        stopped=stopped,
        choice_told=any(delivery.status == DeliveryStatus.DONE for delivery in choices),
        choice_failed=bool(choices)
        and all(
            delivery.status in (DeliveryStatus.FAILED, DeliveryStatus.QUARANTINED) for delivery in choices
        ),
    )


def _why_stopped(application: Application) -> str:
    """Why nothing is passed on to lenders for this application now, as a sentence; empty when it is."""
    refused = refusal(application.subject_id, Purpose.PASS_TO_LENDERS, application_id=application.pk)
    return str(refused.sentence) if refused else ""


def _lender_view(
    submission: Submission, application: Application, *, stopped: bool, reviewable: bool
) -> LenderView:
    """The state in words. Past the page's wait a silent lender is late, not lost: its answer still counts.

    Who waits for the person is not waited for.
    """
    now = timezone.now()
    state, deletion = SubmissionStatus(submission.status), tuple(came_of_the_request(submission))
    if state == SubmissionStatus.QUEUED and application.status == ApplicationStatus.CHOSEN:
        state = SubmissionStatus.NOT_SELECTED  # while the choice stands nothing more is sent to this lender
    open_to_more = not stopped and can_be_answered(submission)
    adds = state == SubmissionStatus.OFFERED and submission.awaited
    unanswered = state in WAITING and not open_to_more
    waiting = (unanswered or adds) and submission.page_wait_until > now
    may_answer = unanswered or adds or state in (SubmissionStatus.NO_RESPONSE, SubmissionStatus.UNKNOWN)
    counts = application.status in APPLICATION_LISTENS and submission.late_until > now and not deletion
    late = may_answer and not waiting and counts
    return LenderView(
        id=submission.pk,
        name=submission.lender.name,
        state=state,
        state_text=str(state.label),
        reason_text=_reason_text(submission),
        waiting=waiting,
        late=late,
        adds=adds and (waiting or late),
        asks=open_to_more and submission.asking in UNANSWERED,
        refused=open_to_more and submission.asking == Asking.REFUSED,
        deletion=deletion,
        reviewable=reviewable,
    )


def _reason_text(submission: Submission) -> str:
    """Why the lender declined, what it asks for, or that it asked in vain."""
    if submission.status == SubmissionStatus.ACTION_REQUIRED:
        asked = [label_text(label) for label in submission.needs if label in KNOWN_LABELS]
        sentences = [gettext("It asks about: %(fields)s.") % {"fields": ", ".join(asked)}] if asked else []
        if not asked_for(submission):
            sentences.append(gettext("It cannot be given here: the lender will contact you itself."))
        return " ".join(sentences)
    if submission.status == SubmissionStatus.NO_RESPONSE and submission.asking != Asking.NOTHING:
        return gettext("It had asked for more, and did not get it.")
    return sentence_of(submission.decline_reason)


def applications_with_offers(subject_id: UUID, *, purpose: Purpose) -> list[Application]:
    """A person's applications with offers to choose from, each with their number as `open_offers`; none of
    which nothing may be passed on now.

    Raises SubjectErased or a ProcessingRefused.
    """
    require(subject_id, purpose)
    open_offers = Q(
        submissions__offers__status=OfferStatus.OPEN, submissions__offers__valid_until__gt=timezone.now()
    )
    return list(
        Application.objects.filter(
            permitted(Purpose.PASS_TO_LENDERS, application="pk"),
            subject_id=subject_id,
            status=ApplicationStatus.SUBMITTED,
        )
        .annotate(open_offers=Count("submissions__offers", filter=open_offers))
        .filter(open_offers__gt=0)
        .order_by("-submitted_at")
    )


def own_offer(*, subject_id: UUID, application_id: UUID, offer_id: UUID, purpose: Purpose) -> Offer | None:
    """An offer on this consumer's own application. Raises SubjectErased or a ProcessingRefused."""
    require(subject_id, purpose)
    return (
        Offer.objects.select_related("submission__lender__recipient", "submission__application")
        .filter(pk=offer_id, subject_id=subject_id, submission__application_id=application_id)
        .first()
    )
