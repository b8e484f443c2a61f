"""Security signals: shown from a number on, of several people, within a time; never of whoever objected."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection, connections
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from applications.actors import STRANGER, Actor
from applications.crypto.keyring import data_key_scope
from applications.errors import CodeExpired, CodeRefused, SignInLocked, SignInRefused
from applications.models import Application, ConsumerSession, DataSubject, RestrictionGround, StaffUser
from applications.personal import Purpose
from applications.selectors.security_signals import (
    MOST,
    MOST_NAMED,
    RULES,
    Fact,
    Signal,
    counted_apart,
    facts,
    how_many,
)
from applications.services import accounts, audit
from applications.services.processing import object_to, restrict
from applications.services.staff_sign_in import accept_password
from privacy.datamap import doors
from tests import factories
from tests.clock import later

pytestmark = [pytest.mark.thorough, pytest.mark.django_db(databases=["default", "keys", "aside"])]
CODE, OTHER_CODE = "321234-56789", "329876-54321"
HOME, ELSEWHERE = "192.0.2.7", "198.51.100.7"
SECURITY = Purpose.INFORMATION_SECURITY


def seen(signal: Signal) -> list[Fact]:
    return facts(purpose=SECURITY)[signal]


def applied(people: int, code: str = CODE) -> list[Application]:
    """So many people, each with an application in which this personal code stands."""
    return [factories.sent_application(factories.subject(), personal_code=code) for _ in range(people)]


def came_from(network: str, people: int) -> list[DataSubject]:
    return [factories.subject(client_network=network) for _ in range(people)]


def guess(email: str, network: str) -> None:
    """Ask for a code and use it up with wrong tries."""
    asked = factories.ask_for_code(email, client_network=network)
    for _ in range(accounts.MAXIMUM_TRIES):
        with pytest.raises(CodeRefused):
            accounts.sign_in(browser_token=asked.token, code="none", network=network)


def knock(name: str, network: str) -> None:
    """One try at the staff's door with a wrong password."""
    with pytest.raises((SignInRefused, SignInLocked)):
        accept_password(username=name, password="wrong", network=network)


# --- one personal code in several accounts --------------------------------------------------------------
def test_code_of_enough_accounts_is_a_fact_that_names_their_applications() -> None:
    sent = applied(RULES[Signal.SAME_CODE].least)
    (fact,) = seen(Signal.SAME_CODE)
    assert (fact.times, fact.among) == (len(sent), len(sent))
    assert [one.number for one in fact.named] == [one.reference for one in reversed(sent)]
    assert {one.subject_id for one in fact.named} == {one.subject_id for one in sent}
    assert (fact.first, fact.last) == (sent[0].submitted_at, sent[-1].submitted_at)
    assert not fact.more


def test_code_of_fewer_accounts_is_none() -> None:
    applied(RULES[Signal.SAME_CODE].least - 1)
    assert seen(Signal.SAME_CODE) == []


def test_several_applications_of_one_account_count_once() -> None:
    owner = factories.subject()
    for _ in range(RULES[Signal.SAME_CODE].least):
        factories.sent_application(owner, personal_code=CODE)
    assert seen(Signal.SAME_CODE) == []


def test_several_accounts_with_codes_of_their_own_have_nothing_in_common() -> None:
    applied(RULES[Signal.SAME_CODE].least - 1)
    applied(1, OTHER_CODE)
    assert seen(Signal.SAME_CODE) == []


def test_spelling_of_the_code_does_not_hide_it() -> None:
    applied(1, CODE.replace("-", ""))
    applied(RULES[Signal.SAME_CODE].least - 1)
    assert len(seen(Signal.SAME_CODE)) == 1


def test_draft_is_no_business_of_staff() -> None:
    applied(RULES[Signal.SAME_CODE].least - 1)
    factories.complete_draft(factories.subject(), personal_code=CODE)
    assert seen(Signal.SAME_CODE) == []


