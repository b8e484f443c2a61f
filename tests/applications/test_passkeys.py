"""Passkeys: what a browser signed counts for this account, this site and this question, and once."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from applications.errors import ProofRefused
from applications.models import AuditEntry, Passkey, SecondFactor, StaffUser
from applications.selectors.staff import enrolled_factor
from applications.services import passkeys, second_factor
from tests import factories
from tests.authenticator import SoftPasskey

pytestmark = pytest.mark.django_db(databases=["default", "keys", "aside"])
PASSWORD = "long-enough-passphrase"
HERE = {"HTTP_HOST": "localhost"}


@pytest.fixture
def factor() -> SecondFactor:
    user = StaffUser.objects.create_user("agent", password=PASSWORD, is_staff=True)
    return second_factor.factor_to_enrol(user=user)


def registered(factor: SecondFactor, name: str = "key") -> SoftPasskey:
    key = SoftPasskey()
    asked = passkeys.ask_to_register(factor=factor)
    answer = key.create(asked.options)
    passkeys.register(factor=factor, state=asked.state, answer=answer, name=name)
    return key


def prove(factor: SecondFactor, key: SoftPasskey, **lies: Any) -> None:
    asked = passkeys.ask_to_prove(factor=factor)
    passkeys.prove_by_passkey(factor=factor, state=asked.state, answer=key.get(asked.options, **lies))


LIES = [
    {"origin": "https://evil.example"},
    {"origin": "http://localhost.evil.example:80"},
    {"host": "evil.example"},
    {"challenge": b"c" * 32},
    {"kind": "webauthn.other"},
]


# --- enrolling --------------------------------------------------------------------------------------------
def test_passkey_enrols_the_account(factor: SecondFactor) -> None:
    registered(factor, "  Blue key  ")
    assert enrolled_factor(factor.user) == factor
    assert Passkey.objects.get().name == "Blue key"
    assert AuditEntry.objects.get(action="second_factor.enrolled").detail == {"way": "passkey"}


@pytest.mark.parametrize("lie", LIES, ids=str)
def test_passkey_made_for_something_else_is_refused(factor: SecondFactor, lie: dict[str, Any]) -> None:
    asked = passkeys.ask_to_register(factor=factor)
    answer = SoftPasskey().create(asked.options, **lie)
    with pytest.raises(ProofRefused):
        passkeys.register(factor=factor, state=asked.state, answer=answer, name="key")
    assert enrolled_factor(factor.user) is None


def test_passkey_of_one_account_is_not_enrolled_for_another(factor: SecondFactor) -> None:
    key = registered(factor)
    other = factories.enrol(StaffUser.objects.create_user("other", is_staff=True))
    asked = passkeys.ask_to_register(factor=other)
    with pytest.raises(ProofRefused):
        passkeys.register(factor=other, state=asked.state, answer=key.create(asked.options), name="key")


# --- proving ----------------------------------------------------------------------------------------------
def test_signature_of_an_enrolled_passkey_proves(factor: SecondFactor) -> None:
    key = registered(factor)
    prove(factor, key)
    assert Passkey.objects.get().last_used_at


@pytest.mark.parametrize("lie", [*LIES, {"flags": 0}], ids=str)
def test_signature_made_for_something_else_is_refused(factor: SecondFactor, lie: dict[str, Any]) -> None:
    key = registered(factor)
    with pytest.raises(ProofRefused):
        prove(factor, key, **lie)


def test_signature_of_another_key_is_refused(factor: SecondFactor) -> None:
    key, other = registered(factor), SoftPasskey()
    other.id = key.id
    with pytest.raises(ProofRefused):
        prove(factor, other)


def test_passkey_of_another_account_is_refused(factor: SecondFactor) -> None:
    registered(factor)
    other = second_factor.factor_to_enrol(user=StaffUser.objects.create_user("other", is_staff=True))
    with pytest.raises(ProofRefused):
        prove(factor, registered(other))


def test_copy_of_a_passkey_is_refused_by_its_counter(factor: SecondFactor) -> None:
    key = registered(factor)
    key.count = 7
    prove(factor, key)
    for count in (7, 3, 0):
        key.count = count
        with pytest.raises(ProofRefused):
            prove(factor, key)


def test_passkey_that_never_counts_is_not_taken_for_a_copy(factor: SecondFactor) -> None:
    key = registered(factor)
    key.count = 0
    for _ in range(2):
        prove(factor, key)


def test_answer_without_a_question_is_refused(factor: SecondFactor) -> None:
    answer = registered(factor).get(passkeys.ask_to_prove(factor=factor).options)
    with pytest.raises(ProofRefused):
        passkeys.prove_by_passkey(factor=factor, state=None, answer=answer)


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(answer=st.one_of(st.text(), st.recursive(st.text(), st.lists).map(repr), st.just("{" * 30_000)))
def test_whatever_is_sent_in_place_of_an_answer_is_refused(factor: SecondFactor, answer: str) -> None:
    asked = passkeys.ask_to_prove(factor=factor)
    with pytest.raises(ProofRefused):
        passkeys.prove_by_passkey(factor=factor, state=asked.state, answer=answer)
    with pytest.raises(ProofRefused):
        passkeys.register(factor=factor, state=asked.state, answer=answer, name="key")


# --- on the pages -----------------------------------------------------------------------------------------
def log_in(**options: Any) -> Client:
    client = Client(**options)
    client.post(reverse("admin:login"), {"username": "agent", "password": PASSWORD})
    return client


def test_page_asks_for_the_passkey_and_its_question_counts_once(factor: SecondFactor) -> None:
    key = registered(factor)
    client, second = log_in(**HERE), reverse("admin:second_factor")
    options = client.get(second).context["passkey_options"]
    answer = {"proof_way": "passkey", "proof_credential": key.get(options)}
    wrong = client.post(second, answer | {"proof_credential": "{}"})
    assert wrong.context["refusal"]
    assert client.post(second, answer).context["refusal"]  # the question before that is gone
    options = client.get(second).context["passkey_options"]
    answer["proof_credential"] = key.get(options)
    assert client.post(second, answer)["Location"] == reverse("admin:index")


def test_new_account_enrols_a_passkey_on_its_way_in(factor: SecondFactor) -> None:
    client, enrol = log_in(**HERE), reverse("admin:enrol_passkey")
    options = client.get(enrol).context["passkey_options"]
    page = client.post(enrol, {"name": "key", "proof_credential": SoftPasskey().create(options)})
    assert len(page.context["codes"]) == 10
    assert client.get(reverse("admin:index")).status_code == 200


def test_passkey_is_not_offered_at_another_address_of_the_site(factor: SecondFactor) -> None:
    registered(factor)
    page = log_in(HTTP_HOST="127.0.0.1").get(reverse("admin:second_factor"))
    assert not page.context["passkey_options"]
    assert page.context["passkeys_elsewhere"]
