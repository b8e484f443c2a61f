"""An erasure from the ledger to the certificate: nothing is left, and what was done can be shown."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from uuid import UUID

import pytest
import redis
from django.conf import settings
from django.db import connection
from django.test import override_settings
from django.utils import timezone

from applications.actors import Actor
from applications.crypto import keyring
from applications.crypto.errors import KeyDestroyed
from applications.crypto.fields import BlindIndex
from applications.crypto.models import DataKey
from applications.models import (
    Application,
    DataSubject,
    EmailChallenge,
    LedgerEntry,
    OutboundMail,
    RestrictionGround,
)
from applications.services import ledger
from applications.services.processing import restrict
from applications.subject_data import outlives_its_subject
from lenders.models import DeletionNotice, Delivery, Submission
from privacy.datamap import doors, explain
from privacy.models import (
    Erasure,
    Exception17,
    Outcome,
    RecipientNotice,
    RequestEvent,
    RequestWords,
    Right,
    RightsRequest,
)
from privacy.request_attention import left_by_erasures
from privacy.request_texts import WAITS, trouble_text
from privacy.rights.notification import outcome_text
from privacy.rights.registry import module_of
from privacy.services import reminding, requests, running, searching
from privacy.services.ending import end_what_stayed
from privacy.services.requests import Kept
from privacy.states import RequestStatus
from tests import factories, role
from tests.clock import later
from tests.lenders import scene
from tests.planted import plant
from tests.privacy import rights

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.django_db(databases=scene.DATABASES),
]
S = RequestStatus
WORD = "qvxerika"


@pytest.fixture
def anna() -> DataSubject:
    return plant(WORD)


@pytest.fixture
def application(lenders: None) -> Application:
    """Received by two lenders."""
    found = scene.sent("atra", "leja")
    scene.taken_by_all(found)
    return found


def acknowledged(application: Application, word: str = "deleted", **more: object) -> None:
    """Every lender that is asked to delete answers."""
    for slug, prepared in scene.begun(application).items():
        submission = scene.submission_at(application, slug)
        scene.finish(prepared, scene.signed_reply(submission, scene.statement(submission, word, **more)))


def erased(subject: DataSubject) -> RightsRequest:
    """Whatever recipients do: after a while the law's clock lets nobody wait any longer."""
    request = rights.run(rights.approved(subject))
    with later(days=28):
        return rights.run(request)


# --- everything goes ---


def test_key_stays_until_the_disk_has_the_entry_of_the_ledger(monkeypatch):
    """A copy that is restored would have the person again, and nobody would know."""

    def full(*_):
        raise OSError(28, "no space left")

    subject = factories.subject()
    request = rights.approved(subject)
    with monkeypatch.context() as patched:
        patched.setattr("applications.ledger_file.append", full)
        for _time in range(2):
            RightsRequest.objects.filter(pk=request.pk).update(next_try_at=None)
            running.run(request.pk)
            with pytest.raises(ledger.LedgerUnwritable):
                ledger.write()
        waiting = rights.current(request)
        assert (waiting.step, waiting.trouble) == ("destroy_key", "ledger")
        assert trouble_text(waiting) == str(WAITS["ledger"])
        keyring.cipher_for(subject.pk)
    assert rights.run(request).status == S.COMPLETED
    assert LedgerEntry.objects.filter(kind="erased", about_id=subject.pk).count() == 1


def test_what_stayed_goes_only_once_the_ledger_has_it(application, monkeypatch):
    request = rights.approved(
        application.subject,
        kept=(Kept(application.pk, Exception17.CLAIMS, timezone.localdate() + timedelta(days=60)),),
    )
    rights.run(request)
    with later(days=28):
        request = rights.run(request)
    heir = request.kept[0]["heir"]
    with later(days=61):
        with monkeypatch.context() as patched:
            patched.setattr(ledger, "write", lambda: 0)  # another worker has the file
            with pytest.raises(ledger.LedgerUnwritable):
                end_what_stayed()
        keyring.cipher_for(UUID(heir))
        assert end_what_stayed() == {"applications": 1}
    with pytest.raises(KeyDestroyed):
        keyring.cipher_for(UUID(heir))


def test_nobody_known_to_lenders_is_erased_at_once():
    subject = factories.subject()
    request = rights.run(rights.approved(subject))
    assert (request.status, request.trouble) == (S.COMPLETED, "")
    assert [event for event in rights.events(request) if event.startswith("step_done")] == [
        f"step_done: {step}" for step in module_of(Right.ERASURE).STEPS[:-1]
    ]
    with pytest.raises(KeyDestroyed):
        keyring.cipher_for(subject.pk)


def test_nothing_of_a_person_with_a_row_in_every_model_is_left(anna):
    request = erased(anna)
    assert (request.status, request.trouble, request.erasure.residue) == (S.COMPLETED, "", [])
    left = {held.model for held in explain(anna) if not outlives_its_subject(held.model)}
    assert left == {DataSubject, RequestWords, OutboundMail}  # the tombstone, and the answer on its way
    assert {row.request_id for row in RequestWords.rows_of(anna)} == {request.pk}
    assert not EmailChallenge.objects.filter(address__isnull=False).exists()