def test_row_names_the_newest_applications_and_says_that_there_are_more() -> None:
    sent = applied(MOST_NAMED + 1)
    (fact,) = seen(Signal.SAME_CODE)
    assert fact.times == MOST_NAMED + 1
    assert sent[0].reference not in {one.number for one in fact.named}
    assert len(fact.named) == MOST_NAMED
    assert fact.more


# --- many accounts from one network ---------------------------------------------------------------------
def test_network_of_enough_accounts_is_a_fact_that_names_what_they_sent() -> None:
    people = came_from(HOME, RULES[Signal.SAME_NETWORK].least)
    sent = factories.sent_application(people[2])
    (fact,) = seen(Signal.SAME_NETWORK)
    assert (fact.times, fact.among) == (len(people), len(people))
    assert [one.number for one in fact.named] == [sent.reference]


def test_network_of_fewer_accounts_is_none() -> None:
    came_from(HOME, RULES[Signal.SAME_NETWORK].least - 1)
    came_from(ELSEWHERE, 1)
    assert seen(Signal.SAME_NETWORK) == []


def test_several_sessions_of_one_account_count_once() -> None:
    came_from(HOME, RULES[Signal.SAME_NETWORK].least - 1)
    email = factories.address()
    for _ in range(2):
        factories.subject(email, client_network=ELSEWHERE)
    assert seen(Signal.SAME_NETWORK) == []
    for _ in range(2):
        factories.subject(email, client_network=HOME)
    (fact,) = seen(Signal.SAME_NETWORK)
    assert (fact.among, fact.times) == (
        RULES[Signal.SAME_NETWORK].least,
        RULES[Signal.SAME_NETWORK].least + 1,
    )


def test_hosts_of_one_ipv6_subscriber_are_one_network() -> None:
    for host in range(RULES[Signal.SAME_NETWORK].least):
        factories.subject(client_network=f"2001:db8:0:1::{host + 1:x}")
    assert len(seen(Signal.SAME_NETWORK)) == 1


def test_sessions_from_networks_that_nobody_knows_have_nothing_in_common() -> None:
    came_from(HOME, RULES[Signal.SAME_NETWORK].least)
    ConsumerSession.objects.update(network_index=None)
    assert seen(Signal.SAME_NETWORK) == []


# --- guesses --------------------------------------------------------------------------------------------
def test_codes_used_up_from_one_network_are_a_fact_from_a_number_on() -> None:
    for number in range(RULES[Signal.CODES_FROM_NETWORK].least):
        assert seen(Signal.CODES_FROM_NETWORK) == []
        guess(f"victim{number}@piemers.lv", HOME)
    (fact,) = seen(Signal.CODES_FROM_NETWORK)
    assert fact.times == fact.among == RULES[Signal.CODES_FROM_NETWORK].least
    assert fact.named == ()
    assert seen(Signal.CODES_TO_ADDRESS) == []


def test_codes_to_one_address_that_were_used_up_are_a_fact_from_a_number_on() -> None:
    for number in range(RULES[Signal.CODES_TO_ADDRESS].least):
        assert seen(Signal.CODES_TO_ADDRESS) == []
        guess("victim@piemers.lv", f"198.51.100.{number}")
    (fact,) = seen(Signal.CODES_TO_ADDRESS)
    assert fact.times == fact.among == RULES[Signal.CODES_TO_ADDRESS].least
    assert seen(Signal.CODES_FROM_NETWORK) == []


def test_codes_with_tries_left_and_codes_that_led_in_are_no_guesses() -> None:
    for _ in range(RULES[Signal.CODES_TO_ADDRESS].least):
        asked = factories.ask_for_code("anna@piemers.lv", client_network=HOME)
        for _ in range(accounts.MAXIMUM_TRIES - 1):
            with pytest.raises(CodeRefused):
                accounts.sign_in(browser_token=asked.token, code="none", network=HOME)
        with data_key_scope():
            accounts.sign_in(browser_token=asked.token, code=asked.code, network=HOME)
        with pytest.raises(CodeExpired):
            accounts.sign_in(browser_token=asked.token, code="none", network=HOME)
    assert how_many(purpose=SECURITY) == dict.fromkeys(Signal, 0)


