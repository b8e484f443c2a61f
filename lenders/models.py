"""Lenders, what each was sent, every attempt, and the offers that came back."""

from uuid import UUID, uuid4

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from applications.crypto.fields import EncryptedDecimal, EncryptedInteger, EncryptedJSON, EncryptedText
from applications.models import Application, OwnedBySubject, Recipient
from applications.personal import AnyField, Category, Mask, NotPersonal, Personal, Source, personal
from lenders.states import DeliveryKind, DeliveryStatus, OfferStatus, SubmissionStatus


class Lender(models.Model):
    """A creditor in the solution: where it listens, what it needs, and what it published that it accepts."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    # Whether it may receive anything at all stands in the register of recipients.
    recipient = models.OneToOneField(
        Recipient, on_delete=models.PROTECT, related_name="lender", verbose_name=_("recipient")
    )
    slug = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("lender's name"), max_length=120)
    adapter = models.CharField(_("adapter"), max_length=40)
    base_url = models.URLField(_("address"), max_length=300)
    allowed_hosts = ArrayField(
        models.CharField(max_length=200),
        verbose_name=_("host names"),
        help_text=_("Host names that calls to this lender may go to; no other is spoken to."),
    )
    # The secrets shared with this lender, newest first, encrypted under the lender's own key.
    secrets = EncryptedJSON(label="lender.secrets", null=True, personal=None)
    active = models.BooleanField(_("active"), default=True)
    requested_fields = ArrayField(
        models.CharField(max_length=64),
        verbose_name=_("fields it needs"),
        help_text=_("Labels of the fields this lender needs; it receives no other."),
    )
    minimum_amount_cents = models.PositiveIntegerField(_("least amount, in cents"))
    maximum_amount_cents = models.PositiveIntegerField(_("greatest amount, in cents"))
    minimum_term_months = models.PositiveSmallIntegerField(_("shortest term, in months"))
    maximum_term_months = models.PositiveSmallIntegerField(_("longest term, in months"))
    page_wait_seconds = models.PositiveSmallIntegerField(
        _("wait of the page, in seconds"),
        default=60,
        help_text=_("How long the consumer's page waits for this lender."),
    )
    late_window_hours = models.PositiveSmallIntegerField(
        _("time for a late answer, in hours"),
        default=72,
        help_text=_("How long after that a late answer still counts."),
    )
    maximum_in_flight = models.PositiveSmallIntegerField(
        _("most calls at once"), default=20, validators=[MinValueValidator(1)]
    )

    not_personal = NotPersonal(
        "facts about a company, and secrets shared with it",
        "slug", "name", "adapter", "base_url", "allowed_hosts", "secrets", "active", "requested_fields",
        "minimum_amount_cents", "maximum_amount_cents", "minimum_term_months", "maximum_term_months",
        "page_wait_seconds", "late_window_hours", "maximum_in_flight",
    )  # fmt: skip

    class Meta:
        verbose_name = _("lender")
        verbose_name_plural = _("lenders")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(minimum_amount_cents__lte=models.F("maximum_amount_cents"))
                & models.Q(minimum_term_months__lte=models.F("maximum_term_months")),
                name="a_lender_accepts_something",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def owner_id(self) -> UUID:
        return self.id

    @property
    def fit_to_receive(self) -> bool:
        """Whether its agreement is in force and its security assessment is not overdue, today in Riga."""
        return self.recipient.lapsed(timezone.localdate()) is None


def _from_lender(field: AnyField) -> AnyField:
    """What a lender told us about an application, in the clear: a state, a time."""
    return personal(field, Category.TRANSACTIONS, Source.LENDER)


class Submission(OwnedBySubject):
    """One application at one lender. Its id is what the lender knows it by, and the idempotency key."""

    application = models.ForeignKey(
        Application, on_delete=models.CASCADE, related_name="submissions", verbose_name=_("application")
    )
    lender = models.ForeignKey(
        Lender,
        on_delete=models.PROTECT,
        related_name="submissions",
        db_index=False,  # the index that begins with it is below
        verbose_name=_("lender"),
    )
    status = _from_lender(
        models.CharField(
            _("state"),
            max_length=24,
            choices=SubmissionStatus.choices,
            default=SubmissionStatus.QUEUED,
        )
    )
    lender_reference = EncryptedText(
        label="submission.lender_reference",
        null=True,
        personal=Personal(Category.TRANSACTIONS, Source.LENDER),
    )
    decline_reason = EncryptedText(
        label="submission.decline_reason", null=True, personal=Personal(Category.TRANSACTIONS, Source.LENDER)
    )
    # What the lender had declared when the person sent it: a retry carries no field that was not shown.
    requested_fields = ArrayField(models.CharField(max_length=64), verbose_name=_("fields it needs"))
    needs = _from_lender(
        ArrayField(models.CharField(max_length=64), default=list, verbose_name=_("what it asks about"))
    )
    error_code = models.CharField(_("fault"), max_length=40, blank=True)
    page_wait_until = models.DateTimeField(_("the page waits until"))
    late_until = models.DateTimeField(_("an answer counts until"))
    created_at = personal(models.DateTimeField(_("created"), auto_now_add=True), Category.TRANSACTIONS)
    answered_at = _from_lender(models.DateTimeField(_("answered"), null=True))

    not_personal = NotPersonal(
        "what the lender asks of everybody, clocks, and codes of faults",
        "requested_fields", "page_wait_until", "late_until", "error_code",
    )  # fmt: skip

    class Meta:
        verbose_name = _("submission")
        verbose_name_plural = _("submissions")
        permissions = [
            ("retry_submission", _("Can send again what failed")),
            ("view_answers", _("Can see how lenders answer, in numbers")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["application", "lender"], name="one_submission_per_lender"),
            models.UniqueConstraint(
                fields=["application"],
                condition=models.Q(status__in=["selected", "contract_signed"]),
                name="one_chosen_lender",
            ),
        ]
        indexes = [
            models.Index(
                fields=["late_until"],
                condition=models.Q(status__in=["queued", "pending", "action_required"]),
                name="submission_waiting",
            ),
            # What waits for staff (selectors.for_staff).
            models.Index(
                fields=["late_until"],
                condition=models.Q(status__in=["failed", "unknown"]),
                name="submission_failed",
            ),
            models.Index(
                fields=["created_at"],
                condition=models.Q(status="failed", error_code="quarantined"),
                name="submission_set_aside",
            ),
            models.Index(fields=["created_at", "id"], name="submission_by_time"),
            models.Index(fields=["status", "created_at", "id"], name="submission_by_state"),
            models.Index(fields=["lender", "created_at", "id"], name="submission_by_lender"),
        ]


class Delivery(OwnedBySubject):
    """Something a lender must be told or asked: the row that is the queue.

    A worker claims it by raising `fence` and taking a lease; an outcome is written only under the fence it
    was claimed with, so a worker that lost its lease writes nothing.
    """

    submission = models.ForeignKey(
        Submission, on_delete=models.CASCADE, related_name="deliveries", verbose_name=_("submission")
    )
    lender = models.ForeignKey(
        Lender, on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("lender")
    )
    kind = personal(
        models.CharField(_("kind of delivery"), max_length=12, choices=DeliveryKind.choices),
        Category.TRANSACTIONS,
    )
    status = personal(
        models.CharField(
            _("state"), max_length=12, choices=DeliveryStatus.choices, default=DeliveryStatus.DUE
        ),
        Category.TRANSACTIONS,
    )
    # Claims are counted apart from failures: a worker that was killed says nothing about the lender.
    fence = models.PositiveIntegerField(default=0, verbose_name=_("claims"))
    failures = models.PositiveSmallIntegerField(_("failures"), default=0)
    due_at = models.DateTimeField(_("due"))
    lease_until = models.DateTimeField(_("held by a worker until"), null=True)
    deadline = models.DateTimeField(_("given up at"))
    error_code = models.CharField(_("fault"), max_length=40, blank=True)
    created_at = personal(models.DateTimeField(_("created"), auto_now_add=True), Category.TRANSACTIONS)
    finished_at = personal(models.DateTimeField(_("finished"), null=True), Category.TRANSACTIONS)

    not_personal = NotPersonal(
        "the queue's bookkeeping", "fence", "failures", "due_at", "lease_until", "deadline", "error_code"
    )

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        permissions = [("view_queues", _("Can see the queues and who works on them"))]
        constraints = [
            models.UniqueConstraint(
                fields=["submission", "kind"],
                condition=models.Q(status="due"),
                name="one_live_delivery_of_a_kind",
            )
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(status="due"), name="delivery_due"),
            models.Index(
                fields=["lender", "lease_until"], condition=models.Q(status="due"), name="delivery_in_flight"
            ),
            models.Index(
                fields=["finished_at"],
                condition=models.Q(finished_at__isnull=False),
                name="delivery_finished",
            ),
            models.Index(
                fields=["submission"],
                condition=models.Q(kind="choice", status__in=["failed", "quarantined"]),
                name="choice_not_told",
            ),
            models.Index(fields=["created_at", "id"], name="delivery_by_time"),
            models.Index(fields=["status", "created_at", "id"], name="delivery_by_state"),
            models.Index(fields=["kind", "created_at", "id"], name="delivery_by_kind"),
            models.Index(fields=["lender", "created_at", "id"], name="delivery_by_lender"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class Attempt(OwnedBySubject):
    """One call to a lender. Written before the call; what came of it is added after."""

    delivery = models.ForeignKey(
        Delivery, on_delete=models.CASCADE, related_name="attempt_log", verbose_name=_("delivery")
    )
    fence = models.PositiveIntegerField(_("claim"))
    started_at = personal(models.DateTimeField(_("started")), Category.TRANSACTIONS)
    finished_at = personal(models.DateTimeField(_("finished"), null=True), Category.TRANSACTIONS)
    outcome = _from_lender(models.CharField(_("outcome"), max_length=40, blank=True))
    http_status = models.PositiveSmallIntegerField(_("HTTP status"), null=True)
    duration_ms = models.PositiveIntegerField(_("duration, in milliseconds"), null=True)

    not_personal = NotPersonal("how the call itself went", "fence", "http_status", "duration_ms")

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        ordering = ["started_at"]
        constraints = [models.UniqueConstraint(fields=["delivery", "fence"], name="one_attempt_per_claim")]


def _money(name: str) -> EncryptedInteger:
    return EncryptedInteger(label=f"offer.{name}", personal=Personal(Category.TRANSACTIONS, Source.LENDER))


def _rate(name: str) -> EncryptedDecimal:
    mark = Personal(Category.TRANSACTIONS, Source.LENDER)
    return EncryptedDecimal(label=f"offer.{name}", personal=mark, max_digits=9, decimal_places=4)


class Offer(OwnedBySubject):
    """One offer of credit. Money in euro cents, rates in percent a year.

    `apr` is our own, computed from the schedule by Annex III; `stated_apr` is what the lender wrote.
    """

    submission = models.ForeignKey(
        Submission, on_delete=models.CASCADE, related_name="offers", verbose_name=_("submission")
    )
    # The lender's name for the offer, hashed: unique within a submission without keeping it in the clear.
    reference_digest = personal(
        models.BinaryField(max_length=32), Category.TRANSACTIONS, Source.LENDER, mask=Mask.HIDDEN
    )
    reference = EncryptedText(
        label="offer.reference", personal=Personal(Category.TRANSACTIONS, Source.LENDER)
    )
    status = _from_lender(
        models.CharField(_("state"), max_length=12, choices=OfferStatus.choices, default=OfferStatus.OPEN)
    )
    amount_cents = _money("amount_cents")
    term_months = _money("term_months")
    instalment_cents = _money("instalment_cents")
    total_payable_cents = _money("total_payable_cents")
    upfront_fees_cents = _money("upfront_fees_cents")
    borrowing_rate = _rate("borrowing_rate")
    stated_apr = _rate("stated_apr")
    apr = _rate("apr")
    schedule = EncryptedJSON(label="offer.schedule", personal=Personal(Category.TRANSACTIONS, Source.LENDER))
    price_personalised = _from_lender(models.BooleanField(_("price personalised by automated processing")))
    valid_until = _from_lender(models.DateTimeField(_("valid until")))
    received_at = _from_lender(models.DateTimeField(_("received"), auto_now_add=True))

    class Meta:
        verbose_name = _("offer")
        verbose_name_plural = _("offers")
        constraints = [
            models.UniqueConstraint(fields=["submission", "reference_digest"], name="one_offer_per_reference")
        ]


class LenderMessage(OwnedBySubject):
    """A message of a lender that was taken in: the same message again changes nothing."""

    lender = models.ForeignKey(Lender, on_delete=models.PROTECT, related_name="+")
    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="messages")
    message_id = _from_lender(models.CharField(max_length=128))
    outcome = _from_lender(models.CharField(max_length=40))
    received_at = _from_lender(models.DateTimeField(auto_now_add=True))

    class Meta:
        verbose_name = _("lender message")
        verbose_name_plural = _("lender messages")
        constraints = [models.UniqueConstraint(fields=["lender", "message_id"], name="a_message_counts_once")]
