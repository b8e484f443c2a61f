"""Signing in from several browsers in the same moment."""

import pytest

from applications.errors import CodeExpired, TooManyCodes
from applications.models import ConsumerSession, DataSubject, EmailChallenge
from applications.services import accounts
from applications.services.code_limits import ADDRESS_HOUR
from tests import factories

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.django_db(databases=["default", "keys", "aside"], transaction=True),
]
NETWORK = "192.0.2.1"


def test_browsers_that_prove_a_new_address_at_once_get_one_data_subject() -> None:
    email = factories.address()
    asked = [factories.ask_for_code(email) for _ in range(ADDRESS_HOUR.most)]
    opened = factories.in_parallel(
        lambda number: accounts.sign_in(
            browser_token=asked[number].token, code=asked[number].code, network=NETWORK
        ),
        len(asked),
    )
    assert all(isinstance(one, accounts.Opened) for one in opened), opened
    assert DataSubject.objects.count() == 1
    assert ConsumerSession.objects.count() == len(asked)
    assert factories.orphan_keys() == set()


def test_code_posted_many_times_at_once_opens_one_session() -> None:
    asked = factories.ask_for_code(factories.address())
    opened = factories.in_parallel(
        lambda _: accounts.sign_in(browser_token=asked.token, code=asked.code, network=NETWORK),
        accounts.MAXIMUM_TRIES,
    )
    assert sum(isinstance(one, accounts.Opened) for one in opened) == 1, opened
    assert sum(isinstance(one, CodeExpired) for one in opened) == len(opened) - 1, opened
    assert ConsumerSession.objects.count() == 1


def test_guesses_made_at_once_are_five_at_most() -> None:
    asked = factories.ask_for_code(factories.address())
    guesses = factories.in_parallel(
        lambda number: accounts.sign_in(browser_token=asked.token, code=f"{number:05d}x", network=NETWORK), 20
    )
    expired = [one for one in guesses if isinstance(one, CodeExpired)]
    assert len(guesses) - len(expired) == accounts.MAXIMUM_TRIES
    assert EmailChallenge.objects.get().tries == accounts.MAXIMUM_TRIES


def test_codes_asked_for_at_once_are_limited_all_the_same() -> None:
    email, network = factories.address(), factories.network()
    asked = factories.in_parallel(
        lambda _: accounts.request_code(email=email, network=network, language="lv"), 20
    )
    refused = [one for one in asked if isinstance(one, TooManyCodes)]
    assert len(asked) - len(refused) == ADDRESS_HOUR.most, asked
    assert EmailChallenge.objects.count() == ADDRESS_HOUR.most
    assert factories.orphan_keys() == set()
