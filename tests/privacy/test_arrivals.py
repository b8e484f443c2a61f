"""What another controller passes on: taken in once, and used only by whoever proves that address."""

import json
from datetime import date, timedelta
from threading import Barrier, Thread
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, connections, transaction
from django.test import Client, TestCase
from django.urls import reverse
from hypothesis import HealthCheck, settings
from hypothesis import given as examples
from hypothesis import strategies as st

from applications.actors import Actor
from applications.crypto import keyring
from applications.crypto.keyring import data_key_scope
from applications.errors import ProcessingRestricted
from applications.form_fields import FORM_FIELDS
from applications.models import (
    Application,
    AuditEntry,
    DataSubject,
    Identification,
    RestrictionGround,
)
from applications.personal import Purpose
from applications.selectors.people import answers, draft_of
from applications.services.burying import bury
from applications.services.drafts import open_draft, save_answers
from applications.services.processing import restrict
from privacy.errors import NothingThere
from privacy.models import Arrival, ArrivalStatus, OtherController
from privacy.portability import jws
from privacy.portability.document import FILE_TYPE, RECEIPT_TYPE
from privacy.portability.keys import jwks, signed
from privacy.portability.taking import fitting
from privacy.rights.erasure import take_leave
from privacy.services import arrivals
from tests import factories
from tests.clock import later
from tests.lenders import scene
from tests.privacy import elsewhere
from tests.privacy.elsewhere import compact, posted

pytestmark = [pytest.mark.thorough, pytest.mark.django_db(databases=scene.DATABASES)]
WORK = Purpose.HANDLE_APPLICATIONS


@pytest.fixture(autouse=True)
def _registered() -> None:
    elsewhere.controller()


@pytest.fixture
def document() -> dict[str, Any]:
    """Somebody's file, who is known at the other controller alone."""
    return about("zqxqz.new@piemers.lv")


def about(email: str, **changes: Any) -> dict[str, Any]:
    subject = factories.complete_draft(factories.subject(), **changes).subject
    made = elsewhere.document(subject)
    return made | {"data_subject": {"@type": "dpv:DataSubject", "email": email}}


def refused(document: dict[str, Any] | bytes) -> tuple[int, str]:
    """How a file is refused: the status, and the name of the problem."""
    body = document if isinstance(document, bytes) else compact(document)
    answer = posted(body)
    problem = json.loads(answer.body)
    assert problem["status"] == answer.status
    assert not Arrival.objects.exists()
    return answer.status, problem["type"].rpartition(":")[2]


@data_key_scope()
def given(subject: DataSubject) -> dict[str, Any]:
    draft = draft_of(subject.pk, purpose=WORK)
    return answers(draft, purpose=WORK) if draft else {}


@data_key_scope()
def take(arrival: Arrival, subject: DataSubject) -> tuple[int, int]:
    actor = Actor.consumer(subject.pk)
    return arrivals.take_in(arrival_id=arrival.pk, subject_id=subject.pk, language="lv", actor=actor)


def test_key_that_no_database_can_look_for_is_no_signature(document: dict[str, Any]) -> None:
    _head, payload, signature = compact(document).split(b".")
    for kid in ("\x00", "\ud800", "zqxqz", ""):
        header = json.dumps({"alg": "EdDSA", "kid": kid, "typ": FILE_TYPE}).encode()
        body = b".".join([jws.encode(header).encode(), payload, signature])
        assert refused(body) == (401, "not_signed")


def test_number_with_a_line_break_is_none(document: dict[str, Any]) -> None:
    assert refused(document | {"id": document["id"] + "\n"}) == (422, "not_of_the_format")


# --- taking in --------------------------------------------------------------------------------------------
def test_file_is_taken_in_once_and_receipted_the_same_however_often_it_comes(
    document: dict[str, Any],
) -> None:
    receipts = {posted(compact(document)).body for _ in range(3)}
    assert len(receipts) == 1
    word = json.loads(jws.payload_of(jws.read(receipts.pop(), typ=RECEIPT_TYPE), jwks()["keys"]))
    assert word["transfer"] == document["id"]
    arrival = Arrival.objects.get()
    assert arrival.expires_at - arrival.received_at == timedelta(days=30)
    assert AuditEntry.objects.filter(action="arrival.received").count() == 1


