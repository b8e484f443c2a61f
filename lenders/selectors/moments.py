"""What the lenders floor tells of an application on its timeline: never what an offer says."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Min, Q
from django.db.models.functions import TruncMinute
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from applications.actors import ActorKind
from applications.collation import latvian_key
from applications.models import Application
from applications.selectors.moments import deeds_of_staff
from applications.timeline import May, Moment
from lenders.models import Attempt, DeletionNotice, Delivery, LenderMessage, LenderWord, Offer, Submission
from lenders.outcomes import in_words
from lenders.routing import NotAsked
from lenders.selectors.deletions import acknowledgement_text
from lenders.selectors.not_asked import lenders_not_asked
from lenders.states import DeletionReason, DeliveryKind, DeliveryStatus, SubmissionStatus

CONSUMER, STAFF, LENDER, SYSTEM = ActorKind.CONSUMER, ActorKind.STAFF, ActorKind.LENDER, ActorKind.SYSTEM
MOST = 500  # rows of a kind; an application has some dozens
# Reasons for which a lender is asked to delete without the person asking for it.
BY_ITSELF = frozenset({DeletionReason.NOT_SELECTED, DeletionReason.RETENTION_OVER})
# Told by the deliveries and by the offers.
TOLD_OTHERWISE = {SubmissionStatus.QUEUED, SubmissionStatus.OFFERED}
OF_THE_LENDER = {
    SubmissionStatus.PENDING, SubmissionStatus.ACTION_REQUIRED, SubmissionStatus.DECLINED,
    SubmissionStatus.WITHDRAWN, SubmissionStatus.DECLINED_LATE, SubmissionStatus.CONTRACT_SIGNED,
}  # fmt: skip
OF_THE_CONSUMER = {SubmissionStatus.SELECTED, SubmissionStatus.NOT_SELECTED, SubmissionStatus.CALLED_OFF}
# Messages that were understood: the state, the offers and the choice tell what came of them.
TOLD_MESSAGES = ("taken", "accepted", "expired", "apr_impossible")
# For the consumer these are in other words.
STANDS: Mapping[str, str | Promise] = {
    SubmissionStatus.SELECTED: gettext_lazy("Its offer was chosen"),
    SubmissionStatus.CALLED_OFF: gettext_lazy("Not sent"),
}
# Who causes a delivery after the first, and what it is called.
CAUSED_BY = {
    DeliveryKind.APPLICATION: (STAFF, gettext_lazy("the application is sent again")),
    DeliveryKind.INQUIRY: (SYSTEM, gettext_lazy("it is asked what became of the application")),
    DeliveryKind.CHOICE: (CONSUMER, gettext_lazy("it is to be told of the choice")),
    DeliveryKind.SUPPLEMENT: (CONSUMER, gettext_lazy("it is to be sent what it still needed")),
    DeliveryKind.DELETION: (SYSTEM, gettext_lazy("the request to delete is to be sent")),
    DeliveryKind.WORD: (CONSUMER, gettext_lazy("it is to be told of a right of the person")),
}


def moments(application: Application, may: May) -> Iterator[Moment]:
    """The lenders floor's part of the timeline, as far as the reader may see it."""
    if may("lenders.view_submission"):
        yield from _Told(application).moments(may)


