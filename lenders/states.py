"""The lives of a submission, an offer and a delivery: pure tables of transitions."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from applications.states import ApplicationStatus


class SubmissionStatus(TextChoices):
    """Where one lender stands with one application."""

    QUEUED = "queued", _("Being sent")
    PENDING = "pending", _("The lender is considering")
    ACTION_REQUIRED = "action_required", _("The lender needs more information")
    OFFERED = "offered", _("Offer received")
    DECLINED = "declined", _("The lender declined")
    NO_RESPONSE = "no_response", _("The lender did not answer in time")
    FAILED = "failed", _("No usable answer came from the lender")
    UNKNOWN = "unknown", _("It is not known whether the lender received it")
    SELECTED = "selected", _("Offer chosen")
    NOT_SELECTED = "not_selected", _("Another offer was chosen")
    WITHDRAWN = "withdrawn", _("The lender withdrew its offer")
    EXPIRED = "expired", _("The offer has expired")
    CONTRACT_SIGNED = "contract_signed", _("Contract signed")
    DECLINED_LATE = "lender_declined_late", _("The lender declined after it was chosen")
    CALLED_OFF = "called_off", _("Not sent: you withdrew your request")


class Asking(TextChoices):
    """Whether the person has answered the lender that needs more; counts while it does."""

    NOTHING = "nothing", _("Nothing is asked")
    OPEN = "open", _("Asked on the page")
    MAILED = "mailed", _("Asked on the page and by mail")
    REFUSED = "refused", _("The person does not want to give it")


S = SubmissionStatus

WAITING = frozenset({S.QUEUED, S.PENDING, S.ACTION_REQUIRED})
"""No answer yet that ends the waiting."""

# A late answer still counts after no_response, failed and unknown: the lender may have had it all along.
OPEN_TO_ANSWERS = WAITING | {S.NO_RESPONSE, S.FAILED, S.UNKNOWN}

RETRYABLE = frozenset({S.FAILED, S.NO_RESPONSE})
"""What staff can send again."""
APPLICATION_LISTENS = (ApplicationStatus.SUBMITTED, ApplicationStatus.CHOSEN)
"""Where an application must stand for an answer to count."""

SUBMISSION_TRANSITIONS: dict[SubmissionStatus, frozenset[SubmissionStatus]] = {
    S.QUEUED: frozenset(
        {
            S.PENDING,
            S.ACTION_REQUIRED,
            S.OFFERED,
            S.DECLINED,
            S.NO_RESPONSE,
            S.FAILED,
            S.UNKNOWN,
            S.NOT_SELECTED,
            S.WITHDRAWN,
            S.EXPIRED,
            S.CALLED_OFF,
        }
    ),
    # An answer that cannot be used is a failure wherever an answer still counts; what is offered stays so.
    S.PENDING: frozenset(
        {
            S.ACTION_REQUIRED,
            S.OFFERED,
            S.DECLINED,
            S.NO_RESPONSE,
            S.FAILED,
            S.UNKNOWN,
            S.WITHDRAWN,
            S.EXPIRED,
            S.NOT_SELECTED,
        }
    ),
    S.ACTION_REQUIRED: frozenset(
        {
            S.PENDING,
            S.OFFERED,
            S.DECLINED,
            S.NO_RESPONSE,
            S.FAILED,
            S.WITHDRAWN,
            S.EXPIRED,
            S.NOT_SELECTED,
        }
    ),
    S.NO_RESPONSE: frozenset(
        {S.QUEUED, S.PENDING, S.ACTION_REQUIRED, S.OFFERED, S.DECLINED, S.FAILED, S.WITHDRAWN, S.EXPIRED}
    ),
    S.FAILED: frozenset(
        {S.QUEUED, S.PENDING, S.ACTION_REQUIRED, S.OFFERED, S.DECLINED, S.WITHDRAWN, S.EXPIRED}
    ),
    S.UNKNOWN: frozenset(
        {S.QUEUED, S.PENDING, S.ACTION_REQUIRED, S.OFFERED, S.DECLINED, S.FAILED, S.WITHDRAWN, S.EXPIRED}
    ),
    # Pending again: what it offered has expired, and it said that more may come.
    S.OFFERED: frozenset({S.PENDING, S.SELECTED, S.NOT_SELECTED, S.DECLINED, S.WITHDRAWN, S.EXPIRED}),
    S.SELECTED: frozenset({S.CONTRACT_SIGNED, S.DECLINED_LATE, S.WITHDRAWN}),
    S.NOT_SELECTED: frozenset(),
    # Pending again: a human being reviewed the decision at the lender and changed it.
    S.DECLINED: frozenset({S.PENDING}),
    S.WITHDRAWN: frozenset(),
    S.EXPIRED: frozenset({S.PENDING}),  # the same
    S.CONTRACT_SIGNED: frozenset(),
    S.DECLINED_LATE: frozenset({S.PENDING}),  # the same
    S.CALLED_OFF: frozenset(),
}


REOPENED_BY_REVIEW = (S.DECLINED, S.DECLINED_LATE, S.EXPIRED)
"""Ends after which a lender may make another offer, once a review there changed its decision."""


def submission_sources(to: SubmissionStatus) -> list[SubmissionStatus]:
    """The states from which a submission may become `to`."""
    return [status for status, targets in SUBMISSION_TRANSITIONS.items() if to in targets]


class OfferStatus(TextChoices):
    OPEN = "open", _("Open")
    SELECTED = "selected", _("Chosen")
    NOT_SELECTED = "not_selected", _("Not chosen")
    WITHDRAWN = "withdrawn", _("Withdrawn by the lender")
    EXPIRED = "expired", _("Expired")


class PauseReason(TextChoices):
    """Why staff paused a lender."""

    ITS_REQUEST = "its_request", _("The lender asked for it")
    MAINTENANCE = "maintenance", _("Maintenance at the lender")
    FAULTS = "faults", _("Its answers do not come, or are wrong")
    SECURITY = "security", _("A security incident, or the suspicion of one")
    PAPERS = "papers", _("Its agreement or licence is being looked into")


class SigningClaim(TextChoices):
    """What a lender says of a contract although its offer is not the chosen one."""

    NONE = "", _("Nothing")
    OPEN = "open", _("Says that a contract was signed")
    SEEN = "seen", _("Said that a contract was signed; staff saw to it")


class Restating(TextChoices):
    """Whether a lender sent other figures for an offer that it had made."""

    NONE = "", _("No")
    OPEN = "open", _("Sent other figures for it")
    SEEN = "seen", _("Sent other figures for it; staff saw to it")


class DeletionReason(TextChoices):
    """Why a lender is asked to delete what it received; the words of the adapters' vocabulary."""

    NOT_SELECTED = "not_selected", _("A contract was signed with another lender")
    CONSENT_WITHDRAWN = "consent_withdrawn", _("The request to pass the application on was withdrawn")
    ERASURE = "erasure", _("The person asked for erasure")
    RETENTION_OVER = "retention_over", _("The time for which we keep the application is over")