def test_it_waits_sealed_and_nobody_is_made_of_it(document: dict[str, Any]) -> None:
    before = DataSubject.objects.count(), Application.objects.count()
    posted(compact(document))
    assert (DataSubject.objects.count(), Application.objects.count()) == before
    with connection.cursor() as cursor:
        cursor.execute("SELECT content, address FROM privacy_arrival")
        stored = b"".join(map(bytes, cursor.fetchone()))
    assert len(stored) > 1000
    assert b"zqxqz" not in stored


def test_answer_does_not_tell_whether_somebody_is_known(document: dict[str, Any]) -> None:
    known = factories.subject()
    other = document | {"id": uuid4().urn, "data_subject": {"email": known.verified_email}}
    answers_ = [posted(compact(one)) for one in (document, other)]
    assert {one.status for one in answers_} == {202}


def test_other_file_under_the_same_number_is_refused(document: dict[str, Any]) -> None:
    posted(compact(document))
    answer = posted(compact(document | {"controller": {"@type": "dpv:DataController", "name": "x"}}))
    assert answer.status == 409
    assert Arrival.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"recipient": None}, "not_for_us"),
        ({"recipient": {"@type": "dpv:DataController", "name": "x", "endpoint": "https://x/"}}, "not_for_us"),
        ({"version": "2.0"}, "not_of_the_format"),
        ({"records": [{"kind": "identification", "id": "x", "values": {}}]}, "not_of_the_format"),
        ({"records": {}}, "not_of_the_format"),
        ({"data_subject": {"email": " "}}, "not_of_the_format"),
        ({"id": "urn:uuid:1"}, "not_of_the_format"),
        ({"issued_at": "2020-01-01T00:00:00Z"}, "stale"),
        ({"issued_at": "2999-01-01T00:00:00Z"}, "stale"),
        ({"issued_at": "2026-99-99T00:00:00Z"}, "stale"),
    ],
)
def test_file_that_is_not_as_agreed_is_refused(
    document: dict[str, Any], change: dict[str, Any], code: str
) -> None:
    assert refused(document | change) == (422, code)


def test_file_signed_by_nobody_in_the_register_is_refused(document: dict[str, Any]) -> None:
    body = compact(document)
    OtherController.objects.update(keys=[])
    assert refused(body) == (401, "unknown_key")


def test_sender_whose_papers_have_lapsed_is_refused(document: dict[str, Any]) -> None:
    body = compact(document)
    OtherController.objects.get().recipient.__class__.objects.update(active=False)
    assert refused(body) == (403, "not_in_the_register")


def test_changed_file_is_refused(document: dict[str, Any]) -> None:
    head, payload, signature = compact(document).split(b".")
    other = jws.encode(json.dumps(document | {"id": uuid4().urn}).encode()).encode()
    assert refused(b".".join([head, other, signature])) == (401, "not_signed")
    for broken in (b"", b"{}", b"a.b.c", payload, b"\xff", head + b".." + signature):
        assert refused(broken)[0] == 401


def test_file_in_which_a_name_stands_twice_is_refused(document: dict[str, Any]) -> None:
    text = json.dumps(document)
    twice = text[:-1] + ', "version": "1.0"}'
    assert refused(signed(twice.encode(), typ=FILE_TYPE).encode()) == (422, "not_of_the_format")


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@examples(where=st.sampled_from(["", "records", "handling", "data_subject", "recipient", "id", "issued_at",
                              "values", "email"]), what=ANYTHING)  # fmt: skip
def test_whatever_a_sender_writes_is_taken_in_or_refused(
    document: dict[str, Any], where: str, what: Any
) -> None:
    sent: Any = what
    if where == "values":
        sent = document | {"records": [{**document["records"][0], "values": {"loan.keyword": what}}]}
    elif where == "email":
        sent = document | {"data_subject": {"email": what}}
    elif where:
        sent = document | {where: what}
    body = signed(json.dumps(sent).encode(), typ=FILE_TYPE).encode()
    assert posted(body).status in {202, 409, 422}


def test_half_a_character_is_refused(document: dict[str, Any]) -> None:
    text = json.dumps(document | {"data_subject": {"email": "@"}}).replace('"@"', '"\\ud800@x"')
    assert refused(signed(text.encode(), typ=FILE_TYPE).encode()) == (422, "not_of_the_format")


