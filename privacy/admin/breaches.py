"""Breaches of personal data, with the 72-hour clock."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from applications.actors import Actor
from applications.admin.base import RegisterAdmin
from applications.personal import Category
from privacy.models import Breach
from privacy.services.registers import save_breach


class BreachForm(forms.ModelForm):
    """The categories are ticked, not typed."""

    categories = forms.MultipleChoiceField(
        label=_("Categories of data"), choices=Category.choices, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = Breach
        fields = (
            "noticed_at", "began_at", "ended_at", "what_happened", "categories", "people_count",
            "record_count", "consequences", "measures", "authority_told_at", "need_not_tell", "reason",
            "people_told_at",
        )  # fmt: skip


@admin.register(Breach)
class BreachAdmin(RegisterAdmin):
    """Documented whether or not the authority has to be told (GDPR Art. 33(5))."""

    form = BreachForm
    list_display = ("clock", "deadline", "noticed_at", "authority_told_at")
    readonly_fields = ("clock", "deadline")
    fieldsets = (
        (_("The 72 hours (Art. 33(1))"), {"fields": ("clock", "deadline")}),
        (_("What happened"), {"fields": ("noticed_at", "began_at", "ended_at", "what_happened")}),
        (_("Whose data"), {"fields": ("categories", "people_count", "record_count")}),
        (_("Effects and measures"), {"fields": ("consequences", "measures")}),
        (
            _("Who was told"),
            {"fields": ("authority_told_at", "need_not_tell", "reason", "people_told_at")},
        ),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """The clock of a new one runs once it is saved."""
        return super().get_fieldsets(request, obj)[1 if obj is None else 0 :]

    def write(self, *, row: Any, changed: Sequence[str], actor: Actor) -> None:
        save_breach(breach=row, changed=changed, actor=actor)

    @admin.display(description=_("the clock"))
    def clock(self, breach: Breach) -> SafeString:
        clock = breach.clock(timezone.now())
        return format_html('<span class="clock {}">{}</span>', clock.state.value, clock.text)

    @admin.display(description=_("tell the authority by"))
    def deadline(self, breach: Breach) -> str:
        return date_format(timezone.localtime(breach.clock(timezone.now()).deadline), "DATETIME_FORMAT")
