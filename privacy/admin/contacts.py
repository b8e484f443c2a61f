"""The contacts that stand on every page and in the notices."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from applications.actors import Actor
from applications.admin.base import RegisterAdmin
from applications.models import Contact
from applications.services.contacts import save_contact
from privacy.selectors.registers import notices_wait


class ContactForm(forms.ModelForm):
    """What the register began with is shown in the reader's language."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        words = self.initial.get("doubt")
        if words:
            self.initial["doubt"] = _(words)


@admin.register(Contact)
class ContactAdmin(RegisterAdmin):
    """Kept up to date by the DPO; the roles themselves are fixed."""

    form = ContactForm
    list_display = ("role", "name", "email", "phone", "website", "in_order", "looks_out_of_date")
    readonly_fields = ("role",)
    fields = ("role", "name", "registration_number", "address", "email", "phone", "website", "doubt")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def write(self, *, row: Any, changed: Sequence[str], actor: Actor) -> None:
        save_contact(contact=row, changed=changed, actor=actor)

    def save_model(
        self, request: HttpRequest, obj: models.Model, form: forms.ModelForm, change: bool
    ) -> None:
        super().save_model(request, obj, form, change)
        if notices_wait():
            sentence = _('The notices name contacts as they were. <a href="{}">Publish them anew.</a>')
            self.message_user(
                request, format_html(sentence, reverse("admin:privacy_attention")), messages.WARNING
            )

    @admin.display(description=gettext_lazy("in order"), boolean=True)
    def in_order(self, contact: Contact) -> bool:
        return not contact.doubt

    @admin.display(description=gettext_lazy("what looks out of date"))
    def looks_out_of_date(self, contact: Contact) -> str:
        return _(contact.doubt) if contact.doubt else ""
