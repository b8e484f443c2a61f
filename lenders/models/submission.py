"""One application at one lender, and what the lender said of it."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from applications.crypto.fields import EncryptedText
from applications.models import Application, OwnedBySubject
from applications.personal import Category, Mask, NotPersonal, Personal, Source, personal
from applications.retention_rules import Retention
from lenders.models.lender import Lender
from lenders.models.told import from_lender
from lenders.states import WAITING, Asking, SigningClaim, SubmissionStatus

AWAITED = models.Q(status__in=WAITING) | models.Q(status=SubmissionStatus.OFFERED, more_to_come=True)
"""Submissions of which something may still come by itself: a first answer, or more offers."""


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
    status = from_lender(
        models.CharField(
            _("state"),
            max_length=24,
            choices=SubmissionStatus.choices,
            default=SubmissionStatus.QUEUED,
        ),
        Retention.EVIDENCE,
    )
    lender_reference = EncryptedText(
        _("the lender's number"),
        label="submission.lender_reference",
        null=True,
        personal=Personal(Category.TRANSACTIONS, Source.LENDER),
    )
    decline_reason = EncryptedText(
        _("reason of the refusal"),
        label="submission.decline_reason",
        null=True,
        personal=Personal(Category.TRANSACTIONS, Source.LENDER),
    )
    # What the lender had declared when the person sent it: a retry carries no field that was not shown.
    requested_fields = ArrayField(models.CharField(max_length=64), verbose_name=_("fields it needs"))
    needs = from_lender(
        ArrayField(models.CharField(max_length=64), default=list, verbose_name=_("what it asks about"))
    )
    asking = personal(
        models.CharField(
            _("what it asks about was asked"), max_length=8, choices=Asking.choices, default=Asking.NOTHING
        ),
        Category.TRANSACTIONS,
    )
    # It made offers and says that others may follow: the state stays "offered".
    more_to_come = from_lender(models.BooleanField(_("more offers may come"), default=False))
    # Never lost, though the choice may say otherwise: staff find out with which lender a contract stands.
    signing_claim = from_lender(
        models.CharField(
            _("what it says of a contract"),
            max_length=4,
            choices=SigningClaim.choices,
            blank=True,
            default=SigningClaim.NONE,
        ),
        Retention.EVIDENCE,
    )
    # Of what the person saw of the offer when they chose it: proof that outlives the figures themselves.
    offer_digest = personal(
        models.BinaryField(_("chosen offer, as a digest"), max_length=32, null=True),
        Category.TRANSACTIONS,
        retention=Retention.EVIDENCE,
        mask=Mask.HIDDEN,
    )
    error_code = models.CharField(_("fault"), max_length=40, blank=True)
    page_wait_until = models.DateTimeField(_("the page waits until"))
    late_until = models.DateTimeField(_("an answer counts until"))
    created_at = personal(
        models.DateTimeField(_("created"), auto_now_add=True),
        Category.TRANSACTIONS,
        retention=Retention.EVIDENCE,
    )
    answered_at = from_lender(models.DateTimeField(_("answered"), null=True), Retention.EVIDENCE)

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
                fields=["page_wait_until"],
                condition=models.Q(status="action_required", asking="open"),
                name="submission_asks",
            ),
            models.Index(
                fields=["created_at"],
                condition=models.Q(status="failed", error_code="quarantined"),
                name="submission_set_aside",
            ),
            models.Index(
                fields=["created_at"],
                condition=models.Q(signing_claim="open"),
                name="submission_claims_signing",
            ),
            models.Index(fields=["created_at", "id"], name="submission_by_time"),
            models.Index(fields=["status", "created_at", "id"], name="submission_by_state"),
            models.Index(fields=["lender", "created_at", "id"], name="submission_by_lender"),
        ]

    @property
    def awaited(self) -> bool:
        """As in AWAITED."""
        return self.status in WAITING or (self.status == SubmissionStatus.OFFERED and self.more_to_come)


class LenderMessage(OwnedBySubject):
    """A message of a lender that was taken in: the same message again changes nothing."""

    lender = models.ForeignKey(Lender, on_delete=models.PROTECT, related_name="+")
    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="messages")
    message_id = from_lender(models.CharField(_("number of the message"), max_length=128))
    outcome = from_lender(models.CharField(_("outcome"), max_length=40))
    received_at = from_lender(models.DateTimeField(_("received"), auto_now_add=True))

    class Meta:
        verbose_name = _("lender message")
        verbose_name_plural = _("lender messages")
        constraints = [
            models.UniqueConstraint(fields=["submission", "message_id"], name="a_message_counts_once")
        ]
