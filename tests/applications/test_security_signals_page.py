"""The page of security signals: for whom it is, what it says and does not say, who learns of its opening."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import Client, override_settings
from django.urls import reverse

from applications.actors import STRANGER, Actor
from applications.models import (
    Application,
    AuditEntry,
    ConsumerSession,
    DataSubject,
    Identification,
    StaffUser,
)
from applications.personal import Purpose
from applications.selectors.security_signals import MOST_NAMED, RULES, Signal
from applications.selectors.who_saw import OPENED, Sight, who_saw
from applications.services import audit
from applications.services.processing import object_to
from applications.services.security_signals import PAGE_SEEN, PERSON_SEEN
from tests import factories
from tests.applications.pages import Elements
from tests.clock import later
from tests.privacy import dpo

pytestmark = [pytest.mark.thorough, pytest.mark.django_db(databases=["default", "keys", "aside"])]
PAGE = reverse("admin:applications_security_signals")
INDEX = reverse("admin:index")
ENGLISH = {"Accept-Language": "en"}
CODE, NETWORK = "321234-56789", "192.0.2.77"
# What is known of the people below, and is on no page of staff.
PERSONAL = (CODE, CODE.replace("-", ""), NETWORK, "@piemers.lv", "Anna", "Bērziņa", "saulīte", "+37121234567")


@pytest.fixture
def officer() -> Client:
    return dpo.dpo()


@pytest.fixture
def sent() -> list[Application]:
    """Applications of so many people as make one personal code a fact."""
    people = [factories.subject(client_network=NETWORK) for _ in range(RULES[Signal.SAME_CODE].least)]
    return [factories.sent_application(person, personal_code=CODE) for person in people]


@pytest.fixture
def crowd(sent: list[Application]) -> list[Application]:
    """The same, and so many more from their network, who sent nothing, as make that a fact as well."""
    for _ in range(RULES[Signal.SAME_NETWORK].least - len(sent)):
        factories.subject(client_network=NETWORK)
    return sent


def sights(person: DataSubject) -> list[Sight]:
    return who_saw(person.pk, purpose=Purpose.DATA_SUBJECT_RIGHTS)


def links(page: str) -> set[str]:
    return {str(attributes.get("href")) for tag, attributes in Elements(page).found if tag == "a"}


def address_of(application: Application) -> str:
    return reverse("admin:applications_application_change", args=[application.pk])


# --- who may open it ------------------------------------------------------------------------------------
def test_page_is_for_those_alone_who_were_given_it(officer: Client) -> None:
    assert officer.get(PAGE).status_code == 200
    assert dpo.support().get(PAGE).status_code == 403
    assert PAGE in links(officer.get(INDEX).text)


def test_page_that_was_refused_has_been_seen_by_nobody(sent: list[Application]) -> None:
    dpo.support().get(PAGE)
    assert not AuditEntry.objects.filter(action__in=(PAGE_SEEN, PERSON_SEEN)).exists()


def test_page_is_read_and_takes_nothing(officer: Client) -> None:
    assert officer.post(PAGE).status_code == 405


# --- what it says ---------------------------------------------------------------------------------------
def test_page_says_that_these_are_facts_and_what_they_can_innocently_mean(officer: Client) -> None:
    page = officer.get(PAGE, headers=ENGLISH).text
    assert "These are facts and no verdict." in page
    assert page.count("What it can innocently mean") == page.count("What to do") == len(Signal)
    assert page.count("Nothing of this kind.") == len(Signal)


def test_rows_lead_to_the_applications_by_their_numbers(officer: Client, sent: list[Application]) -> None:
    page = officer.get(PAGE).text
    assert {address_of(one) for one in sent} <= links(page)
    assert all(one.reference in page for one in sent)


def test_number_is_no_link_for_whoever_may_not_open_it(sent: list[Application]) -> None:
    page = dpo.staff("auditor", ["view_security_signals"]).get(PAGE).text
    assert sent[0].reference in page
    assert address_of(sent[0]) not in links(page)


def test_account_of_a_colleague_is_a_number(officer: Client) -> None:
    user = StaffUser.objects.create_user("ilzeskolins", is_staff=True)
    for _ in range(RULES[Signal.STAFF_LOCKS].least):
        audit.record(actor=STRANGER, action="sign_in.locked", row=user)
    page = officer.get(PAGE).text
    assert f"<td>{user.pk}</td>" in page
    assert "ilzeskolins" not in page


def test_nothing_personal_and_no_digest_is_on_the_page(officer: Client, crowd: list[Application]) -> None:
    page = officer.get(PAGE).text
    assert [value for value in (*PERSONAL, *digests()) if value in page] == []
    assert not [one for one in crowd if str(one.subject_id) in page or one.subject.customer_reference in page]


def test_nothing_personal_and_no_digest_is_in_the_audit(officer: Client, crowd: list[Application]) -> None:
    officer.get(PAGE)
    entries = AuditEntry.objects.filter(action__in=(PAGE_SEEN, PERSON_SEEN)).values()
    assert len(entries) > 1
    assert [value for value in (*PERSONAL, *digests()) if value in str(list(entries))] == []


def digests() -> Iterator[str]:
    """Every digest that the facts are counted by, as text."""
    for row in ConsumerSession.objects.all():
        yield bytes(row.network_index).hex()
    for one in Identification.objects.all():
        yield bytes(one.personal_code_index).hex()


def test_page_says_when_values_may_be_counted_apart(officer: Client) -> None:
    sentence = "The key of the digests was changed."
    assert sentence not in officer.get(PAGE, headers=ENGLISH).text
    both = {**settings.INDEX_KEYS, 99: bytes(32)}
    with override_settings(INDEX_KEYS=both):
        assert sentence in officer.get(PAGE, headers=ENGLISH).text


# --- what the index says --------------------------------------------------------------------------------
def test_index_says_that_there_is_something_to_look_at_and_of_nobody(
    officer: Client, crowd: list[Application]
) -> None:
    response = officer.get(INDEX, headers=ENGLISH)
    [flags] = [one["flags"] for one in response.context["waiting"] if one["page"].url == PAGE]
    assert [flag.sentence for flag in flags] == [
        f"{Signal.SAME_CODE.label}: 1",
        f"{Signal.SAME_NETWORK.label}: 1",
    ]
    assert {f"{PAGE}#{Signal.SAME_CODE}", f"{PAGE}#{Signal.SAME_NETWORK}"} <= links(response.text)
    assert not [value for value in (*PERSONAL, crowd[0].reference) if value in response.text]


def test_index_is_silent_where_there_is_nothing_and_for_whoever_may_not_look(
    officer: Client, sent: list[Application]
) -> None:
    person = sent[0].subject_id
    object_to(subject_id=person, purpose=Purpose.INFORMATION_SECURITY, actor=Actor.consumer(person))
    waiting = officer.get(INDEX).context["waiting"]
    assert PAGE not in {one["page"].url for one in waiting}
    others = dpo.support().get(INDEX).context["waiting"]
    assert PAGE not in {one["page"].url for one in others}


def test_flag_on_the_index_is_no_opening(officer: Client, sent: list[Application]) -> None:
    officer.get(INDEX)
    assert sights(sent[0].subject) == []


# --- who learns of it -----------------------------------------------------------------------------------
def test_opening_is_in_the_audit_with_its_numbers(officer: Client, crowd: list[Application]) -> None:
    officer.get(PAGE)
    entry = AuditEntry.objects.get(action=PAGE_SEEN)
    assert entry.actor_identifier == str(StaffUser.objects.get(username="dpo").pk)
    assert entry.subject_id is None
    rows = dict.fromkeys(Signal.values, 0) | {"same_code": 1, "same_network": 1}
    assert entry.detail == {"people": len(crowd), **rows}


def test_everybody_who_is_named_reads_that_they_were_seen(officer: Client, crowd: list[Application]) -> None:
    officer.get(PAGE)
    for one in crowd:
        (sight,) = sights(one.subject)
        assert sight.staff
    entry = AuditEntry.objects.get(action=PERSON_SEEN, subject_id=crowd[0].subject_id)
    assert entry.detail == {"signals": ["same_code", "same_network"]}


def test_sight_has_words_of_its_own_in_the_account(officer: Client, sent: list[Application]) -> None:
    officer.get(PAGE)
    (sight,) = sights(sent[0].subject)
    assert sight.what == (str(OPENED["security_signal"]),)


def test_reloading_tells_nobody_again_that_day_and_another_colleague_does(
    officer: Client, sent: list[Application]
) -> None:
    for _ in range(3):
        officer.get(PAGE)
    assert AuditEntry.objects.filter(action=PAGE_SEEN).count() == 3
    assert len(sights(sent[0].subject)) == 1
    dpo.staff("colleague", ["view_security_signals"]).get(PAGE)
    assert len(sights(sent[0].subject)) == 2


def test_next_day_it_is_told_anew(officer: Client, sent: list[Application]) -> None:
    officer.get(PAGE)
    with later(days=1, minutes=1):
        client = Client()
        factories.sign_in_staff(client, StaffUser.objects.get(username="dpo"))
        client.get(PAGE)
    assert len(sights(sent[0].subject)) == 2


def test_nobody_is_told_who_is_not_named(officer: Client) -> None:
    people = [factories.subject(client_network=NETWORK) for _ in range(MOST_NAMED + 2)]
    sent = [factories.sent_application(person) for person in people[1:]]  # the first one sent nothing
    officer.get(PAGE)
    told = set(AuditEntry.objects.filter(action=PERSON_SEEN).values_list("subject_id", flat=True))
    assert told == {one.subject_id for one in sent[-MOST_NAMED:]}
