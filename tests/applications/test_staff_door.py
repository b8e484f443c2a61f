"""Coming in as staff: password, second factor, a session under a new key each time; and the audit of it."""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from applications import staff_session
from applications.models import AuditEntry, StaffUser
from applications.selectors.staff import enrolled_factor
from applications.services import second_factor
from tests import factories
from tests.clock import later

pytestmark = pytest.mark.django_db(databases=["default", "keys", "aside"])
PASSWORD = "long-enough-passphrase"
LOG_IN, SECOND, INDEX = (reverse(f"admin:{name}") for name in ("login", "second_factor", "index"))


@pytest.fixture
def user() -> StaffUser:
    user = StaffUser.objects.create_user("agent", password=PASSWORD, is_staff=True)
    factories.enrol(user)
    return user


def give_password(client: Client, password: str = PASSWORD, **more: str) -> Any:
    return client.post(LOG_IN, {"username": "agent", "password": password, **more})


def give_code(client: Client, code: str, way: str = "app") -> Any:
    return client.post(SECOND, {"proof_way": way, "proof_code": code})


def come_in(client: Client, **more: str) -> Any:
    give_password(client, **more)
    return give_code(client, factories.app_code())


def is_in(client: Client) -> bool:
    return client.get(INDEX).status_code == 200


def key_of(client: Client) -> str:
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def actions() -> list[str]:
    return list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))


# --- the two halves ---------------------------------------------------------------------------------------
def test_password_and_code_lead_in(client: Client, user: StaffUser) -> None:
    assert give_password(client)["Location"] == SECOND
    assert not is_in(client)
    assert give_code(client, factories.app_code())["Location"] == INDEX
    assert is_in(client)


def test_wrong_code_does_not_lead_in_and_says_why(client: Client, user: StaffUser) -> None:
    give_password(client)
    response = give_code(client, "000000")
    assert response.context["refusal"].code == "app_code_refused"
    assert not is_in(client)


@pytest.mark.parametrize("way", ["", "passkey", "password", "recovery"])
def test_no_other_way_takes_an_apps_code(client: Client, user: StaffUser, way: str) -> None:
    give_password(client)
    assert give_code(client, factories.app_code(), way).status_code == 200
    assert not is_in(client)


def test_code_alone_is_no_way_in(client: Client, user: StaffUser) -> None:
    assert give_code(client, factories.app_code())["Location"] == LOG_IN


@pytest.mark.parametrize("fault", ["password", "name", "inactive", "not staff"])
def test_refusal_is_the_same_whatever_is_at_fault(client: Client, user: StaffUser, fault: str) -> None:
    if fault in {"inactive", "not staff"}:
        setattr(user, "is_active" if fault == "inactive" else "is_staff", False)
        user.save()
    name = "nobody" if fault == "name" else "agent"
    password = "wrong" if fault == "password" else PASSWORD
    response = client.post(LOG_IN, {"username": name, "password": password})
    sentence = response.context["form"].non_field_errors()[0]
    of_nobody = Client().post(LOG_IN, {"username": "nobody at all", "password": "x"})
    assert sentence == of_nobody.context["form"].non_field_errors()[0]
    assert settings.SESSION_COOKIE_NAME not in response.cookies


def test_half_way_ends_after_ten_minutes(client: Client, user: StaffUser) -> None:
    give_password(client)
    with later(minutes=10):
        assert give_code(client, factories.app_code())["Location"] == LOG_IN
        assert not is_in(client)


def test_password_that_was_changed_meanwhile_opens_nothing(client: Client, user: StaffUser) -> None:
    give_password(client)
    user.set_password("another-long-passphrase")
    user.save()
    assert give_code(client, factories.app_code())["Location"] == LOG_IN


def test_account_closed_meanwhile_opens_nothing(client: Client, user: StaffUser) -> None:
    give_password(client)
    StaffUser.objects.update(is_active=False)
    assert give_code(client, factories.app_code())["Location"] == LOG_IN


# --- where they were going --------------------------------------------------------------------------------
def test_they_arrive_where_they_were_going(client: Client, user: StaffUser) -> None:
    target = reverse("admin:security")
    response = client.get(target)
    assert response["Location"] == f"{LOG_IN}?next={target}"
    assert client.get(response["Location"]).context["next"] == target
    assert come_in(client, next=target)["Location"] == target


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "//evil.example/admin/", "/lv/account/", "javascript:alert(1)", "\\\\evil"],
)
def test_address_elsewhere_is_not_followed(client: Client, user: StaffUser, elsewhere: str) -> None:
    assert come_in(client, next=elsewhere)["Location"] == INDEX


