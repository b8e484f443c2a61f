"""The queue: what lenders must be told or asked, and every attempt at it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from applications.models import OwnedBySubject
from applications.personal import Category, NotPersonal, personal
from lenders.models.lender import Lender
from lenders.models.submission import Submission
from lenders.models.told import from_lender
from lenders.models.word import LenderWord
from lenders.states import DeliveryKind, DeliveryStatus


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
    # Several words may be on their way to a lender at once: each has its own.
    word = models.ForeignKey(
        LenderWord,
        null=True,
        on_delete=models.CASCADE,
        related_name="deliveries",
        verbose_name=_("word to a lender"),
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
                condition=models.Q(status="due", word__isnull=True),
                name="one_live_delivery_of_a_kind",
            ),
            models.UniqueConstraint(
                fields=["word"], condition=models.Q(status="due"), name="one_live_delivery_of_a_word"
            ),
            models.CheckConstraint(
                condition=models.Q(kind="word", word__isnull=False)
                | ~models.Q(kind="word") & models.Q(word__isnull=True),
                name="a_word_is_delivered_as_one",
            ),
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
    outcome = from_lender(models.CharField(_("outcome"), max_length=40, blank=True))
    http_status = models.PositiveSmallIntegerField(_("HTTP status"), null=True)
    duration_ms = models.PositiveIntegerField(_("duration, in milliseconds"), null=True)

    not_personal = NotPersonal("how the call itself went", "fence", "http_status", "duration_ms")

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        ordering = ["started_at"]
        constraints = [models.UniqueConstraint(fields=["delivery", "fence"], name="one_attempt_per_claim")]
        indexes = [models.Index(fields=["started_at"], name="attempt_by_time")]