class Acknowledgement(TextChoices):
    """What a lender answered to a request to delete."""

    NONE = "", _("No answer yet")
    DELETED = "deleted", _("Deleted")
    RETAINED = "retained", _("Kept")


class RetentionBasis(TextChoices):
    """On what ground a lender keeps data all the same; the words of the adapters' vocabulary."""

    STATUTORY_RETENTION = "statutory_retention", _("the law obliges it to keep them")
    MONEY_LAUNDERING_PREVENTION = (
        "money_laundering_prevention",
        _("the law against money laundering obliges it to keep them"),
    )
    DISPUTE = "dispute", _("there is a dispute or a legal claim")
    OTHER = "other", _("it gave another reason")


ACKNOWLEDGEMENT_TRANSITIONS: dict[Acknowledgement, frozenset[Acknowledgement]] = {
    Acknowledgement.NONE: frozenset({Acknowledgement.DELETED, Acknowledgement.RETAINED}),
    # What it keeps it may keep on another ground or for longer, and deletes in the end.
    Acknowledgement.RETAINED: frozenset({Acknowledgement.DELETED, Acknowledgement.RETAINED}),
    Acknowledgement.DELETED: frozenset(),
}


def acknowledgement_sources(to: Acknowledgement) -> list[Acknowledgement]:
    """The acknowledgements that `to` may follow."""
    return [stands for stands, targets in ACKNOWLEDGEMENT_TRANSITIONS.items() if to in targets]


class WordKind(TextChoices):
    """What a lender is told of a right of the person; the words of the adapters' vocabulary."""

    RECTIFIED = "rectified", _("Data were corrected or completed")
    RESTRICTED = "restricted", _("The use of the data is restricted")
    RESTRICTION_LIFTED = "restriction_lifted", _("The restriction was lifted")
    REVIEW = "review", _("A human being is to review the decision")


class ReviewOutcome(TextChoices):
    """What came of a review at the lender; the words of the adapters' vocabulary."""

    NONE = "", _("No answer yet")
    UPHELD = "upheld", _("The decision stands")
    CHANGED = "changed", _("The decision was changed")
    REFUSED = "refused", _("Not reviewed: the lender says that this decision is not subject to it")


REVIEW_TRANSITIONS: dict[ReviewOutcome, frozenset[ReviewOutcome]] = {
    ReviewOutcome.NONE: frozenset({ReviewOutcome.UPHELD, ReviewOutcome.CHANGED, ReviewOutcome.REFUSED}),
    # It may think better of it, in the person's favour alone.
    ReviewOutcome.REFUSED: frozenset({ReviewOutcome.UPHELD, ReviewOutcome.CHANGED}),
    ReviewOutcome.UPHELD: frozenset({ReviewOutcome.CHANGED}),
    ReviewOutcome.CHANGED: frozenset(),
}


def review_sources(to: ReviewOutcome) -> list[ReviewOutcome]:
    """The outcomes that `to` may follow."""
    return [stands for stands, targets in REVIEW_TRANSITIONS.items() if to in targets]


class DeliveryKind(TextChoices):
    """What a lender is told or asked."""

    APPLICATION = "application", _("Application")
    INQUIRY = "inquiry", _("Question about where it stands")
    CHOICE = "choice", _("The consumer's choice")
    SUPPLEMENT = "supplement", _("What the lender still needed")
    DELETION = "deletion", _("Request to delete")
    WORD = "word", _("Word about a right of the person")


OF_A_RIGHT = frozenset({DeliveryKind.DELETION, DeliveryKind.WORD})
"""What a lender is told of a right of the person, however the application ends."""


class DeliveryStatus(TextChoices):
    DUE = "due", _("Due")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    QUARANTINED = "quarantined", _("Set aside for staff")
