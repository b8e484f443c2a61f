"""Who received what about a person: one row per recipient and occasion, for every kind of recipient."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from applications.models.application import Application
from applications.models.subject import OwnedBySubject
from applications.personal import AnyField, Basis, Category, Purpose, RecipientKind, personal
from applications.retention_rules import Retention


def _evidence(field: AnyField) -> AnyField:
    """Who received what is kept as evidence, apart from the application's own data."""
    return personal(field, Category.TRANSACTIONS, retention=Retention.EVIDENCE)


class DisclosureStatus(models.TextChoices):
    """Whether the data left. `intended` stays when nobody can tell, and counts as left."""

    INTENDED = "intended", _("About to leave")
    MADE = "made", _("Left")
    NOT_MADE = "not_made", _("Never left")


class Disclosure(OwnedBySubject):
    """Personal data that left for a recipient (GDPR Art. 15(1)(c), 19): labels of fields, no values."""

    application = models.ForeignKey(
        Application,
        null=True,
        on_delete=models.SET_NULL,
        related_name="disclosures",
        verbose_name=_("application"),
    )
    recipient_kind = _evidence(
        models.CharField(_("kind of recipient"), max_length=10, choices=RecipientKind.choices)
    )
    recipient = _evidence(models.CharField(_("code of the recipient"), max_length=64))
    recipient_name = _evidence(models.CharField(_("recipient"), max_length=200))
    # What carried it: one disclosure however often the delivery was retried.
    delivery = _evidence(models.UUIDField(_("delivery"), unique=True))
    purpose = _evidence(models.CharField(_("purpose"), max_length=30, choices=Purpose.choices))
    basis = _evidence(models.CharField(_("legal basis"), max_length=30, choices=Basis.choices))
    status = _evidence(
        models.CharField(
            _("state"),
            max_length=10,
            choices=DisclosureStatus.choices,
            default=DisclosureStatus.INTENDED,
        )
    )
    fields = _evidence(ArrayField(models.CharField(max_length=64), verbose_name=_("fields")))
    at = _evidence(models.DateTimeField(_("when")))
    # Where the law forbids telling the person: the day on which they learn of it.
    hidden_until = _evidence(models.DateField(_("not told before"), null=True))

    hidden_by = "hidden_until"

    class Meta:
        verbose_name = _("disclosure")
        verbose_name_plural = _("disclosures")
        ordering = ["-at"]
        indexes = [
            models.Index(fields=["at", "id"], name="disclosure_by_time"),
            models.Index(fields=["recipient_kind", "at", "id"], name="disclosure_by_kind"),
            models.Index(fields=["purpose", "at", "id"], name="disclosure_by_purpose"),
        ]