@dataclass
class _Told:
    """One application's rows, read once."""

    application: Application

    def __post_init__(self) -> None:
        submissions = Submission.objects.filter(application=self.application).select_related("lender")
        self.submissions = {one.pk: one for one in submissions}
        # A lender may be asked a hundred times how it stands: those are told by their attempts, folded.
        told_one_by_one = ~Q(kind=DeliveryKind.INQUIRY) | Q(status=DeliveryStatus.QUARANTINED)
        found = Delivery.objects.filter(told_one_by_one, submission__in=self.submissions)
        deliveries = found.order_by("-created_at")[:MOST]
        self.deliveries = sorted(deliveries, key=lambda one: one.created_at)

    def moments(self, may: May) -> Iterator[Moment]:
        yield from self._asked()
        yield from self._stand()
        yield from self._messages()
        yield from self._deletions()
        yield from self._words()
        offers = _offers(self.submissions) if may("lenders.view_offer") else []
        for submission_id, at, number in offers:
            sentence = ngettext("%(n)d offer was received", "%(n)d offers were received", number)
            yield self._moment(submission_id, at, sentence % {"n": number}, LENDER)
        if may("lenders.view_delivery"):
            yield from self._deliveries()
        if may("lenders.view_attempt"):
            with_offers = {submission_id for submission_id, _at, _number in offers}
            yield from self._attempts(with_offers, links=may("lenders.view_delivery"))
            yield from self._questions(with_offers)
        if may("applications.view_auditentry"):
            rows = {str(one.pk): one.lender.name for one in self.submissions.values()}
            rows |= {str(one.pk): self._name(one.submission_id) for one in self.deliveries}
            yield from deeds_of_staff(self.application.subject_id, rows)

    def _name(self, submission_id: UUID) -> str:
        return self.submissions[submission_id].lender.name

    def _moment(
        self, submission_id: UUID, at: datetime, sentence: str, actor: ActorKind, **more: str
    ) -> Moment:
        """A sentence under the lender's name, which leads to the submission."""
        url = reverse("admin:lenders_submission_change", args=[submission_id])
        return Moment(at, f"{self._name(submission_id)}: {sentence}", actor, **({"url": url} | more))

    def _asked(self) -> Iterator[Moment]:
        """That the application was queued, for all its lenders at once."""
        names = sorted((one.lender.name for one in self.submissions.values()), key=latvian_key)
        if names:
            sentence = ngettext(
                "Queued for %(n)d lender: %(names)s", "Queued for %(n)d lenders: %(names)s", len(names)
            )
            at = min(one.created_at for one in self.submissions.values())
            yield Moment(at, sentence % {"n": len(names), "names": ", ".join(names)}, SYSTEM)
            yield from _left_out(self.application, at)

    def _stand(self) -> Iterator[Moment]:
        """Where each lender came to stand, with the reason."""
        for one in self.submissions.values():
            status = SubmissionStatus(one.status)
            if status in TOLD_OTHERWISE or one.answered_at is None:
                continue
            why = f". {in_words(one.error_code)}" if one.error_code else ""
            stands = STANDS.get(status, status.label)
            actor = LENDER if status in OF_THE_LENDER else CONSUMER if status in OF_THE_CONSUMER else SYSTEM
            yield self._moment(one.pk, one.answered_at, f"{stands}{why}", actor, code=one.error_code)

    def _messages(self) -> Iterator[Moment]:
        """Messages of lenders that changed nothing."""
        found = LenderMessage.objects.filter(submission__in=self.submissions).exclude(
            outcome__in=TOLD_MESSAGES
        )
        folded = found.values("submission_id", "outcome").annotate(last=Max("received_at"), n=Count("pk"))
        for one in folded.order_by("-last")[:MOST]:
            sentence = ngettext(
                "%(n)d message changed nothing. %(why)s", "%(n)d messages changed nothing. %(why)s", one["n"]
            )
            said = sentence % {"n": one["n"], "why": in_words(one["outcome"])}
            yield self._moment(one["submission_id"], one["last"], said, LENDER, code=one["outcome"])

    def _deletions(self) -> Iterator[Moment]:
        """That lenders are to delete what they received, and what they answered."""
        for one in DeletionNotice.objects.filter(submission__in=self.submissions):
            sentence = _("It is to delete what it received. %(why)s") % {"why": one.get_reason_display()}
            actor = SYSTEM if one.reason in BY_ITSELF else CONSUMER
            yield self._moment(one.submission_id, one.requested_at, sentence, actor, code=one.reason)
            if one.acknowledged_at is not None:
                actor = STAFF if one.recorded_by_staff else LENDER
                said = acknowledgement_text(one)
                yield self._moment(
                    one.submission_id, one.acknowledged_at, said, actor, code=one.basis or one.acknowledgement
                )

    def _words(self) -> Iterator[Moment]:
        """What lenders are to be told of rights of the person, and what they answered."""
        for one in LenderWord.objects.filter(submission__in=self.submissions):
            sentence = _("It is to be told: %(what)s") % {"what": one.get_kind_display()}
            yield self._moment(one.submission_id, one.asked_at, sentence, CONSUMER, code=one.kind)
            actor = STAFF if one.recorded_by_staff else LENDER
            if one.told_at is not None:
                sentence = _("It knows: %(what)s") % {"what": one.get_kind_display()}
                yield self._moment(one.submission_id, one.told_at, sentence, actor, code=one.kind)
            if one.answered_at is not None:
                said = one.get_outcome_display()
                yield self._moment(one.submission_id, one.answered_at, said, actor, code=one.outcome)

    def _deliveries(self) -> Iterator[Moment]:
        first = set()
        for one in self.deliveries:
            url = reverse("admin:lenders_delivery_change", args=[one.pk])
            if one.kind == DeliveryKind.APPLICATION and one.submission_id not in first:
                first.add(one.submission_id)  # told for all lenders at once
            else:
                actor, sentence = CAUSED_BY[DeliveryKind(one.kind)]
                yield self._moment(one.submission_id, one.created_at, str(sentence), actor, url=url)
            ended = self._ended(one)
            if ended and one.finished_at is not None:
                yield self._moment(
                    one.submission_id, one.finished_at, ended, SYSTEM, url=url, code=one.error_code
                )

    def _ended(self, delivery: Delivery) -> str:
        """How a delivery ended, where neither an attempt nor the submission's own state says so."""
        if delivery.kind == DeliveryKind.CHOICE and delivery.status == DeliveryStatus.DONE:
            return _("it knows of the choice")
        if delivery.status not in (DeliveryStatus.FAILED, DeliveryStatus.QUARANTINED):
            return ""
        if self.submissions[delivery.submission_id].error_code == delivery.error_code:
            return ""
        kind = {"kind": delivery.get_kind_display(), "why": in_words(delivery.error_code)}
        if delivery.status == DeliveryStatus.QUARANTINED:
            return _("%(kind)s: set aside for staff. %(why)s") % kind
        return _("%(kind)s: given up. %(why)s") % kind

    def _attempts(self, with_offers: set[UUID], *, links: bool) -> Iterator[Moment]:
        """The attempts of each delivery, a line for each outcome, but for what other moments tell."""
        by_delivery = {one.pk: one for one in self.deliveries if one.kind != DeliveryKind.INQUIRY}
        for row in _folded_attempts(by_delivery):
            delivery = by_delivery[row["delivery_id"]]
            more = {"url": reverse("admin:lenders_delivery_change", args=[delivery.pk])} if links else {}
            yield from self._tries(
                delivery.submission_id, delivery.get_kind_display(), row, with_offers, **more
            )

    def _questions(self, with_offers: set[UUID]) -> Iterator[Moment]:
        """What came of asking a lender how it stands: a line for each outcome, however often it was asked."""
        asked = Attempt.objects.filter(
            delivery__submission__in=self.submissions, delivery__kind=DeliveryKind.INQUIRY
        )
        folded = asked.order_by().values("delivery__submission_id", "outcome")
        for row in folded.annotate(last=Max("started_at"), n=Count("pk")):
            kind = str(DeliveryKind.INQUIRY.label)
            yield from self._tries(row["delivery__submission_id"], kind, row, with_offers)

    def _tries(
        self, submission_id: UUID, kind: str, row: Mapping[str, Any], with_offers: set[UUID], **more: str
    ) -> Iterator[Moment]:
        outcome, submission = row["outcome"], self.submissions[submission_id]
        declined = outcome == "declined" and submission.status == SubmissionStatus.DECLINED
        offered = outcome == "offered" and submission_id in with_offers
        if declined or offered or outcome in ("accepted", "deleted", "retained", "noted", "reviewed"):
            return
        sentence = ngettext("%(kind)s, %(n)d try. %(what)s", "%(kind)s, %(n)d tries. %(what)s", row["n"])
        said = sentence % {"kind": kind, "n": row["n"], "what": in_words(outcome)}
        yield self._moment(submission_id, row["last"], said, SYSTEM, code=outcome, **more)