def test_another_person_keeps_everything(anna):
    other = plant("zqxqzother")
    before = {held.model: held.count for held in explain(other)}
    erased(anna)
    assert {held.model: held.count for held in explain(other)} == before
    keyring.cipher_for(other.pk)


def test_address_may_come_again_as_somebody_new(anna):
    erased(anna)
    assert factories.subject(f"{WORD}@piemers.lv").pk != anna.pk


def test_certificate_counts_and_says_from_when_it_is_final(anna):
    request = erased(anna)
    erasure = request.erasure
    assert erasure.counts["lenders.Submission"] == 1
    assert erasure.final_by == timezone.localdate(erasure.certified_at) + timedelta(
        days=settings.MASTER_KEY_DAYS
    )
    [certificate, told] = module_of(Right.ERASURE).prove(request)
    words = " ".join(str(cell) for line in certificate.lines for cell in line)
    assert f"{erasure.final_by:%d.%m.%Y.}" in words
    assert [line[2] for line in told.lines] == [outcome_text(request.told.get())]


def test_certificate_is_final_once_the_master_key_of_that_time_is_destroyed(anna):
    request = erased(anna)
    keys = settings.MASTER_KEYS
    with override_settings(MASTER_KEYS={"later": next(iter(keys.values()))}):
        [certificate, _told] = module_of(Right.ERASURE).prove(request)
    words = " ".join(str(cell) for line in certificate.lines for cell in line)
    assert f"{request.erasure.final_by:%d.%m.%Y.}" not in words


def test_proof_says_nothing_of_the_person(anna):
    erased(anna)
    rows = [*Erasure.objects.values(), *RecipientNotice.objects.values(), *RequestEvent.objects.values()]
    rows += RightsRequest.objects.values()
    assert WORD not in json.dumps(rows, default=str).lower()


# --- recipients ---


def test_lenders_are_told_and_their_answers_stay_with_the_proof(application):
    request = rights.run(rights.approved(application.subject))
    assert (request.step, request.trouble) == ("wait", "recipients")
    assert set(DeletionNotice.objects.values_list("reason", flat=True)) == {"erasure"}
    acknowledged(application)
    request = rights.run(request)
    assert request.status == S.COMPLETED
    assert set(request.told.values_list("recipient", "outcome")) == {("atra", "deleted"), ("leja", "deleted")}
    assert not Submission.objects.exists()


def test_lender_that_keeps_says_why_and_until_when(application):
    request = rights.run(rights.approved(application.subject))
    acknowledged(application, "retained")
    request = rights.run(request)
    found = request.told.get(recipient="atra")
    assert (found.outcome, found.basis, found.until) == (
        Outcome.RETAINED, "money_laundering_prevention", date(2031, 11, 23),
    )  # fmt: skip


def test_lender_that_was_told_and_does_not_answer_is_waited_for_three_days(application):
    request = rights.run(rights.approved(application.subject))
    acknowledged(application, "pending")
    with later(days=2):
        assert rights.run(request).trouble == "recipients"
    with later(days=4):
        request = rights.run(request)
    assert request.status == S.COMPLETED
    assert set(request.told.values_list("outcome", flat=True)) == {Outcome.TOLD}


def test_lender_that_cannot_be_reached_is_left_to_staff(application):
    request = rights.run(rights.approved(application.subject))
    with later(days=9):
        assert rights.run(request).trouble == "recipients"
    with later(days=11):
        request = rights.run(request)
    assert request.status == S.COMPLETED
    assert set(request.told.values_list("outcome", flat=True)) == {Outcome.BY_HAND}


def test_near_its_last_day_a_request_waits_for_nobody(application):
    request = rights.approved(application.subject)
    with later(days=28):
        assert rights.run(request).trouble == "recipients"  # but for minutes, in which they can be told
    with later(days=28, minutes=11):
        assert rights.run(request).status == S.COMPLETED


def test_what_has_not_left_is_called_off(lenders):
    application = scene.sent("atra", "leja")
    request = rights.run(rights.approved(application.subject))
    assert request.status == S.COMPLETED
    assert not request.told.exists()
    assert not Delivery.objects.exists()


def test_restricted_person_who_asks_for_erasure_gets_it(application):
    restrict(
        subject_id=application.subject_id, ground=RestrictionGround.CLAIMS,
        actor=Actor.consumer(application.subject_id),
    )  # fmt: skip
    request = rights.run(rights.approved(application.subject))
    acknowledged(application)
    assert rights.run(request).status == S.COMPLETED


def test_copy_that_was_asked_for_comes_first(anna):
    access = rights.ask(anna, Right.ACCESS)
    erasure = rights.run(rights.approved(anna))
    assert (erasure.step, erasure.trouble) == ("ledger", "access_first")
    rights.run(access)
    assert rights.run(erasure).step == "ledger"  # others' data wait for the officer
    assert not Erasure.objects.filter(request=erasure).exists()


