"""No page of the admin, whatever its address, opens before password and second factor were proved."""

from collections.abc import Callable, Iterator

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve, reverse

from applications import staff_session
from applications.admin.door import INSIDE, OPEN
from applications.models import StaffUser
from tests import factories

pytestmark = [pytest.mark.thorough, pytest.mark.django_db(databases=["default", "keys", "aside"])]
PASSWORD = "long-enough-passphrase"
ARGUMENTS = {"object_id": "1", "id": "1", "app_label": "applications", "content_type_id": "1", "url": "x"}
DOOR = {f"admin:{pattern.name}" for pattern in OPEN}
METHODS = ("get", "head", "post", "put", "options")


def admin_urls(found: URLResolver | None = None) -> Iterator[str]:
    """The address of every pattern below /admin/, taken from the resolver itself."""
    found = found or next(
        one for one in get_resolver().url_patterns if getattr(one, "namespace", None) == "admin"
    )
    for one in found.url_patterns:
        if isinstance(one, URLResolver):
            yield from (f"{_filled(one)}{rest}" for rest in admin_urls(one))
        else:
            yield _filled(one)


def _filled(entry: URLPattern | URLResolver) -> str:
    """A pattern with its places filled in."""
    route = str(entry.pattern)
    for name, value in ARGUMENTS.items():
        for kind in ("path:", "int:", "str:", ""):
            route = route.replace(f"<{kind}{name}>", value)
    if route.startswith(
        "^"
    ):  # Django's own pattern for the pages of apps, and the last one, for all the rest
        route = "applications/" if "app_label" in route else "no/such/page"
    return route


ADDRESSES = sorted({f"/admin/{url}" for url in admin_urls()})
GUARDED = [address for address in ADDRESSES if resolve(address).view_name not in DOOR]


def account(*, enrolled: bool) -> StaffUser:
    user = factories.root(password=PASSWORD)
    if enrolled:
        factories.enrol(user)
    return user


def stranger(client: Client) -> None:
    account(enrolled=True)


def only_password(client: Client) -> None:
    account(enrolled=True)
    client.post(reverse("admin:login"), {"username": "root", "password": PASSWORD})
    assert staff_session.HALF in client.session


def only_password_of_a_new_account(client: Client) -> None:
    account(enrolled=False)
    client.post(reverse("admin:login"), {"username": "root", "password": PASSWORD})
    assert staff_session.HALF in client.session


def session_from_before(client: Client) -> None:
    """As Django alone would have opened it, before there was a second factor."""
    client.force_login(account(enrolled=True))


def session_before_enrolment(client: Client) -> None:
    client.force_login(account(enrolled=False))


def session_of_a_factor_that_was_reset(client: Client) -> None:
    user = account(enrolled=True)
    factories.sign_in_staff(client, user)
    user.second_factor.delete()


HOW_FAR = [
    stranger, only_password, only_password_of_a_new_account, session_from_before, session_before_enrolment,
    session_of_a_factor_that_was_reset,
]  # fmt: skip


def test_walk_finds_every_page_there_is() -> None:
    assert len(GUARDED) > 60
    for model in admin.site._registry:
        assert f"/admin/{model._meta.app_label}/{model._meta.model_name}/1/change/" in GUARDED
    assert {reverse("admin:index"), reverse("admin:jsi18n"), reverse("admin:autocomplete")} <= set(GUARDED)
    assert {reverse(f"admin:{pattern.name}") for pattern in INSIDE} <= set(GUARDED)


@pytest.mark.parametrize("come", HOW_FAR, ids=lambda come: come.__name__)
def test_no_page_opens_before_both_are_proved(client: Client, come: Callable[[Client], None]) -> None:
    come(client)
    kept = {name: cookie.value for name, cookie in client.cookies.items()}
    for address in GUARDED:
        for method in METHODS:
            client.cookies.load(kept)  # the browser insists on its session
            response = getattr(client, method)(address)
            assert response.status_code == 302, (method, address)
            assert response["Location"].startswith(reverse("admin:login")), (method, address)


@pytest.mark.parametrize("come", HOW_FAR, ids=lambda come: come.__name__)
def test_nothing_leads_past_the_second_factor_by_asking_for_another_page(
    client: Client, come: Callable[[Client], None]
) -> None:
    come(client)
    for name in ("login", "second_factor", "enrol", "enrol_app", "enrol_passkey"):
        client.get(reverse(f"admin:{name}"), {"next": reverse("admin:index")})
        assert client.get(reverse("admin:index")).status_code == 302


def test_every_guarded_page_opens_to_whoever_proved_both(client: Client) -> None:
    factories.sign_in_staff(client, account(enrolled=True))
    for address in GUARDED:
        response = client.get(address)
        if response.status_code == 302:
            assert not response["Location"].startswith(reverse("admin:login")), address


def test_log_in_log_out_and_password_are_ours_and_not_djangos() -> None:
    for name in ("login", "logout", "password_change"):
        assert resolve(reverse(f"admin:{name}")).func.__module__ != "django.contrib.admin.sites"
    assert "applications.views.staff_door" in resolve(reverse("admin:login")).func.__module__
