"""manage.py check names each option of the admin that would show, search or sort by an encrypted value."""

from typing import Any
from unittest import mock

import pytest
from django.contrib import admin

from applications.admin.base import ReadOnlyInline
from applications.models import Application, Consent, Financial, Identification, Whereabouts
from applications.staff_site import ProductSite
from privacy import checks
from privacy.checks import staff_pages


def found_on(model: Any, **options: Any) -> list[str]:
    """What the check says of one more page of the admin."""
    tried = ProductSite(name="tried")
    options.setdefault("fields", ("id",))
    tried.register(model, type("TriedAdmin", (admin.ModelAdmin,), options))
    with mock.patch.object(staff_pages, "all_sites", [tried]):
        return [str(message.msg) for message in checks.check_staff_pages(app_configs=None)]


@pytest.mark.parametrize(
    ("model", "options", "name"),
    [
        (Whereabouts, {"list_display": ("at", "ip_address")}, "ip_address"),
        (Whereabouts, {"list_editable": ("place",)}, "place"),
        (Whereabouts, {"search_fields": ("=ip_address",)}, "=ip_address"),
        (Whereabouts, {"ordering": ("-ip_address",)}, "-ip_address"),
        (Whereabouts, {"readonly_fields": ("place",)}, "place"),
        (Whereabouts, {"fields": ("at", ("place",))}, "place"),
        (Whereabouts, {"fields": None, "fieldsets": ((None, {"fields": ("place",)}),)}, "place"),
        (Whereabouts, {"list_filter": ("place",)}, "place"),
        (Whereabouts, {"list_filter": (("place", admin.AllValuesFieldListFilter),)}, "place"),
        (Financial, {"fields": None, "exclude": ("income_type",)}, "employer"),
        (Consent, {"search_fields": ("=subject__email",)}, "=subject__email"),
        (Consent, {"list_display": ("subject__email",)}, "subject__email"),
        (Consent, {"search_fields": ("application__identification__surname",)},
         "application__identification__surname"),
        (Consent, {"search_fields": ("subject__email__iexact",)}, "subject__email__iexact"),
        (Identification, {"search_fields": ("personal_code_index",)}, "personal_code_index"),
    ],
)  # fmt: skip
def test_option_that_comes_to_an_encrypted_field_is_named(model: Any, options: Any, name: str) -> None:
    assert f"TriedAdmin names {name}, which is encrypted." in found_on(model, **options)


def test_column_that_is_sorted_by_an_encrypted_field_is_named() -> None:
    @admin.display(ordering="place")
    def where(self: Any, row: Any) -> str:
        return ""

    assert found_on(Whereabouts, list_display=("where",), where=where) == [
        "TriedAdmin names place, which is encrypted."
    ]


def test_rows_below_their_parent_are_looked_at() -> None:
    below = type("Below", (ReadOnlyInline,), {"model": Identification, "fields": ("surname",)})
    assert found_on(Application, inlines=(below,)) == ["Below names surname, which is encrypted."]


def test_plain_fields_and_walks_to_them_are_not_named() -> None:
    assert found_on(Consent, list_display=("given_at", "__str__"), search_fields=("=subject__id",)) == []


def test_site_of_the_staff_is_looked_at() -> None:
    assert any(one is admin.site or one.name == admin.site.name for one in staff_pages.all_sites)