def test_whoever_is_in_is_led_on_from_the_log_in(client: Client, user: StaffUser) -> None:
    factories.sign_in_staff(client, user)
    assert client.get(LOG_IN)["Location"] == INDEX


# --- keys of sessions -------------------------------------------------------------------------------------
def test_session_has_a_new_key_at_each_step_and_the_old_ones_are_worth_nothing(
    client: Client, user: StaffUser
) -> None:
    client.post(reverse("admin:logout"))  # leaves a message, and so a session
    planted = key_of(client)
    give_password(client)
    half = key_of(client)
    give_code(client, factories.app_code())
    whole = key_of(client)
    assert len({planted, half, whole}) == 3
    for old in (planted, half):
        other = Client()
        other.cookies[settings.SESSION_COOKIE_NAME] = old
        assert not is_in(other)
        assert other.get(SECOND)["Location"] == LOG_IN


def test_password_of_another_account_ends_the_session_that_was_open(client: Client, user: StaffUser) -> None:
    other = factories.root(password=PASSWORD)
    factories.sign_in_staff(client, other)
    session = client.session
    session.pop("proof")  # as if left from before
    session.save()
    give_password(client)
    give_code(client, factories.app_code())
    assert client.session["_auth_user_id"] == str(user.pk)


def test_cookie_lives_no_longer_than_the_longest_session(client: Client, user: StaffUser) -> None:
    cookie = come_in(client).cookies[settings.SESSION_COOKIE_NAME]
    assert cookie["max-age"] == staff_session.WHOLE.total_seconds()


def test_log_out_ends_the_session(client: Client, user: StaffUser) -> None:
    come_in(client)
    whole = key_of(client)
    assert client.post(reverse("admin:logout"))["Location"] == LOG_IN
    client.cookies[settings.SESSION_COOKIE_NAME] = whole
    assert not is_in(client)


def test_address_of_the_log_out_alone_ends_nothing(client: Client, user: StaffUser) -> None:
    factories.sign_in_staff(client, user)
    assert client.get(reverse("admin:logout"))["Location"] == reverse("admin:index")
    assert is_in(client)


# --- recovery codes ---------------------------------------------------------------------------------------
def test_recovery_code_leads_in_once(client: Client, user: StaffUser) -> None:
    factor = enrolled_factor(user)
    code, *_ = second_factor.make_recovery_codes(factor=factor)
    give_password(client)
    assert give_code(client, f" {code.upper()} ", "recovery")["Location"] == INDEX
    other = Client()
    give_password(other)
    assert give_code(other, code, "recovery").context["refusal"].code == "recovery_code_refused"
    assert not is_in(other)


# --- the audit --------------------------------------------------------------------------------------------
def test_coming_in_and_going_out_are_written_down(client: Client, user: StaffUser) -> None:
    before = len(actions())
    come_in(client)
    client.post(reverse("admin:logout"))
    assert actions()[before:] == [
        "sign_in.password_accepted", "second_factor.proved", "sign_in.completed", "sign_out",
    ]  # fmt: skip
    entry = AuditEntry.objects.get(action="second_factor.proved")
    assert entry.detail == {"way": "app"}
    assert (entry.actor_identifier, entry.object_id) == (str(user.pk), str(user.pk))


def test_failed_sign_in_is_written_down_with_the_account_and_nothing_that_was_typed(
    client: Client, user: StaffUser
) -> None:
    give_password(client, "a-secret-mistyped")
    client.post(LOG_IN, {"username": "my-password-in-the-wrong-box", "password": "x"})
    known, unknown = AuditEntry.objects.filter(action="sign_in.refused").order_by("pk")
    assert (known.actor_identifier, known.object_id) == ("stranger", str(user.pk))
    assert (unknown.actor_identifier, unknown.object_id, unknown.detail) == ("stranger", "", {})


def test_refused_second_factor_is_written_down(client: Client, user: StaffUser) -> None:
    give_password(client)
    give_code(client, "000000")
    give_code(client, "x", "no such way")
    found = AuditEntry.objects.filter(action="second_factor.refused").order_by("pk")
    assert [entry.detail for entry in found] == [{"way": "app"}, {"way": "unknown"}]


def test_pages_of_the_door_are_kept_by_no_cache(client: Client, user: StaffUser) -> None:
    assert "no-store" in client.get(LOG_IN)["Cache-Control"]
    give_password(client)
    assert "no-store" in client.get(SECOND)["Cache-Control"]
