"""How long data are kept, as rows: periods that were decided, holds, and what each night's run did."""

from uuid import uuid4

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from applications.models.application import Application
from applications.models.subject import DataSubject, OwnedBySubject
from applications.personal import AnyField, Category, NotPersonal, Source, personal
from applications.retention_rules import Retention


def _evidence(field: AnyField) -> AnyField:
    return personal(field, Category.ACCOUNT, Source.STAFF, retention=Retention.EVIDENCE)


class HoldGround(models.TextChoices):
    """Why data must not be deleted although their time is over."""

    CLAIM = "claim", _("A legal claim, ours or against us")
    AUTHORITY = "authority", _("A procedure of an authority or a court")
    INVESTIGATION = "investigation", _("An inquiry into fraud or a breach of security")


class LegalHold(OwnedBySubject):
    """Nothing of a person, or of one application, is deleted while it stands: until a day, or until lifted.

    GDPR Art. 17(3)(b), (e). Placed and lifted by the data protection officer.
    """

    application = models.ForeignKey(
        Application, null=True, blank=True, on_delete=models.CASCADE, related_name="+",
        verbose_name=_("application"),
    )  # fmt: skip
    ground = _evidence(models.CharField(_("ground"), max_length=15, choices=HoldGround.choices))
    case_number = _evidence(
        models.CharField(
            _("case number"),
            max_length=64,
            help_text=_("As the case is filed. Name nobody."),
        )
    )
    placed_at = _evidence(models.DateTimeField(_("placed")))
    until = _evidence(
        models.DateField(
            _("until"), null=True, blank=True,
            help_text=_("The last day of it. Empty: until it is lifted."),
        )
    )  # fmt: skip
    lifted_at = _evidence(models.DateTimeField(_("lifted"), null=True, blank=True))

    class Meta:
        verbose_name = _("legal hold")
        verbose_name_plural = _("legal holds")
        ordering = ["-placed_at"]
        indexes = [
            models.Index(
                fields=["subject"], condition=models.Q(lifted_at__isnull=True), name="hold_that_stands"
            ),
            models.Index(fields=["placed_at", "id"], name="hold_by_time"),
        ]


ONLY_DECIDED = """
IF OLD.approved_at IS NULL AND OLD.dropped_at IS NULL THEN
    OLD.approved_by := NEW.approved_by;
    OLD.approved_at := NEW.approved_at;
    OLD.dropped_at := NEW.dropped_at;
    IF OLD IS NOT DISTINCT FROM NEW THEN
        RETURN NEW;
    END IF;
END IF;
RAISE EXCEPTION 'an edition of periods is decided once, and never changed';
"""


class RetentionEdition(models.Model):
    """One edition of all periods: proposed by one person, approved by another, in force from a day on.

    A change is a new number. Before the first that was approved the defaults of the code stand, as a
    proposal. `periods` is {rule: {"months": …, "days": …, "most_months": …}}, whole.
    """

    number = models.PositiveIntegerField(_("edition"), primary_key=True)
    periods = models.JSONField(_("periods"))
    from_day = models.DateField(_("in force from"))
    reason = models.CharField(_("reason"), max_length=300)
    proposed_by = models.CharField(_("proposed by"), max_length=64)
    proposed_at = models.DateTimeField(_("proposed"))
    approved_by = models.CharField(_("approved by"), max_length=64, blank=True)
    approved_at = models.DateTimeField(_("approved"), null=True)
    dropped_at = models.DateTimeField(_("dropped"), null=True)

    not_personal = NotPersonal(
        "periods, and the accounts of staff who decided about them",
        "number", "periods", "from_day", "reason", "proposed_by", "proposed_at", "approved_by",
        "approved_at", "dropped_at",
    )  # fmt: skip

    class Meta:
        verbose_name = _("edition of retention periods")
        verbose_name_plural = _("editions of retention periods")
        ordering = ["-number"]
        permissions = [
            ("propose_retentionedition", _("Can propose other retention periods")),
            ("approve_retentionedition", _("Can approve other retention periods")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(approved_at__isnull=True, approved_by="")
                | models.Q(approved_at__isnull=False, dropped_at__isnull=True)
                & ~models.Q(approved_by="")
                & ~models.Q(approved_by=models.F("proposed_by")),
                name="periods_are_approved_by_another",
            )
        ]
        triggers = [
            pgtrigger.Protect(name="periods_stay", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="periods_are_decided_once",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                func=ONLY_DECIDED,
            ),
            pgtrigger.Trigger(
                name="periods_are_not_emptied",
                level=pgtrigger.Statement,
                when=pgtrigger.Before,
                operation=pgtrigger.Truncate,
                func="RAISE EXCEPTION 'editions of periods stay';",
            ),
        ]

    def __str__(self) -> str:
        return str(self.number)


class RetentionRun(models.Model):
    """The receipt of one run: when, by which edition of the periods, how many rows of each kind went."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    day = models.DateField(_("day"))
    edition = models.PositiveIntegerField(_("edition of the periods"))
    begun_at = models.DateTimeField(_("begun"))
    finished_at = models.DateTimeField(_("finished"), null=True)
    counts = models.JSONField(_("rows deleted, by what ended and kind"), default=dict)

    not_personal = NotPersonal(
        "a run of ours, with counts", "day", "edition", "begun_at", "finished_at", "counts"
    )

    class Meta:
        verbose_name = _("retention run")
        verbose_name_plural = _("retention runs")
        ordering = ["-begun_at"]
        indexes = [models.Index(fields=["begun_at"], name="retention_run_by_time")]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d}"


class ChunkState(models.TextChoices):
    BEGUN = "begun", _("Begun")
    DONE = "done", _("Done")


class RetentionChunk(models.Model):
    """Part of a run that was done as a whole.

    `owners` are the people or applications that went: bare identifiers, written before anything is destroyed,
    by which what a crash cut short is finished, and a copy that was restored learns of it.
    """

    outlives_its_subject = True
    is_a_copy = True  # other people's identifiers stand beside one's own, which one's rows have anyway

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    run = models.ForeignKey(RetentionRun, on_delete=models.CASCADE, related_name="chunks")
    ending = models.CharField(_("what ended"), max_length=40)
    owners = personal(
        ArrayField(models.UUIDField(), verbose_name=_("identifiers")),
        Category.ACCOUNT,
        retention=Retention.REQUESTS,
    )
    state = models.CharField(max_length=5, choices=ChunkState.choices)
    counts = models.JSONField(default=dict)
    begun_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    not_personal = NotPersonal(
        "a run of ours, with counts", "ending", "state", "counts", "begun_at", "finished_at"
    )

    class Meta:
        verbose_name = _("part of a retention run")
        verbose_name_plural = _("parts of retention runs")
        indexes = [
            models.Index(
                fields=["begun_at"], condition=models.Q(state="begun"), name="retention_chunk_unfinished"
            ),
            models.Index(fields=["begun_at", "id"], name="retention_chunk_by_time"),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @classmethod
    def rows_of(cls, subject: DataSubject) -> models.QuerySet["RetentionChunk"]:
        return cls._default_manager.filter(owners__contains=[subject.pk])
