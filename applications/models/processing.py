"""On what ground data are processed: the contract to use the solution, and consents."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from applications.models.application import Application
from applications.models.notice import NoticeVersion
from applications.models.subject import OwnedBySubject
from applications.personal import Category, Purpose, Source, personal


class ContractEnd(models.TextChoices):
    CLOSED = "closed", _("The application was closed")
    TERMINATED = "terminated", _("The consumer ended it")
    ERASED = "erased", _("The person's data were erased")


class Contract(OwnedBySubject):
    """The consumer's contract with the controller to use the solution; retention counts from it."""

    application = models.OneToOneField(Application, on_delete=models.CASCADE, related_name="contract")
    terms = models.ForeignKey(NoticeVersion, on_delete=models.PROTECT, related_name="+")
    accepted_at = personal(models.DateTimeField(), Category.TRANSACTIONS)
    ended_at = personal(models.DateTimeField(null=True, blank=True), Category.TRANSACTIONS)
    end = models.CharField(max_length=12, choices=ContractEnd.choices, blank=True)

    class Meta:
        verbose_name = _("contract to use the solution")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True, end="")
                | models.Q(ended_at__isnull=False) & ~models.Q(end=""),
                name="an_ended_contract_says_how",
            )
        ]

    def __str__(self) -> str:
        return str(self.id)


class Consent(OwnedBySubject):
    """One consent: for what, in which words, given and withdrawn when (GDPR Art. 7(1))."""

    application = models.ForeignKey(Application, null=True, on_delete=models.CASCADE, related_name="consents")
    purpose = personal(
        models.CharField(max_length=30, choices=Purpose.choices), Category.ACCOUNT, Source.CONSUMER
    )
    wording = models.TextField(help_text=_("The exact words the person agreed to."))
    language = models.CharField(max_length=2)
    given_at = personal(models.DateTimeField(), Category.ACCOUNT, Source.CONSUMER)
    withdrawn_at = personal(models.DateTimeField(null=True, blank=True), Category.ACCOUNT, Source.CONSUMER)

    class Meta:
        verbose_name = _("consent")
        constraints = [
            models.UniqueConstraint(
                fields=["application", "purpose"],
                condition=models.Q(withdrawn_at__isnull=True),
                name="one_live_consent_per_purpose",
            )
        ]

    def __str__(self) -> str:
        return str(self.id)
