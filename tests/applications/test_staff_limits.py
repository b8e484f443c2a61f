"""Lockout at the staff's door, and the limits of a session of staff; with clocks that are moved."""

import json
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from applications.models import AuditEntry, SignInTry, StaffUser, TryKind
from applications.services import housekeeping
from applications.services.sign_in_limits import Knock, count_try
from tests import factories
from tests.clock import later

pytestmark = [pytest.mark.thorough, pytest.mark.django_db(databases=["default", "keys", "aside"])]
PASSWORD = "long-enough-passphrase"
LOG_IN, SECOND, INDEX = (reverse(f"admin:{name}") for name in ("login", "second_factor", "index"))
HERE, ELSEWHERE = "192.0.2.1", "198.51.100.7"


@pytest.fixture
def user() -> StaffUser:
    user = StaffUser.objects.create_user("agent", password=PASSWORD, is_staff=True)
    factories.enrol(user)
    return user


def log_in(name: str = "agent", password: str = PASSWORD, *, network: str = HERE) -> Any:
    return Client(REMOTE_ADDR=network).post(LOG_IN, {"username": name, "password": password})


def guess(times: int, name: str = "agent", *, network: str = HERE) -> list[int]:
    return [log_in(name, "wrong", network=network).status_code for _ in range(times)]


def is_in(client: Client) -> bool:
    return client.get(INDEX).status_code == 200


# --- lockout ----------------------------------------------------------------------------------------------
def test_sixth_try_in_a_quarter_of_an_hour_finds_the_door_locked(user: StaffUser) -> None:
    assert guess(6) == [200] * 5 + [429]
    assert log_in().status_code == 429  # the right password too


def test_lock_says_how_long_and_opens_then(user: StaffUser) -> None:
    guess(5)
    assert "15" in str(log_in().context["sentence"])
    with later(minutes=15, seconds=1):
        assert log_in()["Location"] == SECOND


def test_name_that_nobody_has_is_locked_like_any_other(user: StaffUser) -> None:
    assert guess(6, "nobody") == [200] * 5 + [429]


@pytest.mark.parametrize("spelling", ["AGENT", " agent "])
def test_spelling_of_the_name_makes_no_difference(user: StaffUser, spelling: str) -> None:
    guess(5)
    assert log_in(spelling).status_code == 429


def test_guesses_from_elsewhere_do_not_lock_the_owner_out(user: StaffUser) -> None:
    guess(6, network=ELSEWHERE)
    assert log_in()["Location"] == SECOND


def test_guesses_from_many_networks_lock_the_name(user: StaffUser) -> None:
    for number in range(5):
        guess(4, network=f"203.0.113.{number}")
    assert log_in().status_code == 429


def test_network_that_tries_many_names_is_locked(user: StaffUser) -> None:
    for number in range(50):
        count_try(Knock(f"name{number}", HERE), TryKind.PASSWORD)
    assert log_in().status_code == 429
    assert log_in(network=ELSEWHERE)["Location"] == SECOND


def test_network_is_what_our_proxy_noted_and_not_what_the_client_claims(
    user: StaffUser, settings: Any
) -> None:
    settings.TRUSTED_PROXIES = 1
    for number in range(6):
        headers = {"x-forwarded-for": f"10.9.8.{number}, {ELSEWHERE}"}
        client = Client(REMOTE_ADDR="127.0.0.1", headers=headers)
        locked = client.post(LOG_IN, {"username": "agent", "password": "wrong"})
    assert locked.status_code == 429
    other = Client(REMOTE_ADDR="127.0.0.1", headers={"x-forwarded-for": HERE})
    assert other.post(LOG_IN, {"username": "agent", "password": PASSWORD})["Location"] == SECOND


def test_right_password_does_not_count(user: StaffUser) -> None:
    assert [log_in().status_code for _ in range(8)] == [302] * 8


def test_second_factor_is_locked_after_five_wrong_codes_wherever_they_come_from(user: StaffUser) -> None:
    for number in range(5):
        client = Client(REMOTE_ADDR=f"203.0.113.{number}")
        client.post(LOG_IN, {"username": "agent", "password": PASSWORD})
        assert client.post(SECOND, {"proof_way": "app", "proof_code": "000000"}).status_code == 200
    right = {"proof_way": "app", "proof_code": factories.app_code()}
    assert client.post(SECOND, right).status_code == 429
    assert not is_in(client)


