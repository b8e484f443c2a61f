"""Lenders to look at: whether each may receive anything, what it accepts, how it is spoken to. They are
registered by a service, because their secrets are; their papers stand in the register of recipients.
"""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.utils import display_for_field, flatten_fieldsets
from django.db.models import Field
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from applications.admin.base import ReadOnlyAdmin
from applications.formats import money_text, months_text
from applications.models import Recipient
from lenders.models import Lender


def _paper(name: str) -> Callable[[Lender], str]:
    """A column of the lender's entry in the register of recipients, as the register itself shows it."""
    field = Recipient._meta.get_field(name)
    assert isinstance(field, Field)  # noqa: S101 - for the type checker

    @admin.display(description=field.verbose_name)
    def shown(lender: Lender) -> str:
        return str(display_for_field(getattr(lender.recipient, name), field, "-"))

    shown.__name__ = name
    return shown


PAPERS: tuple[Any, ...] = tuple(
    _paper(name)
    for name in (
        "country", "hosting_country", "licence_number", "licence_authority", "licence_until",
        "agreement_signed_on", "agreement_until", "assessed_on", "review_due_on",
    )
)  # fmt: skip


@admin.register(Lender)
class LenderAdmin(ReadOnlyAdmin):
    stays_small = True
    list_display = ("name", "adapter", "active", "paused_at", "receives", "why_not", "amounts", "terms")
    list_only = (
        "name", "adapter", "active", "paused_at", "recipient", "minimum_amount_cents", "maximum_amount_cents",
        "minimum_term_months", "maximum_term_months",
    )  # fmt: skip
    list_select_related = ("recipient",)
    fieldsets = (
        (None, {"fields": ("name", "slug", "active", "paused_at", "paused_reason", "receives", "why_not")}),
        (
            _("What it accepts"),
            {
                "fields": (
                    "amounts", "terms", "serves", "minimum_age", "maximum_age", "maximum_age_at_end",
                    "requested_fields",
                ),
            },
        ),
        (_("Papers"), {"fields": PAPERS}),
        (
            _("How it is spoken to"),
            {
                "fields": (
                    "adapter", "base_url", "allowed_hosts", "certificate_until", "page_wait_seconds",
                    "late_window_hours", "maximum_in_flight",
                ),
            },
        ),
    )  # fmt: skip
    readonly_fields = flatten_fieldsets(fieldsets)

    @admin.display(description=_("may receive data"), boolean=True)
    def receives(self, lender: Lender) -> bool:
        return lender.fit_to_receive

    @admin.display(description=_("why not"))
    def why_not(self, lender: Lender) -> str:
        lapse = lender.recipient.lapsed(timezone.localdate())
        return "" if lapse is None else str(lapse.label)

    @admin.display(description=_("amounts"))
    def amounts(self, lender: Lender) -> str:
        return f"{money_text(lender.minimum_amount_cents)} – {money_text(lender.maximum_amount_cents)}"

    @admin.display(description=_("terms"))
    def terms(self, lender: Lender) -> str:
        return f"{lender.minimum_term_months} – {months_text(lender.maximum_term_months)}"

    @admin.display(description=_("languages it serves"))
    def serves(self, lender: Lender) -> str:
        names = dict(settings.LANGUAGES)
        return ", ".join(str(names[code]) for code in lender.languages)
