"""The audit: who did or saw what, when. Append-only by trigger, a chain of digests, nothing personal."""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from applications.actors import ActorKind
from applications.models.subject import DataSubject
from applications.personal import Category, NotPersonal, personal
from applications.retention_rules import Retention

# Sealing may give an entry its place and digest, once; nothing else about it ever changes.
ONLY_SEALED = """
IF OLD.digest IS NULL AND NEW.digest IS NOT NULL AND NEW.sequence IS NOT NULL THEN
    OLD.sequence := NEW.sequence;
    OLD.digest := NEW.digest;
    IF OLD IS NOT DISTINCT FROM NEW THEN
        RETURN NEW;
    END IF;
END IF;
RAISE EXCEPTION 'the audit is append-only';
"""

# What was sealed at or before a cut may go, once it is old enough whatever the cut says.
ONLY_CUT_OFF = """
IF OLD.at < now() - interval '1 year'
    AND OLD.sequence <= (SELECT max(sequence) FROM applications_auditcut)
THEN
    RETURN OLD;
END IF;
RAISE EXCEPTION 'the audit is append-only';
"""


class AuditCut(models.Model):
    """Where the chain of the audit begins, once its beginning was kept for its time.

    Place and digest of the last entry that went: one that was published as a head, so that what is left can
    be checked from there on (services.pruning).
    """

    sequence = models.PositiveBigIntegerField(primary_key=True)
    digest = models.BinaryField(max_length=32)
    cut_at = models.DateTimeField(auto_now_add=True)

    not_personal = NotPersonal("a place in a chain of digests", "sequence", "digest", "cut_at")

    class Meta:
        verbose_name = _("beginning of the audit")
        verbose_name_plural = _("beginnings of the audit")
        triggers = [
            pgtrigger.Protect(name="cut_stays", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="cuts_are_not_emptied",
                level=pgtrigger.Statement,
                when=pgtrigger.Before,
                operation=pgtrigger.Truncate,
                func="RAISE EXCEPTION 'the audit is append-only';",
            ),
        ]

    def __str__(self) -> str:
        return str(self.sequence)


class AuditEntry(models.Model):
    """One act. `subject_id` is a bare identifier: the entry outlives the person's rows.

    An entry is written unchained, so that writers do not wait for each other. Within seconds it is sealed: it
    gets its `sequence` in the chain, and a `digest` of itself and of the entry before (services.sealing).
    """

    outlives_its_subject = True  # people are named by identifier alone; append-only, pruned on time

    at = models.DateTimeField(_("when"), auto_now_add=True, db_index=True)
    actor_kind = models.CharField(_("who acted"), max_length=10, choices=ActorKind.choices)
    actor_identifier = models.CharField(_("identifier of who acted"), max_length=64)
    action = models.CharField(_("act"), max_length=64)
    subject_id = personal(
        models.UUIDField(_("identifier of the person"), null=True),
        Category.ACCOUNT,
        retention=Retention.AUDIT,
    )
    object_type = models.CharField(_("kind of row"), max_length=64, blank=True)
    object_id = models.CharField(_("identifier of the row"), max_length=64, blank=True)
    detail = models.JSONField(_("details"), default=dict)
    sequence = models.PositiveBigIntegerField(null=True, unique=True, editable=False)
    digest = models.BinaryField(max_length=32, null=True, editable=False)

    not_personal = NotPersonal(
        "codes, counts and identifiers: services.audit refuses anything else",
        "at", "actor_kind", "actor_identifier", "action", "object_type", "object_id", "detail",
        "sequence", "digest",
    )  # fmt: skip

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        permissions = [("identify_in_audit", _("Can see whom an audit entry is about"))]
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(sequence__isnull=True, digest__isnull=True)
                | models.Q(sequence__isnull=False, digest__isnull=False),
                name="a_sealed_entry_has_place_and_digest",
            )
        ]
        indexes = [
            models.Index(fields=["id"], condition=models.Q(digest__isnull=True), name="audit_to_be_sealed"),
            models.Index(fields=["at"], condition=models.Q(action="sign_in.locked"), name="audit_of_locks"),
            models.Index(fields=["at"], condition=models.Q(action="search.nobody"), name="audit_of_searches"),
            models.Index(
                fields=["at"], condition=models.Q(action="application.revealed"), name="audit_of_looks"
            ),
            models.Index(fields=["actor_kind", "id"], name="audit_by_actor"),
            models.Index(fields=["subject_id", "id"], name="audit_by_person"),
            models.Index(fields=["object_id", "id"], name="audit_by_row"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="audit_is_append_only",
                when=pgtrigger.Before,
                operation=pgtrigger.Delete,
                func=ONLY_CUT_OFF,
            ),
            pgtrigger.Trigger(
                name="audit_is_only_sealed",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                func=ONLY_SEALED,
            ),
            pgtrigger.Trigger(
                name="audit_is_not_emptied",
                level=pgtrigger.Statement,
                when=pgtrigger.Before,
                operation=pgtrigger.Truncate,
                func="RAISE EXCEPTION 'the audit is append-only';",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.pk}"

    @classmethod
    def rows_of(cls, subject: DataSubject) -> models.QuerySet["AuditEntry"]:
        """What is on record about one person: it outlives the person's rows."""
        return cls._default_manager.filter(subject_id=subject.pk)
