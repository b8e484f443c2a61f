"""The audit: who did or saw what, when. Append-only by trigger; it holds no personal data."""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from applications.actors import ActorKind
from applications.models.subject import DataSubject
from applications.personal import Category, NotPersonal, personal
from applications.retention_rules import Retention


class AuditEntry(models.Model):
    """One act. `subject_id` is a bare identifier: the entry outlives the person's rows."""

    at = models.DateTimeField(_("when"), auto_now_add=True, db_index=True)
    actor_kind = models.CharField(_("who acted"), max_length=10, choices=ActorKind.choices)
    actor_identifier = models.CharField(_("identifier of who acted"), max_length=64)
    action = models.CharField(_("act"), max_length=64)
    subject_id = personal(
        models.UUIDField(_("identifier of the person"), null=True, db_index=True),
        Category.ACCOUNT,
        retention=Retention.AUDIT,
    )
    object_type = models.CharField(_("kind of row"), max_length=64, blank=True)
    object_id = models.CharField(_("identifier of the row"), max_length=64, blank=True)
    detail = models.JSONField(_("details"), default=dict)

    not_personal = NotPersonal(
        "codes, counts and identifiers: services.audit refuses anything else",
        "at", "actor_kind", "actor_identifier", "action", "object_type", "object_id", "detail",
    )  # fmt: skip

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        ordering = ["-id"]
        triggers = [
            pgtrigger.Protect(name="audit_is_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
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
