"""The drill: yesterday's copy is restored. The erased stay erased, the restricted stay restricted, and nobody
else lost anything that was in the copy."""

import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import redis
from django.conf import settings
from django.test import Client
from django.utils import timezone

from applications.actors import Actor
from applications.crypto import keyring
from applications.crypto.errors import KeyDestroyed
from applications.crypto.keyring import data_key_scope
from applications.errors import ProcessingRestricted, SubjectErased
from applications.models import (
    Application,
    AuditEntry,
    Consent,
    ConsumerSession,
    DailyJob,
    DataSubject,
    LedgerEntry,
    LedgerKind,
    Objection,
    Restriction,
    RestrictionGround,
    WorkerHeartbeat,
)
from applications.personal import Purpose
from applications.selectors.permission import require, standing_restrictions
from applications.selectors.set_back import Obstacle
from applications.services import operations, sealing
from applications.services.processing import lift_restriction, object_to, restrict, withdraw_consent
from applications.subject_data import outlives_its_subject
from applications.sweeper import run_once, sweeper
from applications.tasks import run_daily_jobs
from joinbaltic.backups import postgres
from joinbaltic.backups.manifest import DUMP
from joinbaltic.unless_set_back import UnlessSetBack
from lenders.models import Delivery, Offer
from lenders.tasks import dispatch
from privacy.datamap import doors, explain
from privacy.models import Exception17, Right, RightsRequest
from privacy.services.replaying import replay
from privacy.services.requests import Kept
from privacy.states import RequestStatus
from tests import factories, restoring, services
from tests.clock import later
from tests.lenders import scene
from tests.planted import plant
from tests.privacy import rights
from tests.restoring import Place, look_again

pytestmark = [pytest.mark.django_db(transaction=True, databases=scene.DATABASES), pytest.mark.slow]
SYSTEM_OF_TESTS = Actor.staff(1)
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def place(transactional_db: None, tmp_path: Path, settings: Any) -> Iterator[Place]:
    settings.AUDIT_HEADS = str(tmp_path / "heads.log")
    with restoring.own_databases(tmp_path) as found:
        yield found


@dataclass
class People:
    """Who there is when the copies are made."""

    erased: DataSubject
    restricted: DataSubject
    freed: DataSubject
    withdrawn: DataSubject
    objecting: DataSubject
    bystander: DataSubject
    kept: Application
    main: Path
    keys: Path
    exported: Any


@data_key_scope()
def exports(subject: DataSubject) -> Any:
    """Everything that a person gets when they ask for a copy."""
    purpose = Purpose.DATA_SUBJECT_RIGHTS
    return [
        (row.model._meta.label, row.row_id, {name: str(value) for name, value in row.values.items()})
        for door in doors()
        for row in door.export(subject, purpose=purpose)
        if row.model is not ConsumerSession  # whoever was signed in signs in anew
    ]


def yesterday(place: Place) -> People:
    """People, and copies of both databases."""
    erased, bystander = plant("qvxerased"), plant("zqxqzbystander")
    restricted, freed, withdrawn, objecting = (scene.sent("atra", "leja").subject for _number in range(4))
    restrict(subject_id=freed.pk, ground=RestrictionGround.CLAIMS, actor=Actor.consumer(freed.pk))
    kept = Application.objects.get(subject=erased)
    restoring.written_down()
    main, keys = place.back_up(), place.back_up_keys()
    return People(
        erased, restricted, freed, withdrawn, objecting, bystander, kept, main, keys, exports(bystander)
    )


def today(people: People, *, kept: tuple[Kept, ...] = ()) -> DataSubject:
    """What happens after the copies were made; somebody who came since is returned."""
    request = rights.run(rights.approved(people.erased, kept=kept))
    redis.Redis.from_url(settings.REDIS_URL).flushdb()  # rings for a worker that these tests have not
    with later(days=28):
        request = rights.run(request)
    assert request.status == RequestStatus.COMPLETED, (request.trouble, request.erasure.residue)
    restrict(
        subject_id=people.restricted.pk, ground=RestrictionGround.ACCURACY,
        actor=Actor.consumer(people.restricted.pk),
    )  # fmt: skip
    for standing in standing_restrictions().filter(subject=people.freed):
        lift_restriction(restriction_id=standing.pk, actor=SYSTEM_OF_TESTS)
    consent = Consent.objects.get(subject=people.withdrawn, purpose=Purpose.PASS_TO_LENDERS)
    withdraw_consent(
        consent_id=consent.pk, subject_id=people.withdrawn.pk, actor=Actor.consumer(people.withdrawn.pk)
    )
    object_to(
        subject_id=people.objecting.pk, purpose=Purpose.IMPROVE_SERVICE,
        actor=Actor.consumer(people.objecting.pk),
    )  # fmt: skip
    new = scene.sent("atra").subject
    restoring.written_down()
    sealing.publish_head()
    return new


