"""Every page of the admin opens, for staff alone, with nothing inline and nothing kept by caches."""

import pytest
from django.contrib import admin
from django.contrib.admin.utils import label_for_field
from django.db import models
from django.test import Client
from django.urls import reverse
from django.utils import translation

from applications.admin.base import ReadOnlyAdmin
from applications.crypto.fields import encrypted_fields
from applications.models import FormData, StaffUser
from tests import factories
from tests.applications.pages import Elements, Page, Walk, headers_are_strict, nothing_is_inline

pytestmark = pytest.mark.django_db(databases=["default", "keys", "aside"])
# Django's own staff pages. Ours are read only.
WRITABLE = {"applications.staffuser", "auth.group"}
REGISTERED = sorted(admin.site._registry, key=lambda model: model._meta.label_lower)


def url(model: type[models.Model], page: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def test_every_admin_page_is_sound(client: Client) -> None:
    Walk(client).all()
    factories.draft(factories.subject())
    root = Client()
    root.force_login(StaffUser.objects.create_superuser("root"))
    addresses = [reverse("admin:index"), reverse("admin:password_change")]
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
def test_rows_of_ours_are_read_only(model: type[models.Model]) -> None:
    if model._meta.label_lower not in WRITABLE:
        assert isinstance(admin.site._registry[model], ReadOnlyAdmin)


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
    if not isinstance(page, ReadOnlyAdmin):
        return
    shown = {(model, str(name), page) for name in (*page.list_display, *page.readonly_fields)}
    for inline in page.inlines:
        shown |= {(inline.model, str(name), inline) for name in inline.readonly_fields}
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


def _label(model: type[models.Model], name: str, where: object, language: str) -> str:
    with translation.override(language):
        return str(label_for_field(name, model, where if hasattr(where, name) else None))


def test_answers_of_the_form_have_no_admin_page() -> None:
    assert [model for model in REGISTERED if issubclass(model, FormData)] == []
