"""The register of recipients and processors, kept by the DPO."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from applications.actors import Actor
from applications.admin.base import FreshProofAdmin, RegisterAdmin
from applications.models import Recipient
from applications.services.recipients import save_recipient

OUTSIDE = next(one for one in Recipient._meta.constraints if one.name == "recipient_in_the_eea")


class RecipientForm(forms.ModelForm):
    """A country outside the EEA is refused with the sentence of the constraint that the database holds."""

    class Meta:
        model = Recipient
        fields = (
            "slug", "name", "kind", "registration_number", "does", "country", "hosting_country",
            "licence_number", "licence_authority", "licence_until", "agreement", "agreement_signed_on",
             "agreement_until", "assessed_on", "review_due_on", "active",
        )  # fmt: skip
        error_messages = {
            name: {"invalid_choice": OUTSIDE.violation_error_message}
            for name in ("country", "hosting_country")
        }


@admin.register(Recipient)
class RecipientAdmin(FreshProofAdmin, RegisterAdmin):
    """Who may receive personal data: whoever changes that is asked again who they are. What has lapsed
    receives nothing new, and the list says why."""

    form = RecipientForm
    list_display = ("name", "receives", "why_not", "review_due_on", "kind", "country")
    list_filter = ("kind", "agreement", "active", ("country", admin.AllValuesFieldListFilter))
    search_fields = ("name", "slug")
    readonly_fields = ("receives", "why_not")
    fieldsets = (
        (None, {"fields": ("slug", "name", "kind", "registration_number", "does", "active")}),
        (_("European Economic Area"), {"fields": ("country", "hosting_country")}),
        (
            _("Licence to lend"),
            {
                "fields": ("licence_number", "licence_authority", "licence_until"),
                "description": _("A lender receives data only while it has one."),
            },
        ),
        (_("Agreement"), {"fields": ("agreement", "agreement_signed_on", "agreement_until")}),
        (_("Security assessment"), {"fields": ("assessed_on", "review_due_on")}),
        (_("As of today"), {"fields": ("receives", "why_not")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> tuple[str, ...]:
        """Disclosures name a recipient by its short name and kind: once entered, these stay."""
        fixed = () if obj is None else ("slug", "kind")
        return (*fixed, *self.readonly_fields)

    def write(self, *, row: Any, changed: Sequence[str], actor: Actor) -> None:
        save_recipient(recipient=row, changed=changed, actor=actor)

    @admin.display(description=_("may receive data"), boolean=True)
    def receives(self, recipient: Recipient) -> bool:
        return recipient.lapsed(timezone.localdate()) is None

    @admin.display(description=_("why not"))
    def why_not(self, recipient: Recipient) -> str:
        lapse = recipient.lapsed(timezone.localdate())
        return "" if lapse is None else str(lapse.label)
