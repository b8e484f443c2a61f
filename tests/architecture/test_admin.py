"""Every page of the admin opens, for staff alone, with nothing inline and nothing kept by caches."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.utils import label_for_field
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.db import models
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse
from django.utils import translation
from django.utils.text import capfirst

from applications.admin.base import ReadOnlyAdmin, RecordedAdmin, RegisterAdmin
from applications.crypto.fields import encrypted_fields
from applications.models import AuditEntry, FormData, OwnedBySubject, Recipient
from applications.staff_site import AdminPage
from privacy.models import Assessment, Breach, RightsRequest
from tests import factories
from tests.applications.pages import Elements, Page, Walk, headers_are_strict, nothing_is_inline

pytestmark = [pytest.mark.thorough, pytest.mark.django_db(databases=["default", "keys", "aside"])]
DJANGOS_OWN = {"applications.staffuser"}
REGISTERS = {
    "applications.contact", "applications.mandate", "applications.recipient", "applications.training",
    "privacy.assessment", "privacy.breach", "privacy.othercontroller",
}  # fmt: skip
REGISTERED = sorted(admin.site._registry, key=lambda model: model._meta.label_lower)


def url(model: type[models.Model], page: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def test_every_admin_page_is_sound(client: Client) -> None:
    Walk(client).all()
    factories.draft(factories.subject())
    root = Client()
    factories.sign_in_staff(root, factories.root())
    call_command("load_demo_registers")
    addresses = [reverse("admin:index"), reverse("admin:password_change")]
    addresses += [page.url for page in admin.site.pages]
    for model in REGISTERED:
        rows = admin.site._registry[model].get_queryset(_request(root)).values_list("pk", flat=True)[:2]
        addresses += [url(model, "changelist"), *(url(model, "change", pk) for pk in rows)]
        addresses += [url(model, "history", pk) for pk in rows]
    for address in addresses:
        response = root.get(address)
        page = Page(address, response, personal=True)
        assert response.status_code == 200, address
        assert "no-store" in response["Cache-Control"], address
        nothing_is_inline(page)
        headers_are_strict(page)


def test_titles_name_rows_in_a_case_that_latvian_has(client: Client) -> None:
    Walk(client).all()
    root = Client()
    factories.sign_in_staff(root, factories.root())
    call_command("load_demo_registers")
    for model in REGISTERED:
        one, many = model._meta.verbose_name, capfirst(model._meta.verbose_name_plural)
        page = admin.site._registry[model]
        assert f"<h1>{many}</h1>" in (listed := root.get(url(model, "changelist")).text)
        if page.has_add_permission(_request(root)):
            assert f"Pievienot: {one}" in listed
            assert f"<h1>Jauns ieraksts: {one}</h1>" in root.get(url(model, "add")).text
        for row in page.get_queryset(_request(root))[:1]:
            may = "Labot" if page.has_change_permission(_request(root), row) else "Apskatīt"
            assert f"<h1>{may}: {one}</h1>" in root.get(url(model, "change", row.pk)).text


def _request(client: Client) -> object:
    return client.get(reverse("admin:index")).wsgi_request


def test_log_in_page_of_staff_is_sound(client: Client) -> None:
    page = Page("login", client.get(reverse("admin:login")), personal=False)
    nothing_is_inline(page)
    headers_are_strict(page)
    assert [attributes for tag, attributes in Elements(page.text).found if tag == "form"]


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.label_lower)
def test_every_list_asks_strangers_to_sign_in(client: Client, model: type[models.Model]) -> None:
    response = client.get(url(model, "changelist"))
    assert response["Location"].startswith(reverse("admin:login"))


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.label_lower)
def test_rows_of_ours_are_read_only_but_for_the_registers(model: type[models.Model]) -> None:
    page, label = admin.site._registry[model], model._meta.label_lower
    if label not in DJANGOS_OWN:
        assert isinstance(page, RegisterAdmin if label in REGISTERS else ReadOnlyAdmin)
        assert not page.has_delete_permission(HttpRequest())


@pytest.mark.parametrize(
    ("model", "verdict"),
    [
        (Assessment, "up_to_date"),
        (AuditEntry, "action"),
        (Breach, "clock"),
        (Recipient, "receives"),
        (RightsRequest, "clock"),
    ],
)
def test_verdict_of_a_row_stands_where_a_phone_shows_it(model: type[models.Model], verdict: str) -> None:
    assert verdict in admin.site._registry[model].list_display[:2]


@pytest.mark.parametrize("page", admin.site.pages, ids=lambda page: page.name)
def test_every_page_of_ours_asks_strangers_to_sign_in(client: Client, page: AdminPage) -> None:
    assert client.get(page.url)["Location"].startswith(reverse("admin:login"))


@pytest.mark.parametrize("page", admin.site.pages, ids=lambda page: page.name)
def test_permission_of_every_page_exists(page: AdminPage) -> None:
    app, _, codename = page.permission.partition(".")
    assert Permission.objects.filter(content_type__app_label=app, codename=codename).exists()


def test_page_is_registered_once() -> None:
    with pytest.raises(ValueError, match="already"):
        admin.site.register_page(admin.site.pages[0])


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.label_lower)
def test_opening_a_row_about_a_person_is_recorded(model: type[models.Model]) -> None:
    if issubclass(model, OwnedBySubject):
        assert isinstance(admin.site._registry[model], RecordedAdmin)


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.label_lower)
def test_no_encrypted_field_is_shown_by_its_name(model: type[models.Model]) -> None:
    page = admin.site._registry[model]
    shown = {*map(str, page.list_display), *map(str, page.readonly_fields), *map(str, page.fields or ())}
    for inline in page.inlines:
        shown |= {str(name) for name in inline.readonly_fields}
        names = {field.name for field in encrypted_fields(inline.model)}
        assert names.isdisjoint(map(str, inline.readonly_fields))
    assert {field.name for field in encrypted_fields(model)}.isdisjoint(shown)


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.label_lower)
def test_every_name_on_a_page_of_ours_is_translated(model: type[models.Model]) -> None:
    """An identifier is called the same everywhere."""
    page = admin.site._registry[model]
    if not isinstance(page, ReadOnlyAdmin | RegisterAdmin):
        return
    shown = {(model, name, page) for name in (*page.list_display, *page.readonly_fields)}
    for inline in page.inlines:
        shown |= {(inline.model, name, inline) for name in inline.readonly_fields}
    english = {
        f"{found._meta.label}.{name}"
        for found, name, where in shown
        if name != "id" and _label(found, name, where, "lv") == _label(found, name, where, "en")
    }
    assert english == set()
    for found in {model, *(inline.model for inline in page.inlines)}:
        with translation.override("en"):
            name = str(found._meta.verbose_name)
        with translation.override("lv"):
            assert str(found._meta.verbose_name) != name, found


def _label(model: type[models.Model], name: Any, where: object, language: str) -> str:
    """`name` is a field, a method of the page, or a function."""
    own = isinstance(name, str) and hasattr(where, name)
    with translation.override(language):
        return str(label_for_field(name, model, where if own else None))


def test_answers_of_the_form_have_no_admin_page() -> None:
    assert [model for model in REGISTERED if issubclass(model, FormData)] == []
