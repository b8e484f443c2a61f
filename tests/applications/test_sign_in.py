"""Proving an e-mail address by a mailed code: what a code is good for, and what it is not."""

from datetime import timedelta
from typing import Any
from unittest import mock
from uuid import uuid4

import pytest
from django.utils import timezone

from applications.crypto import keyring
from applications.crypto.errors import DecryptionError
from applications.errors import CodeExpired, CodeRefused, LastTryUsed, TooManyCodes
from applications.models import AuditEntry, ConsumerSession, DataSubject, EmailChallenge, OutboundMail
from applications.services import accounts
from applications.services.code_limits import ADDRESS_HOUR
from applications.tokens import code_hash, token_hash
from tests import factories

pytestmark = pytest.mark.django_db(databases=["default", "keys", "aside"])
NETWORK = "192.0.2.1"


def challenge_of(asked: factories.Asked) -> EmailChallenge:
    return EmailChallenge.objects.get(browser_hash=token_hash(asked.token))


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


# --- codes ----------------------------------------------------------------------------------------------
def test_right_code_opens_a_session_of_the_address() -> None:
    email = factories.address()
    asked = factories.ask_for_code(email)
    accounts.sign_in(browser_token=asked.token, code=asked.code, network=NETWORK)
    assert ConsumerSession.objects.get().subject.email == email


def test_wrong_code_is_refused_and_opens_nothing() -> None:
    asked = factories.ask_for_code(factories.address())
    with pytest.raises(CodeRefused):
        accounts.sign_in(browser_token=asked.token, code=wrong(asked.code), network=NETWORK)
    assert not ConsumerSession.objects.exists()
    assert not DataSubject.objects.exists()


def test_right_code_still_works_on_the_fifth_try() -> None:
    asked = factories.ask_for_code(factories.address())
    for _ in range(accounts.MAXIMUM_TRIES - 1):
        with pytest.raises(CodeRefused):
            accounts.sign_in(browser_token=asked.token, code=wrong(asked.code), network=NETWORK)
    assert accounts.sign_in(browser_token=asked.token, code=asked.code, network=NETWORK)


def test_after_five_wrong_codes_the_right_one_is_dead() -> None:
    asked = factories.ask_for_code(factories.address())
    said = []
    for _ in range(accounts.MAXIMUM_TRIES):
        with pytest.raises(CodeRefused) as refused:
            accounts.sign_in(browser_token=asked.token, code=wrong(asked.code), network=NETWORK)
        said.append(refused.type)
    assert said == [CodeRefused] * (accounts.MAXIMUM_TRIES - 1) + [LastTryUsed]
    with pytest.raises(CodeExpired):
        accounts.sign_in(browser_token=asked.token, code=asked.code, network=NETWORK)


