"""How far people get, month by month, under pseudonyms that end with the month's key."""

import hmac
from uuid import UUID, uuid4

from django.db import models
from django.utils.translation import gettext_lazy as _

from applications.crypto.fields import EncryptedText
from applications.models.subject import DataSubject
from applications.personal import Category, Mask, NotPersonal, Purpose, Source, personal
from applications.retention_rules import Retention


class Milestone(models.TextChoices):
    """What is counted: a closed vocabulary, no free text."""

    STARTED = "started", _("Opened a draft")
    SENT = "sent", _("Sent the application")
    OFFERED = "offered", _("Received an offer")
    CHOSE = "chose", _("Chose an offer")


class StatisticsMonth(models.Model):
    """One calendar month (its first day) and the secret of its pseudonyms, under a data key of its own."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    month = models.DateField(_("month"), unique=True)
    secret = EncryptedText(label="statistics.secret", null=True)
    # Once sealed, a month is these numbers alone: milestone → how many people reached it.
    totals = models.JSONField(default=dict)

    not_personal = NotPersonal("a month, a random secret, and numbers", "month", "secret", "totals")

    class Meta:
        verbose_name = _("month of statistics")
        verbose_name_plural = _("months of statistics")

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"

    @property
    def owner_id(self) -> UUID:
        return self.id

    def pseudonym_of(self, subject_id: UUID) -> bytes:
        """What a person is called this month: HMAC-SHA-256 under the month's secret, 16 bytes.

        Raises DecryptionError once the month's key is destroyed: then nobody can say who was who.
        """
        return hmac.digest(str(self.secret).encode(), subject_id.bytes, "sha256")[:16]


class MilestoneReached(models.Model):
    """Somebody, known by this month's pseudonym alone, got this far. Once each."""

    month = models.ForeignKey(StatisticsMonth, on_delete=models.CASCADE, related_name="reached")
    pseudonym = personal(
        models.BinaryField(_("pseudonym"), max_length=16),
        Category.TRANSACTIONS,
        Source.SYSTEM,
        purposes=frozenset({Purpose.IMPROVE_SERVICE, Purpose.DATA_SUBJECT_RIGHTS}),
        recipients=frozenset(),
        retention=Retention.USAGE,
        mask=Mask.HIDDEN,
    )
    milestone = personal(
        models.CharField(_("step reached"), max_length=14, choices=Milestone.choices),
        Category.TRANSACTIONS,
        Source.SYSTEM,
        purposes=frozenset({Purpose.IMPROVE_SERVICE, Purpose.DATA_SUBJECT_RIGHTS}),
        recipients=frozenset(),
        retention=Retention.USAGE,
    )

    class Meta:
        verbose_name = _("milestone reached")
        verbose_name_plural = _("milestones reached")
        constraints = [
            models.UniqueConstraint(
                fields=["month", "pseudonym", "milestone"], name="a_milestone_is_counted_once"
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @classmethod
    def rows_of(cls, subject: DataSubject) -> models.QuerySet["MilestoneReached"]:
        """The person's rows in the months that can still be resolved."""
        mine = models.Q(pk__in=[])
        for month in StatisticsMonth.objects.filter(secret__isnull=False):
            mine |= models.Q(month=month, pseudonym=month.pseudonym_of(subject.pk))
        return cls._default_manager.filter(mine)