def test_tries_at_the_door_of_staff_from_one_network_are_a_fact_from_a_number_on() -> None:
    for number in range(RULES[Signal.STAFF_TRIES].least):
        assert seen(Signal.STAFF_TRIES) == []
        knock(f"name{number // 2}", HOME)
    (fact,) = seen(Signal.STAFF_TRIES)
    assert (fact.times, fact.among) == (RULES[Signal.STAFF_TRIES].least, RULES[Signal.STAFF_TRIES].least // 2)


def test_locks_of_one_account_are_a_fact_from_a_number_on() -> None:
    user = StaffUser.objects.create_user("ilze", is_staff=True)
    for number in range(RULES[Signal.STAFF_LOCKS].least):
        assert seen(Signal.STAFF_LOCKS) == []
        for _ in range(5):
            knock("ilze", f"198.51.100.{number}")
    (fact,) = seen(Signal.STAFF_LOCKS)
    assert (fact.times, fact.account) == (RULES[Signal.STAFF_LOCKS].least, str(user.pk))


def test_locks_of_names_that_nobody_has_are_of_no_account() -> None:
    for _ in range(RULES[Signal.STAFF_LOCKS].least):
        audit.record(actor=STRANGER, action="sign_in.locked")
    (fact,) = seen(Signal.STAFF_LOCKS)
    assert fact.account == ""


def look(person: UUID) -> None:
    """A member of staff, always the same, has somebody shown."""
    audit.record(actor=Actor.staff(7), action="application.revealed", subject_id=person)


def test_many_people_shown_to_one_account_are_a_fact_and_one_person_shown_often_is_none() -> None:
    person = uuid4()
    for _ in range(RULES[Signal.STAFF_LOOKS].least):
        look(person)
    assert seen(Signal.STAFF_LOOKS) == []
    for _ in range(RULES[Signal.STAFF_LOOKS].least - 1):
        look(uuid4())
    (fact,) = seen(Signal.STAFF_LOOKS)
    assert (fact.among, fact.account) == (RULES[Signal.STAFF_LOOKS].least, "7")


# --- the rights of people -------------------------------------------------------------------------------
def objects(person: DataSubject) -> None:
    object_to(subject_id=person.pk, purpose=SECURITY, actor=Actor.consumer(person.pk))


def is_restricted(person: DataSubject) -> None:
    restrict(subject_id=person.pk, ground=RestrictionGround.ACCURACY, actor=Actor.consumer(person.pk))


def is_erased(person: DataSubject) -> None:
    for door in doors():
        door.erase(person)


def is_a_tombstone_whose_rows_still_wait(person: DataSubject) -> None:
    DataSubject.objects.filter(pk=person.pk).update(erased_at=timezone.now())


RIGHTS = pytest.mark.parametrize(
    "uses_a_right", [objects, is_restricted, is_erased, is_a_tombstone_whose_rows_still_wait]
)


@RIGHTS
def test_person_with_a_right_in_the_way_counts_for_no_code(uses_a_right: Callable[..., None]) -> None:
    sent = applied(RULES[Signal.SAME_CODE].least + 1)
    uses_a_right(sent[0].subject)
    (fact,) = seen(Signal.SAME_CODE)
    assert (fact.among, len(fact.named)) == (len(sent) - 1, len(sent) - 1)
    assert sent[0].reference not in {one.number for one in fact.named}
    uses_a_right(sent[1].subject)
    assert seen(Signal.SAME_CODE) == []


@RIGHTS
def test_person_with_a_right_in_the_way_counts_for_no_network(uses_a_right: Callable[..., None]) -> None:
    people = came_from(HOME, RULES[Signal.SAME_NETWORK].least + 1)
    for person in people[:2]:
        factories.sent_application(person)
    uses_a_right(people[0])
    (fact,) = seen(Signal.SAME_NETWORK)
    assert fact.among == len(people) - 1
    assert {one.subject_id for one in fact.named} == {people[1].pk}
    uses_a_right(people[1])
    assert seen(Signal.SAME_NETWORK) == []


def test_objection_to_another_purpose_changes_nothing_here() -> None:
    sent = applied(RULES[Signal.SAME_CODE].least)
    person = sent[0].subject_id
    object_to(subject_id=person, purpose=Purpose.IMPROVE_SERVICE, actor=Actor.consumer(person))
    assert len(seen(Signal.SAME_CODE)) == 1


# --- time, order, bounds --------------------------------------------------------------------------------
def make(signal: Signal) -> None:
    """Just enough for a fact of this kind."""
    least = RULES[signal].least
    match signal:
        case Signal.SAME_CODE:
            applied(least)
        case Signal.SAME_NETWORK:
            came_from(HOME, least)
        case Signal.CODES_FROM_NETWORK | Signal.CODES_TO_ADDRESS:
            for _ in range(least):
                guess("victim@piemers.lv", HOME)
        case Signal.STAFF_TRIES:
            for number in range(least):
                knock(f"name{number}", HOME)
        case Signal.STAFF_LOCKS:
            for _ in range(least):
                audit.record(actor=STRANGER, action="sign_in.locked")
        case Signal.STAFF_LOOKS:
            for _ in range(least):
                look(uuid4())


@pytest.mark.parametrize("signal", Signal)
def test_fact_is_gone_when_its_time_is_over(signal: Signal) -> None:
    make(signal)
    period = timedelta(days=RULES[signal].days)
    with later(seconds=(period - timedelta(minutes=1)).total_seconds()):
        assert how_many(purpose=SECURITY)[signal] == len(seen(signal)) == 1
    with later(seconds=(period + timedelta(minutes=1)).total_seconds()):
        assert how_many(purpose=SECURITY)[signal] == len(seen(signal)) == 0


def test_newest_row_comes_first_whatever_its_numbers() -> None:
    applied(RULES[Signal.SAME_CODE].least + 2)
    applied(RULES[Signal.SAME_CODE].least, OTHER_CODE)
    newer, older = seen(Signal.SAME_CODE)
    assert newer.last > older.last
    assert newer.among < older.among


def test_rows_of_a_kind_are_bounded() -> None:
    for number in range(MOST + 1):
        user = StaffUser.objects.create_user(f"colleague{number}", is_staff=True)
        for _ in range(RULES[Signal.STAFF_LOCKS].least):
            audit.record(actor=STRANGER, action="sign_in.locked", row=user)
    assert len(seen(Signal.STAFF_LOCKS)) == MOST


def test_facts_are_read_and_nothing_is_written() -> None:
    for signal in set(Signal) - {Signal.CODES_TO_ADDRESS}:  # the codes of one network are of one address
        make(signal)
    with CaptureQueriesContext(connection) as asked:
        found = facts(purpose=SECURITY)
    assert all(len(rows) == 1 for rows in found.values())
    assert asked.captured_queries
    assert {query["sql"].split()[0] for query in asked.captured_queries} == {"SELECT"}


def test_facts_need_no_key_of_anybody() -> None:
    make(Signal.SAME_CODE)
    with CaptureQueriesContext(connections["keys"]) as asked:
        seen(Signal.SAME_CODE)
    assert asked.captured_queries == []


# --- after the index key was changed --------------------------------------------------------------------
OLD, NEW = {1: bytes(range(32))}, {2: bytes(range(1, 33))}


def test_what_was_entered_under_two_index_keys_is_counted_apart_and_said_to_be() -> None:
    with override_settings(INDEX_KEYS=OLD):
        applied(RULES[Signal.SAME_CODE].least - 1)
        assert not counted_apart()
    with override_settings(INDEX_KEYS=OLD | NEW):
        applied(1)
        assert seen(Signal.SAME_CODE) == []
        assert counted_apart()
        applied(RULES[Signal.SAME_CODE].least - 1)
        assert seen(Signal.SAME_CODE)[0].among == RULES[Signal.SAME_CODE].least
