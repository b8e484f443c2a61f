"""How many codes may be mailed to an address and asked for from a network, and what is said then."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import translation

from applications.errors import TooManyCodes
from applications.models import EmailChallenge, OutboundMail
from applications.services import accounts
from applications.services.code_limits import ADDRESS_DAY, ADDRESS_HOUR, NETWORK_HOUR
from applications.services.limits import HOUR, MINUTE
from tests import factories

pytestmark = [pytest.mark.thorough, pytest.mark.django_db(databases=["default", "keys", "aside"])]


def ask(email: str, network: str, times: int) -> None:
    for _ in range(times):
        accounts.request_code(email=email, network=network, language="lv")


def pass_time(**time: float) -> None:
    """Let every code so far be older."""
    EmailChallenge.objects.update(created_at=F("created_at") - timedelta(**time))


def ask_all_day(email: str) -> None:
    """As many codes as a day allows, in groups of four, three hours after one another."""
    for _ in range(0, ADDRESS_DAY.most, 4):
        pass_time(hours=3)
        ask(email, factories.network(), 4)


def refusal(email: str, network: str = "") -> str:
    with pytest.raises(TooManyCodes) as refused:
        ask(email, network or factories.network(), 1)
    return str(refused.value.sentence)


# --- an address within an hour --------------------------------------------------------------------------
def test_sixth_code_for_an_address_within_an_hour_is_refused() -> None:
    email = factories.address()
    ask(email, factories.network(), 5)
    assert refusal(email)
    assert OutboundMail.objects.count() == 5


def test_writing_the_address_in_capitals_does_not_pass_the_limit() -> None:
    email = factories.address()
    ask(email, factories.network(), 5)
    assert refusal(email.upper())


def test_an_hour_later_the_address_is_served_again() -> None:
    email = factories.address()
    ask(email, factories.network(), 5)
    pass_time(hours=1, seconds=1)
    assert factories.ask_for_code(email)


def test_codes_that_were_used_do_not_lock_their_owner_out() -> None:
    email = factories.address()
    for _ in range(ADDRESS_DAY.most):
        factories.session_token(email)
    assert factories.ask_for_code(email)


def test_wait_is_until_the_oldest_code_of_the_hour_is_no_longer_counted() -> None:
    email = factories.address()
    ask(email, factories.network(), 1)
    pass_time(minutes=40)
    ask(email, factories.network(), 4)
    pass_time(seconds=1)
    assert refusal(email) == ADDRESS_HOUR.sentence(20 * MINUTE)


# --- an address within a day ----------------------------------------------------------------------------
def test_thirteenth_code_for_an_address_within_a_day_is_refused_with_the_hours_to_wait() -> None:
    email = factories.address()
    ask_all_day(email)
    pass_time(hours=3)
    assert EmailChallenge.objects.count() == 12
    assert refusal(email) == ADDRESS_DAY.sentence((24 - 9) * HOUR)


def test_a_day_later_the_address_is_served_again() -> None:
    email = factories.address()
    ask_all_day(email)
    pass_time(days=1, seconds=1)
    assert factories.ask_for_code(email)


# --- a network ------------------------------------------------------------------------------------------
def test_thirty_first_code_from_a_network_is_refused_whatever_the_address() -> None:
    network = factories.network()
    for _ in range(30):
        ask(factories.address(), network, 1)
    pass_time(minutes=10)
    assert refusal(factories.address(), network) == NETWORK_HOUR.sentence(50 * MINUTE)
    assert factories.ask_for_code(factories.address())


def test_people_who_came_in_from_one_network_do_not_keep_others_out() -> None:
    network = factories.network()
    for _ in range(30):
        ask(factories.address(), network, 1)
    EmailChallenge.objects.update(consumed_at=F("created_at"))
    ask(factories.address(), network, 1)


# --- what is said ---------------------------------------------------------------------------------------
def test_of_several_limits_the_one_that_holds_longest_is_told() -> None:
    email, network = factories.address(), factories.network()
    for _ in range(30 - 4):
        ask(factories.address(), network, 1)
    pass_time(minutes=30)
    ask(email, network, 4)
    ask(email, factories.network(), 1)
    assert refusal(email, network) == ADDRESS_HOUR.sentence(60 * MINUTE)


@pytest.mark.parametrize("language", ["lv", "en", "ru"])
def test_each_limit_has_a_sentence_of_its_own_with_the_number(language: str) -> None:
    with translation.override(language):
        sentences = [limit.sentence(7 * limit.unit) for limit in (ADDRESS_HOUR, ADDRESS_DAY, NETWORK_HOUR)]
    assert len(set(sentences)) == 3
    assert all("7" in sentence for sentence in sentences)