def test_code_whose_key_another_tab_has_destroyed_meanwhile_is_no_longer_valid(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = factories.ask_for_code(factories.address())
    counted = accounts._count_try

    def counted_and_overtaken(challenge: EmailChallenge) -> None:
        counted(challenge)
        keyring.destroy_key(challenge.pk)

    monkeypatch.setattr(accounts, "_count_try", counted_and_overtaken)
    with pytest.raises(CodeExpired):
        accounts.sign_in(browser_token=asked.token, code=asked.code, network=NETWORK)


def test_no_session_is_opened_for_a_person_erased_since_the_address_was_looked_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = factories.subject()
    ConsumerSession.objects.all().delete()
    asked = factories.ask_for_code(str(known.email))

    def looked_up_and_erased(_address: str, **_: Any) -> DataSubject:
        DataSubject.objects.filter(pk=known.pk).update(erased_at=timezone.now())
        return known

    monkeypatch.setattr(accounts, "subject_with_email", looked_up_and_erased)
    with pytest.raises(CodeExpired):
        accounts.sign_in(browser_token=asked.token, code=asked.code, network=NETWORK)
    assert not ConsumerSession.objects.exists()
    assert challenge_of(asked).consumed_at is None


def test_expired_code_is_refused() -> None:
    asked = factories.ask_for_code(factories.address())
    EmailChallenge.objects.update(expires_at=timezone.now())
    with pytest.raises(CodeExpired):
        accounts.sign_in(browser_token=asked.token, code=asked.code, network=NETWORK)


def test_code_lives_ten_minutes() -> None:
    before = timezone.now()
    challenge = challenge_of(factories.ask_for_code(factories.address()))
    assert timedelta(minutes=10) <= challenge.expires_at - before < timedelta(minutes=10, seconds=5)


def test_code_of_one_browser_is_worth_nothing_in_another() -> None:
    email = factories.address()
    first, second = factories.ask_for_code(email), factories.ask_for_code(email)
    code = first.code if first.code != second.code else wrong(second.code)
    with pytest.raises(CodeRefused):
        accounts.sign_in(browser_token=second.token, code=code, network=NETWORK)


def test_code_without_its_browser_is_worth_nothing() -> None:
    asked = factories.ask_for_code(factories.address())
    with pytest.raises(CodeExpired):
        accounts.sign_in(browser_token=asked.token[:-1], code=asked.code, network=NETWORK)


def test_used_code_opens_nothing_more() -> None:
    asked = factories.ask_for_code(factories.address())
    accounts.sign_in(browser_token=asked.token, code=asked.code, network=NETWORK)
    with pytest.raises(CodeExpired):
        accounts.sign_in(browser_token=asked.token, code=asked.code, network=NETWORK)
    assert ConsumerSession.objects.count() == 1


@pytest.mark.parametrize("code", ["", "00000", "0000000", "१२३४५६", "\x00", "' OR 1=1 --"])
def test_code_of_any_other_form_is_refused(code: str) -> None:
    asked = factories.ask_for_code(factories.address())
    with pytest.raises(CodeRefused):
        accounts.sign_in(browser_token=asked.token, code=code, network=NETWORK)


def test_new_code_leaves_the_older_one_usable_in_its_own_browser() -> None:
    email = factories.address()
    older = factories.ask_for_code(email)
    factories.ask_for_code(email)
    assert accounts.sign_in(browser_token=older.token, code=older.code, network=NETWORK)


# --- whose session it is --------------------------------------------------------------------------------
def test_known_address_gets_the_same_data_subject_again() -> None:
    email = factories.address()
    assert factories.subject(email) == factories.subject(email)


def test_case_and_spaces_of_the_address_do_not_make_another_person() -> None:
    email = factories.address()
    assert factories.subject(email) == factories.subject(f" {email.upper()} ")


def test_erased_person_proving_the_address_again_is_a_new_data_subject() -> None:
    email = factories.address()
    erased = factories.subject(email)
    DataSubject.objects.filter(pk=erased.pk).update(erased_at=timezone.now(), email_index=None)
    assert factories.subject(email) != erased


# --- what is kept ---------------------------------------------------------------------------------------
def test_code_is_not_kept_in_the_clear() -> None:
    asked = factories.ask_for_code(factories.address())
    challenge = challenge_of(asked)
    assert asked.code.encode() not in bytes(challenge.code_hash)
    assert len(bytes(challenge.code_hash)) == 32


def test_same_code_leaves_another_trace_in_another_challenge() -> None:
    assert code_hash("123456", uuid4()) != code_hash("123456", uuid4())


def test_browser_token_is_kept_as_a_hash_only() -> None:
    asked = factories.ask_for_code(factories.address())
    assert bytes(challenge_of(asked).browser_hash) == token_hash(asked.token)
    assert asked.token.encode() not in token_hash(asked.token)


def test_nothing_personal_is_kept_before_the_address_is_proved() -> None:
    factories.ask_for_code(factories.address())
    assert not DataSubject.objects.exists()


def test_challenge_cannot_be_read_after_the_sign_in() -> None:
    email = factories.address()
    asked = factories.ask_for_code(email)
    challenge = challenge_of(asked)
    sealed = EmailChallenge.objects.get(pk=challenge.pk)
    accounts.sign_in(browser_token=asked.token, code=asked.code, network=NETWORK)
    assert EmailChallenge.objects.get(pk=challenge.pk).address is None
    with pytest.raises(DecryptionError):
        _ = sealed.address


def test_mailed_code_cannot_be_read_after_the_sign_in() -> None:
    asked = factories.ask_for_code(factories.address())
    accounts.sign_in(browser_token=asked.token, code=asked.code, network=NETWORK)
    with pytest.raises(DecryptionError):
        _ = OutboundMail.objects.get().body


def test_session_keeps_the_network_it_was_opened_from_as_a_digest_alone() -> None:
    factories.subject(client_network="192.0.2.7")
    factories.subject(client_network="192.0.2.7")
    factories.subject(client_network="192.0.2.8")
    kept = [bytes(row.network_index) for row in ConsumerSession.objects.order_by("created_at")]
    assert kept[0] == kept[1] != kept[2]
    assert not [digest for digest in kept if b"192.0.2" in digest]


def test_network_of_a_session_cannot_be_matched_with_that_of_a_code() -> None:
    factories.subject(client_network="192.0.2.7")
    codes = {bytes(row.network_index) for row in EmailChallenge.objects.all()}
    assert bytes(ConsumerSession.objects.get().network_index) not in codes


def test_ipv6_session_is_of_its_64_network() -> None:
    for host in ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:3::1"):
        factories.subject(client_network=host)
    kept = [bytes(row.network_index) for row in ConsumerSession.objects.order_by("created_at")]
    assert kept[0] == kept[1] != kept[2]


def test_session_from_a_network_that_nobody_knows_is_of_none() -> None:
    asked = factories.ask_for_code(factories.address())
    accounts.sign_in(browser_token=asked.token, code=asked.code, network="")
    assert ConsumerSession.objects.get().network_index is None


# --- what is not ------------------------------------------------------------------------------------------
def test_refused_request_leaves_no_key_behind() -> None:
    email = factories.address()
    for _ in range(ADDRESS_HOUR.most):
        factories.ask_for_code(email)
    with pytest.raises(TooManyCodes):
        factories.ask_for_code(email)
    assert factories.orphan_keys() == set()


def test_request_that_fails_leaves_no_key_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts.mail, "compose", mock.Mock(side_effect=OSError))
    with pytest.raises(OSError):
        accounts.request_code(email=factories.address(), network=factories.network(), language="lv")
    assert not EmailChallenge.objects.exists()
    assert factories.orphan_keys() == set()


def test_browser_that_came_second_with_a_new_address_leaves_no_key_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    email = factories.address()
    first, asked = factories.subject(email), factories.ask_for_code(email)
    # The first was written between this browser's look and its own writing.
    monkeypatch.setattr(accounts, "subject_with_email", mock.Mock(side_effect=[None, first]))
    accounts.sign_in(browser_token=asked.token, code=asked.code, network=NETWORK)
    assert DataSubject.objects.get() == first
    assert factories.orphan_keys() == set()


def test_wrong_code_is_audited_without_the_code() -> None:
    asked = factories.ask_for_code(factories.address())
    with pytest.raises(CodeRefused):
        accounts.sign_in(browser_token=asked.token, code=wrong(asked.code), network=NETWORK)
    entry = AuditEntry.objects.get(action="sign_in.wrong_code")
    assert entry.object_id == str(challenge_of(asked).pk)
    assert entry.detail == {}