# --- what stands in the way ---


@pytest.fixture
def server() -> Iterator[redis.Redis]:
    """The Redis of this test, with something that nobody cleared away."""
    found = redis.Redis.from_url(settings.REDIS_URL)
    found.set("stale:page", f"for {WORD}@piemers.lv")
    yield found
    found.delete("stale:page")
    found.close()


def test_residue_holds_the_certificate_back_and_says_where(anna, server, monkeypatch):
    monkeypatch.setattr("applications.subject_data.SUBJECT_DATA.erase", lambda _subject: Counter())
    request = erased(anna)
    assert (request.status, request.step, request.trouble) == (S.RUNNING, "delete_rows", "residue")
    assert {"applications_application", "applications_image", "redis: stale"} <= set(request.erasure.residue)
    server.delete("stale:page")
    monkeypatch.undo()  # what stood in the way of deleting is mended: the next try deletes again
    done = rights.run(request)
    assert done.status == S.COMPLETED
    assert done.erasure.counts["applications.Image"] == 1


def test_every_table_is_read_through_once_a_day(anna):
    with role.superuser(), connection.cursor() as cursor:
        cursor.execute("CREATE TABLE stray (note text, raw bytea)")
        cursor.execute("INSERT INTO stray VALUES ('', %s)", [f"{WORD}@piemers.lv".encode()])
    request = erased(anna)
    assert (request.status, request.erasure.searched_all_at) == (S.COMPLETED, None)
    assert searching.search_everything() == {"erasures": 1, "left": 1}
    assert Erasure.objects.get(request=request).residue == ["stray"]
    assert request.reference in " ".join(flag.sentence for flag in left_by_erasures(timezone.now()))
    with role.superuser(), connection.cursor() as cursor:
        cursor.execute("DROP TABLE stray")
    assert searching.search_everything()["left"] == 0
    assert searching.search_everything()["erasures"] == 0
    assert Erasure.objects.get(request=request).residue == []
    assert RequestWords.objects.get(pk=request.pk).traces is None


def test_person_with_the_same_phone_and_code_is_no_residue(anna):
    plant("qvxother")  # the same answers, but for names
    request = erased(anna)
    searching.search_everything()
    assert Erasure.objects.get(request=request).residue == []


def test_residue_in_a_file_is_found(anna, tmp_path):
    (tmp_path / "photo.txt").write_text(f"{WORD}@piemers.lv")
    with override_settings(MEDIA_ROOT=str(tmp_path)):
        assert erased(anna).erasure.residue == ["files: photo.txt"]


# --- the person is answered, and what they wrote goes ---


def test_words_go_once_the_answer_is_out(anna):
    request = erased(anna)
    OutboundMail.objects.filter(owner_id=request.pk).update(status="sent")
    searching.search_everything()
    reminding.forget_words()
    assert not RequestWords.objects.exists()
    assert not OutboundMail.objects.filter(owner_id=request.pk).exists()
    assert not DataKey.objects.filter(owner_id=request.pk, wrapped__isnull=False).exists()
    assert rights.current(request).status == S.COMPLETED


# --- what stays ---


def test_application_under_an_exception_stays_unreadable_through_the_erased_person(application):
    scene.chosen(application, "atra")
    scene.say(scene.submission_at(application, "atra"), "contract_signed")
    kept = (Kept(application.pk, Exception17.CLAIMS, date(2027, 6, 1)),)
    request = rights.run(rights.approved(application.subject, kept=kept))
    acknowledged(application)
    with later(days=4):
        request = rights.run(request)
    assert (request.status, request.erasure.residue) == (S.COMPLETED, [])
    stays = Application.objects.select_related("subject", "identification").get(pk=application.pk)
    assert stays.subject_id != application.subject_id
    assert stays.subject.email is None
    assert stays.identification.given_name == "Canary-Māra"
    assert Submission.objects.filter(application=stays, subject=stays.subject).count() == 2
    with pytest.raises(KeyDestroyed):
        keyring.cipher_for(application.subject_id)


def test_only_an_own_application_can_stay(application):
    other = factories.subject()
    request = rights.ask(other)
    with pytest.raises(requests.NotKept):
        requests.approve(
            request_id=request.pk, actor=rights.OFFICER,
            kept=[Kept(application.pk, Exception17.CLAIMS, date(2027, 6, 1))],
        )  # fmt: skip


def test_no_blind_index_of_the_person_is_left(anna):
    columns = [
        (model, field.attname)
        for door in doors()
        for model in door.holders()
        for field in model._meta.concrete_fields
        if isinstance(field, BlindIndex)
    ]

    def digests() -> set[bytes]:
        return {
            bytes(found)
            for model, name in columns
            for found in model._default_manager.exclude(**{f"{name}__isnull": True}).values_list(
                name, flat=True
            )
        }

    before = digests()
    factories.subject()  # somebody else, who keeps theirs
    erased(anna)
    assert len(before) >= 3
    assert digests()
    assert not digests() & before