def test_too_large_a_file_is_refused(monkeypatch: pytest.MonkeyPatch, document: dict[str, Any]) -> None:
    monkeypatch.setattr("privacy.portability_api.LARGEST", 100)
    assert refused(document) == (413, "too_large")


def test_nobody_fills_somebody_s_place(monkeypatch: pytest.MonkeyPatch, document: dict[str, Any]) -> None:
    monkeypatch.setattr(arrivals, "MOST_WAITING", 2)
    came = [posted(compact(document | {"id": uuid4().urn})).status for _ in range(3)]
    assert came == [202, 202, 429]


def test_get_is_not_answered(client: Client) -> None:
    assert client.get(elsewhere.TRANSFERS).status_code == 405


@pytest.mark.django_db(databases=scene.DATABASES, transaction=True)
def test_same_file_ten_times_at_once_is_one_arrival(second_connection: None) -> None:
    elsewhere.controller()
    body = compact(about("zqxqz.new@piemers.lv"))
    gate, statuses = Barrier(10), []

    def send() -> None:
        gate.wait()
        statuses.append(posted(body).status)
        connections.close_all()

    threads = [Thread(target=send) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [202] * 10
    assert Arrival.objects.count() == 1


# --- the person -------------------------------------------------------------------------------------------
def test_person_takes_it_into_their_draft(document: dict[str, Any]) -> None:
    posted(compact(document))
    subject = factories.subject("ZQXQZ.new@piemers.lv")
    arrival = Arrival.objects.get()
    taken, left = take(arrival, subject)
    assert (taken, left) == (len(factories.answers()), 0)
    assert given(subject) == factories.answers()


def test_what_was_typed_stays(document: dict[str, Any]) -> None:
    posted(compact(document))
    subject = factories.subject("zqxqz.new@piemers.lv")
    with data_key_scope():
        draft = open_draft(subject_id=subject.pk, language="lv", actor=Actor.consumer(subject.pk))
        typed = {"surname": "Cita", "amount_cents": 500_00}
        save_answers(application=draft, answers=typed, actor=Actor.consumer(subject.pk))
    take(Arrival.objects.get(), subject)
    assert given(subject) == factories.answers() | typed


def test_somebody_else_finds_nothing(document: dict[str, Any], client: Client) -> None:
    posted(compact(document))
    subject = factories.sign_in(client)
    arrival = Arrival.objects.get()
    with pytest.raises(NothingThere):
        take(arrival, subject)
    address = reverse("my_data:arrival", args=[arrival.pk])
    assert client.get(address).status_code == client.post(address, {"take": "yes"}).status_code == 404
    assert Arrival.objects.get().status == ArrivalStatus.WAITING
    assert "SIA Citur" not in client.get(reverse("applications:account")).text


def test_code_of_somebody_known_leads_nowhere_but_into_one_s_own_draft(document: dict[str, Any]) -> None:
    """The same personal code as somebody else's here: that person is not touched."""
    other = factories.complete_draft(factories.subject(), surname="Svešiniece")
    posted(compact(document))
    subject = factories.subject("zqxqz.new@piemers.lv")
    take(Arrival.objects.get(), subject)
    assert given(other.subject)["surname"] == "Svešiniece"
    assert Identification.objects.filter(subject=subject).count() == 1


def test_it_is_taken_once_and_its_key_is_destroyed(document: dict[str, Any]) -> None:
    body = compact(document)
    posted(body)
    subject, arrival = factories.subject("zqxqz.new@piemers.lv"), Arrival.objects.get()
    with TestCase.captureOnCommitCallbacks(execute=True):
        take(arrival, subject)
    with pytest.raises(NothingThere):
        take(arrival, subject)
    assert keyring.owners_with_keys([arrival.pk]) == set()
    assert posted(body).status == 202, "a replay finds its end"
    after = Arrival.objects.get()
    assert (after.status, after.address_index) == (ArrivalStatus.TAKEN_IN, None)


def test_file_that_a_restored_copy_brings_back_after_an_erasure_is_in_nobody_s_way(
    document: dict[str, Any], client: Client
) -> None:
    posted(compact(document))
    erased = factories.subject("zqxqz.new@piemers.lv")
    with transaction.atomic():
        take_leave(erased, but=uuid4())
        transaction.set_rollback(True)  # the copy has it all, and the keys are those of today
    bury([erased.pk])
    assert Arrival.objects.exists()
    factories.sign_in(client, "zqxqz.new@piemers.lv")
    assert "SIA Citur" not in client.get(reverse("applications:account")).text


def test_restricted_person_s_draft_is_not_written(document: dict[str, Any]) -> None:
    posted(compact(document))
    subject = factories.subject("zqxqz.new@piemers.lv")
    restrict(subject_id=subject.pk, ground=RestrictionGround.CLAIMS, actor=Actor.consumer(subject.pk))
    with pytest.raises(ProcessingRestricted):
        take(Arrival.objects.get(), subject)
    assert Arrival.objects.get().status == ArrivalStatus.WAITING


def test_pages_ask_show_and_take(document: dict[str, Any], client: Client) -> None:
    posted(compact(document))
    factories.sign_in(client, "zqxqz.new@piemers.lv")
    client.get(reverse("applications:resume"))
    assert "SIA Citur" in client.get(reverse("applications:step", args=["amount"])).text
    assert "SIA Citur" in client.get(reverse("applications:account")).text
    address = reverse("my_data:arrival", args=[Arrival.objects.get().pk])
    assert "Bērziņa" in client.get(address).text
    followed = client.post(address, {"take": "yes"}, follow=True)
    assert followed.request["PATH_INFO"] == reverse("applications:check")
    assert "SIA Citur" not in client.get(reverse("applications:account")).text


def test_pages_decline(document: dict[str, Any], client: Client) -> None:
    posted(compact(document))
    factories.sign_in(client, "zqxqz.new@piemers.lv")
    client.post(reverse("my_data:arrival", args=[Arrival.objects.get().pk]), {"take": "no"})
    assert Arrival.objects.get().status == ArrivalStatus.DECLINED
    assert not Application.objects.filter(subject__isnull=True).exists()


# --- the end ----------------------------------------------------------------------------------------------
def test_after_thirty_days_it_is_destroyed(document: dict[str, Any]) -> None:
    posted(compact(document))
    arrival = Arrival.objects.get()
    with later(days=29):
        assert arrivals.end_arrivals()["expired"] == 0
    with later(days=31):
        subject = factories.subject("zqxqz.new@piemers.lv")
        with pytest.raises(NothingThere):
            take(arrival, subject)
        assert arrivals.end_arrivals()["expired"] == 1
        arrivals.end_arrivals()
    after = Arrival.objects.get()
    assert (after.status, after.address_index) == (ArrivalStatus.EXPIRED, None)
    assert keyring.owners_with_keys([arrival.pk]) == set()


def test_ended_one_is_forgotten_long_after_no_replay_is_taken_any_more(document: dict[str, Any]) -> None:
    body = compact(document)
    posted(body)
    with later(days=31):
        arrivals.end_arrivals()
    with later(days=91):
        assert arrivals.end_arrivals()["forgotten"] == 1
        assert refused(body) == (422, "stale")


# --- what fits --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("birth_date", "2020-01-01"),
        ("birth_date", "nonsense"),
        ("birth_date", 7),
        ("amount_cents", "text"),
        ("amount_cents", 10**15),
        ("amount_cents", {"a": 1}),
        ("loan_purpose", "yacht"),
        ("phone", "12"),
        ("postcode", "LV-10"),
        ("valid_until", "2001-01-01"),
        ("surname", ["x"]),
    ],
)
def test_value_that_the_form_would_refuse_stays_out(name: str, value: Any) -> None:
    brought = {
        one: day.isoformat() if isinstance(day, date) else day for one, day in factories.answers().items()
    }
    taken = fitting({}, brought | {name: value})
    assert name not in taken
    assert len(taken) >= len(brought) - 4


def test_question_that_is_not_asked_takes_nothing() -> None:
    brought = {"income_type": "pension", "employer": "SIA X", "monthly_income_cents": 100_000}
    assert "employer" not in fitting({}, brought)


def test_everything_that_fits_is_a_question_of_the_form() -> None:
    assert fitting({}, {"nonsense": 1}) == {}
    assert fitting({}, dict.fromkeys(FORM_FIELDS)) == {}
