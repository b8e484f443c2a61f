"""Who received what about a person: one row per recipient and occasion, for every kind of recipient."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from applications.models.application import Application
from applications.models.subject import OwnedBySubject
from applications.personal import Basis, Category, Purpose, personal


class RecipientKind(models.TextChoices):
    LENDER = "lender", _("Lender")
    AUTHORITY = "authority", _("Authority")
    PARTNER = "partner", _("Partner")
    PROCESSOR = "processor", _("Processor")
    CONTROLLER = "controller", _("Another controller")


class DisclosureStatus(models.TextChoices):
    """Whether the data left. `intended` stays when nobody can tell, and counts as left."""

    INTENDED = "intended", _("About to leave")
    MADE = "made", _("Left")
    NOT_MADE = "not_made", _("Never left")


class Disclosure(OwnedBySubject):
    """Personal data that left for a recipient (GDPR Art. 15(1)(c), 19): labels of fields, no values."""

    application = models.ForeignKey(
        Application, null=True, on_delete=models.SET_NULL, related_name="disclosures"
    )
    recipient_kind = models.CharField(max_length=10, choices=RecipientKind.choices)
    recipient = personal(models.CharField(max_length=64), Category.TRANSACTIONS)
    recipient_name = models.CharField(max_length=200)
    # What carried it: one disclosure however often the delivery was retried.
    delivery = models.UUIDField(unique=True)
    purpose = models.CharField(max_length=30, choices=Purpose.choices)
    basis = models.CharField(max_length=30, choices=Basis.choices)
    status = models.CharField(
        max_length=10, choices=DisclosureStatus.choices, default=DisclosureStatus.INTENDED
    )
    fields = ArrayField(models.CharField(max_length=64))
    at = personal(models.DateTimeField(), Category.TRANSACTIONS)

    class Meta:
        verbose_name = _("disclosure")
        verbose_name_plural = _("disclosures")
        ordering = ["-at"]

    def __str__(self) -> str:
        return str(self.id)