def restore_yesterday(place: Place, people: People) -> str:
    """The main database is lost; the keys are not."""
    place.lose("default")
    return place.run("restore", main=str(people.main))


def restore_yesterday_with_keys(place: Place, people: People) -> str:
    """Both are lost."""
    place.lose("default", "keys")
    return place.run("restore", main=str(people.main), keys=str(people.keys))


def last_erasure(people: People) -> RightsRequest:
    done = RightsRequest.objects.filter(subject=people.erased, right=Right.ERASURE, status="completed")
    return done.select_related("erasure").get()


def standing(people: People) -> Any:
    """Everything that the drill is about, to be compared."""
    there = [people.restricted, people.freed, people.withdrawn, people.objecting, people.bystander]

    def facts(model: Any, *columns: str) -> Any:
        return sorted(model.objects.filter(subject__in=there).values_list(*columns), key=str)

    return {
        "erased": {held.model._meta.label: held.count for held in explain(people.erased)},
        "restrictions": facts(Restriction, "subject", "ground", "since", "lifted_at"),
        "objections": facts(Objection, "subject", "purpose", "made_at"),
        "consents": facts(Consent, "pk", "withdrawn_at"),
        "exports": exports(people.bystander),
        "requests": sorted(RightsRequest.objects.values_list("pk", "status"), key=str),
    }


def nobody_is_served() -> None:
    """Every way in is shut."""
    assert look_again() is Obstacle.SET_BACK
    client = Client()
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()["ledger"]) == (503, Obstacle.SET_BACK.sentence)
    for path in ("/lv/", "/admin/", "/lv/my-data/", "/nowhere/"):
        page = client.get(path)
        assert (page.status_code, page["Retry-After"]) == (503, "120"), path
    call = client.post("/api/lenders/v1/atra/callbacks/", b"{}", content_type="application/json")
    assert (call.status_code, call["Content-Type"]) == (503, "application/problem+json")
    assert client.get("/livez").status_code == 200
    due = list(Delivery.objects.filter(status="due").values_list("pk", "fence", "lease_until"))
    assert isinstance(run_daily_jobs, UnlessSetBack)
    jobs = list(DailyJob.objects.values_list("name", "started_at"))
    for sweep in sweeper.sweeps:
        run_once(sweep)
    run_daily_jobs()
    dispatch(str(uuid4()))
    assert list(Delivery.objects.filter(status="due").values_list("pk", "fence", "lease_until")) == due
    assert list(DailyJob.objects.values_list("name", "started_at")) == jobs
    assert not WorkerHeartbeat.objects.exists()


def everybody_is_as_before(people: People) -> None:
    erased = DataSubject.objects.get(pk=people.erased.pk)
    assert erased.erased_at is not None
    with pytest.raises(KeyDestroyed):
        keyring.cipher_for(erased.pk)
    left = {held.model for held in explain(erased) if not outlives_its_subject(held.model)}
    assert left <= {DataSubject}
    with pytest.raises(SubjectErased):
        require(erased.pk, Purpose.DATA_SUBJECT_RIGHTS)
    with pytest.raises(ProcessingRestricted):
        require(people.restricted.pk, Purpose.PASS_TO_LENDERS)
    assert not standing_restrictions().filter(subject=people.freed).exists()
    assert Restriction.objects.get(subject=people.freed).lifted_at is not None
    assert Consent.objects.get(subject=people.withdrawn, purpose=Purpose.PASS_TO_LENDERS).withdrawn_at
    assert Objection.objects.filter(subject=people.objecting).count() == 1
    assert exports(people.bystander) == people.exported
    assert look_again() is None
    assert Client().get("/lv/").status_code == 200


# --- with the keys of today ---


