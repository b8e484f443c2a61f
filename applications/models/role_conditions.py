"""What a role needs to count: training in data protection, and a mandate for an external partner."""

from datetime import date
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from applications.models.application import Application
from applications.models.recipients import Recipient
from applications.models.subject import OwnedBySubject
from applications.personal import Category, NotPersonal, RecipientKind, personal
from applications.retention_rules import Retention

WHY = "of a work account: staff are no data subjects of the solution, the employer's records cover them"


class Training(models.Model):
    """Training in data protection that an account's holder has completed. Kept, never changed: the DPO enters
    the next one beside it."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="trainings",
        verbose_name=_("staff account"),
    )  # fmt: skip
    course = models.CharField(_("course"), max_length=200)
    completed_on = models.DateField(_("completed on"))
    valid_until = models.DateField(
        pgettext_lazy("of training", "valid until"), help_text=_("The last day on which it counts.")
    )

    entered_at = models.DateTimeField(auto_now_add=True)

    not_personal = NotPersonal(WHY, "course", "completed_on", "valid_until", "entered_at")

    class Meta:
        verbose_name = _("training in data protection")
        verbose_name_plural = _("trainings in data protection")
        ordering = ["-completed_on", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(valid_until__gte=models.F("completed_on")),
                name="training_ends_after_it_was_completed",
                violation_error_message=_("Training counts from the day it was completed, not before."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.completed_on}"

    def counts(self, today: date) -> bool:
        """Whether it makes roles count that read personal data: in its days, for who had the account then."""
        handed_over = self.user.handed_over_at
        was_theirs = handed_over is None or self.entered_at > handed_over
        return was_theirs and self.completed_on <= today <= self.valid_until


class Profession(models.TextChoices):
    """As what an external partner acts."""

    LAWYER = "lawyer", _("Lawyer")
    AUDITOR = "auditor", _("Auditor")
    ACCOUNTANT = "accountant", _("Accountant")


class Mandate(models.Model):
    """What an external partner was charged with: its cases, from a day to a day, nothing else.

    The partner's company stands in the register of recipients: what its people see is a disclosure to it.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="mandates",
        verbose_name=_("staff account"),
    )  # fmt: skip
    profession = models.CharField(_("profession"), max_length=10, choices=Profession.choices)
    recipient = models.ForeignKey(
        Recipient, on_delete=models.PROTECT, related_name="+", verbose_name=_("recipient"),
        limit_choices_to={"kind": RecipientKind.PARTNER},
        help_text=_("The partner's company, as a partner in the register of recipients."),
    )  # fmt: skip
    assignment = models.CharField(
        _("assignment"), max_length=200,
        help_text=_("What the partner is charged with, by a contract's or a case's number. Name nobody."),
    )  # fmt: skip
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"), help_text=_("The last day on which it counts."))

    not_personal = NotPersonal(
        "what a partner is charged with: names nobody, ends with the mandate",
        "profession", "assignment", "starts_on", "ends_on",
    )  # fmt: skip

    class Meta:
        verbose_name = _("mandate")
        verbose_name_plural = _("mandates")
        ordering = ["-starts_on", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_on__gte=models.F("starts_on")),
                name="mandate_ends_after_it_starts",
                violation_error_message=_("A mandate ends after it starts."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.starts_on} – {self.ends_on}"

    def counts(self, today: date) -> bool:
        """Whether it is in force, and the partner's papers in the register are in order."""
        return self.starts_on <= today <= self.ends_on and self.recipient.lapsed(today) is None


class MandateCase(OwnedBySubject):
    """An application that a mandate covers: its partner may open it."""

    mandate = models.ForeignKey(
        Mandate, on_delete=models.CASCADE, related_name="cases", verbose_name=_("mandate")
    )
    application = models.ForeignKey(
        Application, on_delete=models.CASCADE, related_name="mandate_cases", verbose_name=_("application")
    )
    added_at = personal(
        models.DateTimeField(_("when"), auto_now_add=True),
        Category.TRANSACTIONS,
        retention=Retention.EVIDENCE,
    )

    class Meta:
        verbose_name = _("application under a mandate")
        verbose_name_plural = _("applications under mandates")
        constraints = [
            models.UniqueConstraint(fields=["mandate", "application"], name="a_mandate_names_a_case_once")
        ]
