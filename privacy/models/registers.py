"""The DPO's own registers: assessments of processing, and breaches of personal data."""

from datetime import date, datetime
from uuid import uuid4

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.lookups import LessThanOrEqual
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from applications.data_policy import bases_of
from applications.personal import Basis, Category, NotPersonal, Purpose
from privacy.clock import TELL_WITHIN, BreachClock, breach_clock

# The moments of a breach, all of them past once they are known.
HAPPENED = ("noticed_at", "began_at", "ended_at", "authority_told_at", "people_told_at")
NAME_NOBODY = _("Name nobody here, and nothing by which somebody can be found.")


class AssessmentKind(models.TextChoices):
    LEGITIMATE_INTERESTS = "legitimate_interests", _("Legitimate interests (GDPR Art. 6(1)(f))")
    IMPACT = "impact", _("Impact on data protection (GDPR Art. 35)")


class Assessment(models.Model):
    """Why processing for a purpose is fair: interests weighed against each other, or risks and measures.

    A review brings the row up to date; who changed what and when is in the audit.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    kind = models.CharField(_("kind"), max_length=20, choices=AssessmentKind.choices)
    title = models.CharField(_("title"), max_length=200)
    purpose = models.CharField(_("purpose"), max_length=30, choices=Purpose.choices)
    weighed = models.TextField(
        _("what was weighed"),
        help_text=_("The interest or need, the risks for people, and what lessens them."),
    )
    outcome = models.TextField(_("outcome"))
    assessed_on = models.DateField(_("assessed on"))
    review_due_on = models.DateField(_("next review due on"))

    not_personal = NotPersonal(
        "about a way of processing, not about anybody",
        "kind", "title", "purpose", "weighed", "outcome", "assessed_on", "review_due_on",
    )  # fmt: skip

    class Meta:
        verbose_name = _("assessment")
        verbose_name_plural = _("assessments")
        ordering = ["review_due_on"]
        constraints = [
            models.CheckConstraint(
                condition=Q(review_due_on__gt=F("assessed_on")),
                name="assessment_is_reviewed_later",
                violation_error_message=_("The next review comes after the assessment."),
            )
        ]
        # Of the pages that belong to no model; here, because a permission needs one.
        permissions = [
            ("view_attention", "Can see what needs the DPO's attention"),
            ("view_record", "Can see the record of processing"),
            ("view_flow", "Can see the flow of data"),
            ("explain_person", "Can see which kinds of rows are held about a person"),
            ("publish_notices", "Can publish notices"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.assessed_on}"

    def clean(self) -> None:
        """A legitimate interest is weighed where the data map rests on one."""
        if (
            self.kind == AssessmentKind.LEGITIMATE_INTERESTS
            and self.purpose in Purpose.values
            and Basis.LEGITIMATE_INTERESTS not in bases_of(Purpose(self.purpose))
        ):
            raise ValidationError({"purpose": _("In the data map this purpose rests on another basis.")})

    def is_due(self, today: date) -> bool:
        """Whether it is to be reviewed by now."""
        return self.review_due_on <= today


class Breach(models.Model):
    """A breach of personal data: the facts, its effects, what was done about it (GDPR Art. 33(5)).

    The row holds nobody's data, and is never deleted (trigger): the authority may ask for it.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    noticed_at = models.DateTimeField(
        _("noticed at"), help_text=_("The 72 hours count from here (GDPR Art. 33(1)).")
    )
    began_at = models.DateTimeField(_("began at"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    what_happened = models.TextField(_("what happened"), help_text=NAME_NOBODY)
    categories = ArrayField(
        models.CharField(max_length=20, choices=Category.choices), verbose_name=_("categories of data")
    )
    people_count = models.PositiveIntegerField(_("people, approximately"), null=True, blank=True)
    record_count = models.PositiveIntegerField(_("records, approximately"), null=True, blank=True)
    consequences = models.TextField(_("likely consequences"), blank=True, help_text=NAME_NOBODY)
    measures = models.TextField(_("measures taken or planned"), blank=True, help_text=NAME_NOBODY)
    authority_told_at = models.DateTimeField(_("authority told at"), null=True, blank=True)
    need_not_tell = models.BooleanField(
        _("the authority need not be told"),
        default=False,
        help_text=_("Only if a risk to people's rights and freedoms is unlikely. Say why below."),
    )
    reason = models.TextField(
        _("why the authority was not told, or told late"), blank=True, help_text=NAME_NOBODY
    )
    people_told_at = models.DateTimeField(
        _("people told at"), null=True, blank=True, help_text=_("Needed where the risk is high (Art. 34).")
    )

    not_personal = NotPersonal(
        "facts about an event; the texts name nobody, as the form says",
        "noticed_at", "began_at", "ended_at", "what_happened", "categories", "people_count", "record_count",
        "consequences", "measures", "authority_told_at", "need_not_tell", "reason", "people_told_at",
    )  # fmt: skip

    class Meta:
        verbose_name = _("breach of personal data")
        verbose_name_plural = _("breaches of personal data")
        ordering = ["-noticed_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(began_at__isnull=True)
                | Q(ended_at__isnull=True)
                | Q(ended_at__gte=F("began_at")),
                name="breach_ends_after_it_began",
                violation_error_message=_("It cannot end before it began."),
            ),
            models.CheckConstraint(
                condition=Q(authority_told_at__isnull=True) | Q(authority_told_at__gte=F("noticed_at")),
                name="breach_is_told_after_it_was_noticed",
                violation_error_message=_("The authority cannot be told before the breach was noticed."),
            ),
            models.CheckConstraint(
                condition=Q(need_not_tell=False) | Q(authority_told_at__isnull=True) & ~Q(reason=""),
                name="breach_not_told_says_why",
                violation_error_message=_("Say why the authority need not be told; or when it was."),
            ),
            models.CheckConstraint(
                condition=Q(authority_told_at__isnull=True)
                # The difference of two moments is exact; a sum of days depends on the session's time zone.
                | LessThanOrEqual(F("authority_told_at") - F("noticed_at"), Value(TELL_WITHIN))
                | ~Q(reason=""),
                name="breach_told_late_says_why",
                violation_error_message=_("After more than 72 hours the reasons for the delay are needed."),
            ),
        ]
        triggers = [pgtrigger.Protect(name="breach_stays_documented", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return date_format(timezone.localtime(self.noticed_at), "SHORT_DATETIME_FORMAT")

    def clean(self) -> None:
        """What has not happened yet is not documented: a mistyped year would silence the clock."""
        now = timezone.now()
        moments = {name: getattr(self, name) for name in HAPPENED}
        ahead = [name for name, moment in moments.items() if moment is not None and moment > now]
        if ahead:
            raise ValidationError({name: _("This time has not come yet.") for name in ahead})

    def clock(self, now: datetime) -> BreachClock:
        """How it stands with the authority at `now`."""
        return breach_clock(
            noticed_at=self.noticed_at,
            told_at=self.authority_told_at,
            need_not_tell=self.need_not_tell,
            now=now,
        )
