"""What was done for a person, as codes and dates that outlive them: erasures, recipients that were told."""

from uuid import uuid4

from django.db import models
from django.utils.translation import gettext_lazy as _

from applications.models import DataSubject
from applications.personal import AnyField, Category, NotPersonal, RecipientKind, Source, personal
from applications.retention_rules import Retention
from privacy.models.requests import RightsRequest


def _proof(field: AnyField, source: Source = Source.SYSTEM) -> AnyField:
    return personal(field, Category.ACCOUNT, source, retention=Retention.REQUESTS)


def _told(field: AnyField, source: Source = Source.SYSTEM) -> AnyField:
    return personal(field, Category.TRANSACTIONS, source, retention=Retention.REQUESTS)


class Erasure(models.Model):
    """The ledger of erasures: an entry is made before anything is destroyed, and says nothing of anybody.

    `subject_id` is a bare identifier: with it an erasure is done again in a copy that was made before
    (GDPR Art. 17). `key_epoch` is the epoch whose end makes it final, `final_by` the day by which the master
    key of that epoch, and of those before, is destroyed: until then an old copy of the person's key opens.
    """

    outlives_its_subject = True

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    request = models.OneToOneField(RightsRequest, on_delete=models.PROTECT, related_name="erasure")
    subject_id = _proof(models.UUIDField(_("identifier of the person"), db_index=True))
    begun_at = _proof(models.DateTimeField(_("begun")))
    key_epoch = models.CharField(_("epoch of the key"), max_length=40, blank=True)
    key_destroyed_at = _proof(models.DateTimeField(_("key destroyed"), null=True))
    rows_deleted_at = _proof(models.DateTimeField(_("rows deleted"), null=True))
    counts = models.JSONField(_("rows deleted, by kind"), default=dict)
    scanned_at = _proof(models.DateTimeField(_("searched for what was left"), null=True))
    searched_all_at = _proof(models.DateTimeField(_("every table searched"), null=True))
    residue = models.JSONField(_("where something was left"), default=list)
    certified_at = _proof(models.DateTimeField(_("certified"), null=True))
    final_by = models.DateField(_("final by"), null=True)

    not_personal = NotPersonal(
        "counts, names of tables and of a master key's epoch", "key_epoch", "counts", "residue", "final_by"
    )

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        indexes = [
            # What the daily search through all tables is for.
            models.Index(
                fields=["certified_at"],
                condition=models.Q(searched_all_at__isnull=True) | ~models.Q(residue=[]),
                name="erasure_to_search",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @classmethod
    def rows_of(cls, subject: DataSubject) -> models.QuerySet["Erasure"]:
        return cls._default_manager.filter(subject_id=subject.pk)


class Outcome(models.TextChoices):
    """What became of telling one recipient (GDPR Art. 19)."""

    WAITING = "waiting", _("Is being told")
    TOLD = "told", _("Was told; has not answered")
    DELETED = "deleted", _("Has deleted the data")
    RETAINED = "retained", _("Keeps the data")
    ACKNOWLEDGED = "acknowledged", _("Has taken note")
    BY_HAND = "by_hand", _("Is to be told by our staff")
    IMPOSSIBLE = "impossible", _("Cannot be told")
    DISPROPORTIONATE = "disproportionate", _("Telling it would take disproportionate effort")


class RecipientNotice(models.Model):
    """One recipient that had the data, and what came of telling it (GDPR Art. 19).

    `reference` is what the recipient knows the matter by: our number of the submission, for a lender.
    """

    outlives_its_subject = True

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    request = models.ForeignKey(RightsRequest, on_delete=models.CASCADE, related_name="told")
    kind = _told(models.CharField(_("kind of recipient"), max_length=10, choices=RecipientKind.choices))
    recipient = _told(models.CharField(_("code of the recipient"), max_length=64))
    name = _told(models.CharField(_("recipient"), max_length=200))
    reference = _told(models.UUIDField(_("reference"), null=True))
    outcome = _told(
        models.CharField(_("outcome"), max_length=20, choices=Outcome.choices, default=Outcome.WAITING),
        Source.LENDER,
    )
    basis = _told(models.CharField(_("ground for keeping"), max_length=30, blank=True), Source.LENDER)
    until = _told(models.DateField(_("kept until"), null=True), Source.LENDER)
    told_at = _told(models.DateTimeField(_("told"), null=True))
    answered_at = _told(models.DateTimeField(_("answered"), null=True), Source.LENDER)
    by_staff = _told(models.BooleanField(_("recorded by staff"), default=False), Source.STAFF)
    hidden_until = _told(models.DateField(_("not told before"), null=True))

    hidden_by = "hidden_until"

    class Meta:
        verbose_name = _("recipient told")
        verbose_name_plural = _("recipients told")
        constraints = [
            models.UniqueConstraint(
                fields=["request", "kind", "recipient", "reference"],
                nulls_distinct=False,
                name="one_notice_a_recipient",
            )
        ]
        indexes = [models.Index(fields=["reference"], name="notice_by_reference")]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def rows_of(cls, subject: DataSubject) -> models.QuerySet["RecipientNotice"]:
        return cls._default_manager.filter(request__subject=subject)
