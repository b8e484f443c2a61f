"""Who answers for the solution and who watches over it: contacts that the DPO keeps up to date."""

from uuid import uuid4

from django.core.validators import DomainNameValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from applications.personal import NotPersonal

# It is printed as https://<website> on every page, and in notices that never change.
HOST_NAME = DomainNameValidator(message=_("Write the host name alone, for example www.example.com."))


class ContactRole(models.TextChoices):
    CONTROLLER = "the_controller", _("Controller")
    DPO = "dpo", _("Data protection officer")
    AUTHORITY = "supervisory_authority", _("Data protection authority")
    CONSUMER_AUTHORITY = "consumer_authority", _("Consumer rights authority")


class Contact(models.Model):
    """One contact, as printed on every page and in the notices.

    `doubt` says what looks out of date, in words for the DPO; empty once it is settled.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    role = models.CharField(_("role"), max_length=22, choices=ContactRole.choices, unique=True)
    name = models.CharField(pgettext_lazy("of a company", "name"), max_length=200)
    registration_number = models.CharField(_("registration number"), max_length=40, blank=True)
    address = models.CharField(_("address"), max_length=200, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    website = models.CharField(
        _("website"), max_length=100, blank=True, validators=[HOST_NAME], help_text=_("A host name.")
    )
    doubt = models.TextField(
        _("what looks out of date"), blank=True, help_text=_("Empty it once the contact is right.")
    )

    not_personal = NotPersonal(
        "offices and companies; the DPO is reached at the office's address",
        "role", "name", "registration_number", "address", "email", "phone", "website", "doubt",
    )  # fmt: skip

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        ordering = ["role"]

    def __str__(self) -> str:
        return str(ContactRole(self.role).label)
