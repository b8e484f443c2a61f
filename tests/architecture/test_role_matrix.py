"""Every address and action of the admin, as each role finds it: docs/roles.md says the same.

The table is written by hand of what is wanted; when the product differs, the failure prints what it does.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.db import models
from django.test import Client
from django.urls import URLPattern, reverse

from applications.models import Application, AuditEntry, Mandate, StaffUser
from applications.roles import Role
from applications.services.audit import ASIDE
from privacy.models import DisclosureRequest, RightsRequest
from privacy.services import disclosing
from tests import factories
from tests.planted import plant
from tests.privacy import disclosures, dpo, rights

pytestmark = [pytest.mark.thorough, pytest.mark.django_db(databases=["default", "keys", "aside"])]
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "roles.md"
NOTHING = "–"
CLOSED = (NOTHING,) * len(Role)
OPENS, LOOKS, CHANGES = "opens", "looks", "changes"
# Pages of one's own account and session, or of no rows: the same for everybody who works here.
EVERYBODY = {
    "index", "login", "logout", "second_factor", "prove", "security", "enrol", "enrol_app", "enrol_passkey",
    "password_change", "password_change_done", "jsi18n", "autocomplete", "view_on_site",
}  # fmt: skip


# --- a world with a row of everything ---------------------------------------------------------------------
def world() -> Application:
    subject = plant("somebody")
    dpo.assessment()
    dpo.breach()
    rights.ask(subject)  # an erasure, which is being assessed
    disclosing.name_case(
        request_id=disclosures.asked().pk, subject_id=subject.pk, actor=rights.OFFICER
    )  # of an authority, to be assessed
    return Application.objects.get(subject=subject)


def browsers(application: Application) -> dict[Role, Client]:
    """A browser for each role; the partner's mandate covers the planted application."""
    accounts = {role: factories.staff(role, name=f"one-{role}") for role in factories.INTERNAL}
    accounts[Role.EXTERNAL] = Mandate.objects.get(cases__application=application).user
    return {role: factories.sign_in_staff(Client(), accounts[role]) for role in Role}


def rows_seen(application: Application) -> dict[type[models.Model], Any]:
    """An example of each registered model: the planted person's where it is about somebody."""
    found: dict[type[models.Model], Any] = {
        Application: application,
        StaffUser: factories.staff(name="other"),
        DisclosureRequest: DisclosureRequest.objects.get(ended_at__isnull=True),
        RightsRequest: RightsRequest.objects.get(subject=application.subject, ended_at__isnull=True),
    }
    for model in admin.site._registry:
        rows = model._default_manager.all()
        if any(field.name == "subject" for field in model._meta.get_fields()):
            rows = rows.filter(subject=application.subject)
        found.setdefault(model, rows.first())
    assert [model for model, row in found.items() if row is None] == []
    return found


# --- every address ----------------------------------------------------------------------------------------
def patterns(resolver: Any) -> Iterator[URLPattern]:
    for one in resolver:
        if isinstance(one, URLPattern):
            yield one
        else:
            yield from patterns(one.url_patterns)


def addresses(application: Application) -> dict[str, str]:
    """Name → address, with an example row where one belongs to it."""
    rows = rows_seen(application)
    found: dict[str, str] = {}
    for pattern in patterns(admin.site.urls[0]):
        if not pattern.name or pattern.name in EVERYBODY:
            continue
        found[pattern.name] = _address(pattern, rows)
    return found


def slug(model: type[models.Model]) -> str:
    return f"{model._meta.app_label}_{model._meta.model_name}"


def _address(pattern: URLPattern, rows: dict[type[models.Model], Any]) -> str:
    name, wanted = f"admin:{pattern.name}", pattern.pattern.regex.groupindex.keys()
    if pattern.name == "app_list":
        return reverse(name, args=["applications"])
    if not wanted and not pattern.pattern.converters:  # type: ignore[attr-defined]
        return reverse(name)
    # Django names the page for an account's password by its own account.
    model = next((one for one in rows if str(pattern.name).startswith(f"{slug(one)}_")), StaffUser)
    return reverse(name, args=[rows[model].pk])


def standing(client: Client, address: str) -> str:
    """What a role finds at an address."""
    response = client.get(address)
    if response.status_code != 200:
        assert response.status_code in {302, 403, 404}, (address, response.status_code)
        return NOTHING
    context = response.context or {}
    if "has_change_permission" in context and "adminform" in context:
        may = context["has_add_permission"] if context["add"] else context["has_change_permission"]
        return CHANGES if may else LOOKS
    return OPENS


def actions(client: Client) -> set[str]:
    """The actions on lists that whoever this browser belongs to may use."""
    request = client.get(reverse("admin:index")).wsgi_request
    return {
        f"{slug(model)}: {name}"
        for model, page in admin.site._registry.items()
        if page.has_view_permission(request)
        for name in page.get_actions(request)
    }


def found_matrix() -> dict[str, tuple[str, ...]]:
    application = world()
    clients = browsers(application)
    table = {
        name: tuple(standing(clients[role], address) for role in Role)
        for name, address in addresses(application).items()
    }
    may = {role: actions(client) for role, client in clients.items()}
    for name in sorted(set().union(*may.values())):
        table[name] = tuple("may" if name in may[role] else NOTHING for role in Role)
    return {name: cells for name, cells in table.items() if set(cells) != {NOTHING}}


def documented_matrix() -> dict[str, tuple[str, ...]]:
    matrix = DOCUMENT.read_text(encoding="utf-8").partition("## The matrix")[2]
    lines = re.findall(r"^\| `([^`]+)` \| (.+) \|$", matrix, re.MULTILINE)
    return {name: tuple(cell.strip() for cell in cells.split(" | ")) for name, cells in lines}


def as_table(table: dict[str, tuple[str, ...]]) -> str:
    head = f"| address or action | {' | '.join(role.value for role in Role)} |\n|{'---|' * (len(Role) + 1)}\n"
    return head + "".join(f"| `{name}` | {' | '.join(cells)} |\n" for name, cells in sorted(table.items()))


def test_each_role_finds_what_the_document_says_and_nothing_else() -> None:
    found = found_matrix()
    assert documented_matrix() == found, "\n" + as_table(found)


def test_nothing_is_changed_by_a_role_that_may_not() -> None:
    """What is posted to an address that a role only looks at, or that is closed to it, does nothing."""
    application = world()
    clients, wanted, table = browsers(application), addresses(application), documented_matrix()
    before = AuditEntry.objects.using(ASIDE).count()
    for name, address in wanted.items():
        for role, cell in zip(Role, table.get(name, CLOSED), strict=True):
            if cell in {NOTHING, LOOKS}:
                response = clients[role].post(address, {"_save": "Save", "post": "yes"})
                assert response.status_code in {302, 403, 404, 405}, (name, role)
                assert "_messages" not in response.cookies or response.status_code == 302, (name, role)
    new = AuditEntry.objects.using(ASIDE).count() - before
    written = AuditEntry.objects.using(ASIDE).order_by("-pk")[:new]
    assert {one.action.rpartition(".")[2] for one in written} <= {"refused"}