def test_yesterdays_copy_with_todays_keys(place: Place, lenders: None) -> None:
    people = yesterday(place)
    new = today(people)
    restore_yesterday(place, people)
    nobody_is_served()
    assert DataSubject.objects.get(pk=people.erased.pk).erased_at is None  # this is what is at stake
    with pytest.raises(KeyDestroyed):  # the key stayed where it was, in another database
        keyring.cipher_for(people.erased.pk)

    assert "erased: 1" in place.run("replay_erasures", dry_run=True)
    nobody_is_served()
    assert "the product serves again" in place.run("replay_erasures")
    everybody_is_as_before(people)
    assert not DataSubject.objects.filter(pk=new.pk).exists()  # nothing brings back what no copy holds
    assert keyring.owners_with_keys([new.pk]) == {new.pk}

    before = standing(people)
    assert place.run("replay_erasures") == "Nothing is missing."
    assert standing(people) == before


def test_what_was_decided_has_its_own_moment_and_the_register_its_request_again(
    place: Place, lenders: None
) -> None:
    people = yesterday(place)
    today(people)
    request, before = last_erasure(people), standing(people)
    restore_yesterday(place, people)
    assert not RightsRequest.objects.filter(pk=request.pk).exists()
    place.run("replay_erasures")
    after = standing(people)
    for what in ("restrictions", "objections", "consents"):
        assert after[what] == before[what]
    again = last_erasure(people)
    assert (again.pk, again.reference, again.due_on) == (request.pk, request.reference, request.due_on)
    assert again.erasure.certified_at is not None
    assert again.erasure.counts["lenders.Submission"] == 1


def test_replay_is_on_record_and_everybody_signs_in_anew(place: Place, lenders: None) -> None:
    people = yesterday(place)
    today(people)
    restore_yesterday(place, people)
    place.run("replay_erasures")
    entry = AuditEntry.objects.get(action="ledger.replayed")
    assert {name: entry.detail[name] for name in ("erased", "restricted", "backed_up")} == {
        "erased": 1, "restricted": 1, "backed_up": 1,
    }  # fmt: skip
    assert LedgerEntry.objects.get(kind=LedgerKind.REPLAYED).written_at is not None
    assert not ConsumerSession.objects.filter(ended_at__isnull=True).exists()
    sealing.seal()
    assert list(sealing.problems(sealing.published_heads())) == []


# --- with the keys of yesterday ---


def test_yesterdays_copy_with_yesterdays_keys(place: Place, lenders: None) -> None:
    people = yesterday(place)
    today(people)
    said = restore_yesterday_with_keys(place, people)
    assert "no key" not in said  # the keys were copied after the data: nobody's is missing
    nobody_is_served()
    keyring.cipher_for(people.erased.pk)  # it came back
    place.run("replay_erasures")
    everybody_is_as_before(people)


def test_what_stays_is_set_apart_once_more_where_its_key_came_back(place: Place, lenders: None) -> None:
    people = yesterday(place)
    kept = Kept(
        application=people.kept.pk,
        ground=Exception17.CLAIMS,
        until=timezone.localdate() + timedelta(days=300),
    )
    today(people, kept=(kept,))
    restore_yesterday_with_keys(place, people)
    place.run("replay_erasures")
    application = Application.objects.get(pk=people.kept.pk)
    assert application.subject_id != people.erased.pk
    assert exports(application.subject)
    assert last_erasure(people).kept[0]["heir"] == str(application.subject_id)


def test_what_stays_is_lost_where_the_key_is_gone_and_the_register_says_so(
    place: Place, lenders: None
) -> None:
    people = yesterday(place)
    today(
        people,
        kept=(
            Kept(
                application=people.kept.pk,
                ground=Exception17.CLAIMS,
                until=timezone.localdate() + timedelta(days=300),
            ),
        ),
    )
    restore_yesterday(place, people)
    place.run("replay_erasures")
    assert not Application.objects.filter(pk=people.kept.pk).exists()
    assert [sorted(one) for one in last_erasure(people).kept] == [["application", "ground", "until"]]


# --- the keys alone ---


def test_keys_of_the_erased_that_come_back_alone_are_destroyed_again(place: Place, lenders: None) -> None:
    people = yesterday(place)
    new = today(people)
    place.lose("keys")
    said = place.run("restore", keys=str(people.keys))
    assert "1 people have data and no key" in said
    keyring.cipher_for(people.erased.pk)
    operations.DAILY_JOBS["destroy_what_came_back"]()
    with pytest.raises(KeyDestroyed):
        keyring.cipher_for(people.erased.pk)
    assert keyring.known_owners([new.pk]) == set()
    assert exports(people.bystander) == people.exported