def _left_out(application: Application, at: datetime) -> Iterator[Moment]:
    """Who was not asked: a line for each reason."""
    names = defaultdict(list)
    for one in lenders_not_asked(application):
        names[one.reason].append(one.name)
    for reason in sorted(names, key=list(NotAsked).index):
        sentence = _("Not asked: %(names)s. %(why)s") % {
            "names": ", ".join(names[reason]), "why": reason.label,
        }  # fmt: skip
        actor = CONSUMER if reason is NotAsked.NOT_TICKED else SYSTEM
        yield Moment(at, sentence, actor, code=reason)


def _folded_attempts(deliveries: Iterable[UUID]) -> Iterable[Mapping[str, Any]]:
    found = Attempt.objects.filter(delivery__in=deliveries).order_by()
    return found.values("delivery_id", "outcome").annotate(last=Max("started_at"), n=Count("pk"))


def _offers(submissions: Iterable[UUID]) -> list[tuple[UUID, datetime, int]]:
    """Submission, moment and number of the offers that came together."""
    rows = Offer.objects.filter(submission__in=submissions).order_by()
    by_minute = rows.values("submission_id", minute=TruncMinute("received_at"))
    folded = by_minute.annotate(first=Min("received_at"), n=Count("pk")).order_by("-first")[:MOST]
    return [(one["submission_id"], one["first"], one["n"]) for one in folded]
