"""What a restored copy has to be told: erasures, and what people decided about the use of their data."""

from uuid import uuid4

import pgtrigger
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from applications.models.subject import DataSubject
from applications.personal import Category, NotPersonal, personal
from applications.retention_rules import Retention

# Its place and digest are given once, and once it is noted that the file has it; nothing else ever changes.
ONLY_PLACED = """
IF OLD.digest IS NULL THEN
    OLD.sequence := NEW.sequence;
    OLD.digest := NEW.digest;
END IF;
IF OLD.written_at IS NULL THEN
    OLD.written_at := NEW.written_at;
END IF;
IF OLD IS NOT DISTINCT FROM NEW THEN
    RETURN NEW;
END IF;
RAISE EXCEPTION 'the ledger is append-only';
"""


# What the file has may go in its time: it is the file that a restored copy is held against.
ONLY_WRITTEN = """
IF OLD.written_at IS NOT NULL THEN
    RETURN OLD;
END IF;
RAISE EXCEPTION 'the ledger is append-only';
"""


class LedgerKind(models.TextChoices):
    """What happened. With each stands what `detail` holds, apart from the moment and whom it is about."""

    ERASED = "erased"  # the facts of the request, where there was one
    RETENTION_ENDED = "retention_ended"  # ending, owners: the people or applications that went together
    RESTRICTED = "restricted"  # ground
    RESTRICTION_ENDS = "restriction_ends"  # ground, on
    RESTRICTION_LIFTED = "restriction_lifted"  # ground
    OBJECTED = "objected"  # purpose
    OBJECTION_ENDED = "objection_ended"  # purpose, by_person
    CONSENT_WITHDRAWN = "consent_withdrawn"  # consent
    HELD = "held"  # hold, application, ground, case_number, until
    HOLD_LIFTED = "hold_lifted"  # hold
    ACCESS_ENDED = "access_ended"  # about nobody: account of staff, and which of its rights ended
    BACKED_UP = "backed_up"  # about nobody: a copy made before lacks this entry
    REPLAYED = "replayed"  # about nobody; counts

    @classmethod
    def without_keys(cls) -> "tuple[LedgerKind, ...]":
        """After these a person's key is destroyed. Applications have none."""
        return cls.ERASED, cls.RETENTION_ENDED


class LedgerEntry(models.Model):
    """One entry of the ledger, which also stands in a file beside the backups (services.ledger).

    `about_id` is a bare identifier: the entry outlives the rows. It is written without a place; within
    seconds it gets its `sequence` and `digest`, and `written_at` once the file holds it for good. Those whom
    a chunk of a retention run let go have one entry together, under the number of the chunk.
    """

    outlives_its_subject = True

    entry_id = models.UUIDField(unique=True, default=uuid4, editable=False)
    at = models.DateTimeField(default=timezone.now)
    kind = models.CharField(max_length=20, choices=LedgerKind.choices)
    about_id = personal(
        models.UUIDField(_("identifier of the person"), null=True, db_index=True),
        Category.ACCOUNT,
        retention=Retention.REQUESTS,
    )
    detail = models.JSONField(default=dict)
    sequence = models.PositiveBigIntegerField(null=True, unique=True, editable=False)
    digest = models.BinaryField(max_length=32, null=True, editable=False)
    written_at = models.DateTimeField(null=True, editable=False)

    not_personal = NotPersonal(
        "codes, moments and identifiers, and how far they are written",
        "entry_id", "at", "kind", "detail", "sequence", "digest", "written_at",
    )  # fmt: skip

    class Meta:
        verbose_name = _("entry of the erasure ledger")
        verbose_name_plural = _("entries of the erasure ledger")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(sequence__isnull=True, digest__isnull=True, written_at__isnull=True)
                | models.Q(sequence__isnull=False, digest__isnull=False),
                name="an_entry_is_placed_before_it_is_written",
            )
        ]
        indexes = [
            models.Index(fields=["id"], condition=models.Q(written_at__isnull=True), name="ledger_to_write"),
            models.Index(fields=["at", "id"], name="ledger_by_time"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="ledger_is_append_only",
                when=pgtrigger.Before,
                operation=pgtrigger.Delete,
                func=ONLY_WRITTEN,
            ),
            pgtrigger.Trigger(
                name="ledger_is_only_placed",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                func=ONLY_PLACED,
            ),
            pgtrigger.Trigger(
                name="ledger_is_not_emptied",
                level=pgtrigger.Statement,
                when=pgtrigger.Before,
                operation=pgtrigger.Truncate,
                func="RAISE EXCEPTION 'the ledger is append-only';",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @classmethod
    def rows_of(cls, subject: DataSubject) -> models.QuerySet["LedgerEntry"]:
        return cls._default_manager.filter(about_id=subject.pk)
