"""That a lender was asked to delete what a submission brought it, and what it answered."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from applications.models import OwnedBySubject
from applications.personal import AnyField, Category, Source, personal
from applications.retention_rules import Retention
from lenders.models.lender import Lender
from lenders.models.submission import Submission
from lenders.states import Acknowledgement, DeletionReason, RetentionBasis


def _evidence(field: AnyField, source: Source = Source.SYSTEM) -> AnyField:
    """Kept with the disclosures that it follows, apart from the application's own data."""
    return personal(field, Category.TRANSACTIONS, source, retention=Retention.EVIDENCE)


class DeletionNotice(OwnedBySubject):
    """A lender is asked once to delete what it received (GDPR Art. 7(3), 17(2), 19).

    How it was asked is told by the submission's deliveries of that kind: none, where its interface takes no
    such request and somebody of staff has to ask. `until` is the last day on which it keeps data; None where
    it named no day, or keeps nothing. `recorded_by_staff`: the answer reached us in another way.
    """

    submission = models.OneToOneField(
        Submission, on_delete=models.CASCADE, related_name="deletion", verbose_name=_("submission")
    )
    lender = models.ForeignKey(
        Lender, on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("lender")
    )
    reason = _evidence(models.CharField(_("reason"), max_length=20, choices=DeletionReason.choices))
    requested_at = _evidence(models.DateTimeField(_("requested"), auto_now_add=True))
    acknowledgement = _evidence(
        models.CharField(
            _("the lender's answer"),
            max_length=10,
            choices=Acknowledgement.choices,
            blank=True,
            default=Acknowledgement.NONE,
        ),
        Source.LENDER,
    )
    basis = _evidence(
        models.CharField(_("ground for keeping"), max_length=30, choices=RetentionBasis.choices, blank=True),
        Source.LENDER,
    )
    until = _evidence(models.DateField(_("kept until"), null=True, blank=True), Source.LENDER)
    acknowledged_at = _evidence(models.DateTimeField(_("answered"), null=True), Source.LENDER)
    recorded_by_staff = _evidence(models.BooleanField(_("recorded by staff"), default=False), Source.STAFF)

    class Meta:
        verbose_name = _("request to delete")
        verbose_name_plural = _("requests to delete")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(acknowledgement="", acknowledged_at__isnull=True)
                | ~models.Q(acknowledgement="") & models.Q(acknowledged_at__isnull=False),
                name="an_acknowledgement_has_its_moment",
            ),
            models.CheckConstraint(
                condition=models.Q(acknowledgement="retained") & ~models.Q(basis="")
                | ~models.Q(acknowledgement="retained") & models.Q(basis="", until__isnull=True),
                name="what_is_kept_has_a_ground",
            ),
        ]
        indexes = [
            # What waits for staff (selectors.for_staff).
            models.Index(
                fields=["requested_at"], condition=models.Q(acknowledgement=""), name="deletion_unanswered"
            ),
            models.Index(
                fields=["until"], condition=models.Q(acknowledgement="retained"), name="deletion_kept_until"
            ),
            models.Index(fields=["requested_at", "id"], name="deletion_by_time"),
            models.Index(fields=["acknowledgement", "requested_at", "id"], name="deletion_by_answer"),
            models.Index(fields=["reason", "requested_at", "id"], name="deletion_by_reason"),
            models.Index(fields=["lender", "requested_at", "id"], name="deletion_by_lender"),
        ]