# --- whichever way it was set back ---


def test_database_that_was_put_back_by_hand_is_noticed(place: Place, lenders: None) -> None:
    people = yesterday(place)
    today(people)
    place.lose("default")
    postgres.run("pg_restore", [str(people.main / DUMP)], alias="default")
    nobody_is_served()


def test_copy_is_noticed_though_nobody_decided_anything_since(place: Place) -> None:
    copy = place.back_up()
    place.lose("default")
    place.run("restore", main=str(copy))
    assert look_again() is Obstacle.SET_BACK
    assert "backed up: 1" in place.run("replay_erasures")
    assert look_again() is None


def test_ledger_that_is_missing_is_noticed(place: Place, settings: Any) -> None:
    place.back_up()
    Path(settings.ERASURE_LEDGER).unlink()
    assert look_again() is Obstacle.LEDGER_MISSING


def test_without_the_ledger_the_tombstones_tell(place: Place, lenders: None, settings: Any) -> None:
    people = yesterday(place)
    old_ledger = Path(settings.ERASURE_LEDGER).read_bytes()
    today(people)
    restore_yesterday(place, people)
    Path(settings.ERASURE_LEDGER).write_bytes(b"".join(old_ledger.splitlines(keepends=True)[:-1]))
    assert look_again() is Obstacle.KEYS_KNOW_MORE
    assert "erased by their tombstones: 1" in place.run("replay_erasures")
    assert DataSubject.objects.get(pk=people.erased.pk).erased_at is not None
    assert look_again() is None


# --- cut short ---


def test_replay_that_is_killed_goes_on(place: Place, lenders: None) -> None:
    people = yesterday(place)
    today(people)
    for number in range(40):
        factories.subject(f"more{number}@piemers.lv")
    restore_yesterday_with_keys(place, people)
    entries = LedgerEntry.objects.filter(sequence__isnull=False)
    had = entries.count()
    killed = subprocess.Popen(
        [sys.executable, "-c", SLOW_REPLAY], cwd=ROOT, env=services.process_environment(),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    deadline = time.monotonic() + 40
    while entries.count() == had:
        assert killed.poll() is None, killed.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    killed.kill()
    killed.communicate()
    nobody_is_served()
    place.run("replay_erasures")
    everybody_is_as_before(people)


SLOW_REPLAY = """
import time, django
django.setup()
from privacy.services import replaying
tell = replaying._tell
def slowly(written):
    tell(written)
    time.sleep(1)
replaying._tell = slowly
replaying.replay()
"""


@pytest.mark.parametrize("cut", ["set apart", "key", "rows"])
def test_erasure_that_is_cut_short_while_it_is_done_again_is_finished(
    place: Place, lenders: None, cut: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = yesterday(place)
    today(people)
    restore_yesterday_with_keys(place, people)
    target = {
        "set apart": "privacy.rights.erasing_again.keyring.destroy_key",
        "key": "privacy.rights.erasing_again.doors",
        "rows": "privacy.rights.erasing_again._certify",
    }[cut]
    with monkeypatch.context() as patched:
        patched.setattr(target, _broken)
        with pytest.raises(RuntimeError):
            replay()
    nobody_is_served()
    replay()
    everybody_is_as_before(people)


def _broken(*_: Any, **__: Any) -> None:
    raise RuntimeError


# --- what waits for lenders ---


def test_what_had_been_sent_is_sent_again_and_the_lender_takes_it_once(asked: Any, tmp_path: Path) -> None:
    with restoring.own_databases(tmp_path) as place:
        application = scene.sent("atra")
        copy = place.back_up()
        before = asked.settled(application)
        assert before == {"atra": "offered"}
        offers = Offer.objects.count()
        place.lose("default")
        place.run("restore", main=str(copy))
        assert scene.states(application) == {"atra": "queued"}
        place.run("replay_erasures")
        assert asked.settled(application) == before
        assert Offer.objects.count() == offers
        sent = asked.sandbox.applications("atra")
        assert len(sent) == 2
        assert len({entry["key"] for entry in sent}) == 1
        assert [one["count"] for one in asked.sandbox.log()["evaluations"]] == [1]