def test_twenty_wrong_codes_lock_the_second_factor_for_a_day(user: StaffUser) -> None:
    for hours in range(4):
        with later(hours=hours):
            for _ in range(5):
                count_try(Knock("agent", HERE), TryKind.SECOND_FACTOR)
    client = Client()
    with later(hours=5):
        client.post(LOG_IN, {"username": "agent", "password": PASSWORD})
        assert client.post(SECOND, {"proof_way": "app", "proof_code": "1"}).status_code == 429


def test_coming_in_makes_earlier_slips_count_no_longer(user: StaffUser) -> None:
    client = Client(REMOTE_ADDR=HERE)
    guess(4)
    client.post(LOG_IN, {"username": "agent", "password": PASSWORD})
    client.post(SECOND, {"proof_way": "app", "proof_code": factories.app_code()})
    assert is_in(client)
    assert guess(5) == [200] * 5


def test_lock_is_written_down_once(user: StaffUser) -> None:
    guess(8)
    entry = AuditEntry.objects.get(action="sign_in.locked")
    assert (entry.object_id, entry.detail) == (str(user.pk), {"kind": "password", "minutes": 15})


def test_try_keeps_neither_the_name_nor_the_address(user: StaffUser) -> None:
    guess(1, "a name as typed")
    row = SignInTry.objects.values().get()
    stored = json.dumps(row, default=lambda value: bytes(value).hex() if hasattr(value, "hex") else "")
    for text in ("a name as typed", HERE):
        assert text not in stored
        assert text.encode().hex() not in stored


def test_password_and_name_reach_no_log(user: StaffUser, capfd: pytest.CaptureFixture[str]) -> None:
    log_in("name-to-be-found", "password-to-be-found")
    log_in("agent", "password-to-be-found")
    said = "".join(capfd.readouterr())
    assert "to-be-found" not in said


@pytest.mark.django_db(databases=["default", "keys", "aside"], transaction=True)
def test_many_tries_at_once_are_counted_one_by_one() -> None:
    results = factories.in_parallel(lambda _: count_try(Knock("agent", HERE), TryKind.PASSWORD), 10)
    assert sum(isinstance(one, SignInTry) for one in results) == 5


# --- limits of a session ----------------------------------------------------------------------------------
@pytest.fixture
def agent(client: Client, user: StaffUser) -> Client:
    return factories.sign_in_staff(client, user)


def test_session_lain_idle_for_half_an_hour_has_ended(agent: Client) -> None:
    with later(minutes=29):
        assert is_in(agent)
    with later(minutes=58):
        assert is_in(agent)
    with later(minutes=88):
        assert not is_in(agent)


def test_session_ends_eight_hours_after_it_began_however_busy(agent: Client) -> None:
    for minutes in range(20, 8 * 60, 20):
        with later(minutes=minutes):
            assert is_in(agent), minutes
    with later(hours=8):
        assert not is_in(agent)


def test_ended_session_does_not_come_back(agent: Client) -> None:
    kept = agent.cookies["staff"].value
    with later(minutes=30):
        assert not is_in(agent)
    agent.cookies["staff"] = kept
    assert not is_in(agent)


@pytest.mark.parametrize(("minutes", "why"), [(range(0, 60, 31), "idle"), (range(0, 500, 20), "over")])
def test_end_of_a_session_is_said_and_written_down(agent: Client, minutes: range, why: str) -> None:
    for after in minutes:
        with later(minutes=after):
            page = agent.get(INDEX, follow=True)
    assert len(page.context["messages"]) == 1
    assert AuditEntry.objects.get(action="session.ended").detail == {"why": why}


def test_use_of_a_session_is_noted_once_a_minute_at_most(agent: Client) -> None:
    before = agent.session["proof"]["seen"]
    with later(seconds=30):
        is_in(agent)
    assert agent.session["proof"]["seen"] == before
    with later(seconds=90):
        is_in(agent)
    assert agent.session["proof"]["seen"] > before


def test_session_of_an_account_that_was_closed_ends(agent: Client) -> None:
    StaffUser.objects.update(is_active=False)
    assert not is_in(agent)


# --- what is deleted --------------------------------------------------------------------------------------
def test_tries_are_deleted_after_a_day_and_sessions_when_they_are_over(agent: Client) -> None:
    count_try(Knock("agent", HERE), TryKind.PASSWORD)
    assert housekeeping.end_staff_sessions() == {"sessions": 0, "tries": 0}
    with later(days=1, seconds=1):
        assert housekeeping.end_staff_sessions() == {"sessions": 1, "tries": 1}
    assert not Session.objects.exists()
