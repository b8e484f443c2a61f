"""The drill: yesterday's copy is restored. The erased stay erased, the restricted stay restricted, and nobody
else lost anything that was in the copy."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings
from django.test import Client

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
    DataSubject,
    LedgerEntry,
    LedgerKind,
    Objection,
    Restriction,
    RestrictionGround,
)
from applications.personal import Purpose
from applications.selectors.permission import require, standing_restrictions
from applications.selectors.set_back import Obstacle
from applications.services import operations, sealing
from applications.services.processing import lift_restriction, object_to, restrict, withdraw_consent
from applications.subject_data import outlives_its_subject
from applications.sweeper import Sweep, run_once
from lenders.models import Delivery
from privacy.datamap import doors, explain
from privacy.models import Erasure, Exception17, RightsRequest
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
def place(transactional_db: None, tmp_path: Path) -> Iterator[Place]:
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
    ]


def yesterday(place: Place) -> People:
    """People, and copies of both databases."""
    erased, bystander = plant("qvxerased"), plant("zqxbystander")
    restricted, freed, withdrawn, objecting = (scene.sent("atra", "leja").subject for _number in range(4))
    restrict(subject_id=freed.pk, ground=RestrictionGround.CLAIMS, actor=Actor.consumer(freed.pk))
    kept = Application.objects.get(subject=erased)
    return People(
        erased, restricted, freed, withdrawn, objecting, bystander, kept, place.back_up(), place.back_up_keys(),
        exports(bystander),
    )  # fmt: skip


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


def standing(people: People) -> Any:
    """Everything that the drill is about, to be compared."""
    return {
        "erased": {held.model._meta.label: held.count for held in explain(people.erased)},
        "restrictions": sorted(
            Restriction.objects.values_list("subject", "ground", "since", "lifted_at"), key=str
        ),
        "objections": sorted(Objection.objects.values_list("subject", "purpose", "made_at"), key=str),
        "consents": sorted(Consent.objects.values_list("pk", "withdrawn_at"), key=str),
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
    done: list[int] = []
    run_once(Sweep("anything", lambda: done.append(1)))
    assert done == []


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
    place.lose("default")
    place.run("restore", main=str(people.main))
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


def test_what_was_decided_has_its_own_moment_again(place: Place, lenders: None) -> None:
    people = yesterday(place)
    today(people)
    before = standing(people)
    place.lose("default")
    place.run("restore", main=str(people.main))
    place.run("replay_erasures")
    after = standing(people)
    for what in ("restrictions", "objections", "consents"):
        assert after[what] == before[what]


def test_request_that_came_after_the_copy_stands_in_the_register_again(place: Place, lenders: None) -> None:
    people = yesterday(place)
    today(people)
    request = Erasure.objects.get(
        subject_id=people.erased.pk,
        key_destroyed_at__gt=people.kept.submitted_at,
        request__status="completed",
    ).request
    place.lose("default")
    place.run("restore", main=str(people.main))
    assert not RightsRequest.objects.filter(pk=request.pk).exists()
    place.run("replay_erasures")
    again = RightsRequest.objects.get(pk=request.pk)
    assert (again.reference, again.due_on, again.status) == (request.reference, request.due_on, "completed")
    assert again.erasure.certified_at is not None
    assert again.erasure.counts["lenders.Submission"] == 1


def test_replay_is_on_record(place: Place, lenders: None) -> None:
    people = yesterday(place)
    today(people)
    place.lose("default")
    place.run("restore", main=str(people.main))
    place.run("replay_erasures")
    entry = AuditEntry.objects.get(action="ledger.replayed")
    assert {name: entry.detail[name] for name in ("erased", "restricted", "consent_withdrawn")} == {
        "erased": 1, "restricted": 1, "consent_withdrawn": 1,
    }  # fmt: skip
    assert LedgerEntry.objects.get(kind=LedgerKind.REPLAYED).written_at is not None
    sealing.seal()
    assert list(sealing.problems(sealing.published_heads())) == []


def test_everybody_signs_in_anew(place: Place, lenders: None) -> None:
    people = yesterday(place)
    today(people)
    place.lose("default")
    place.run("restore", main=str(people.main))
    place.run("replay_erasures")
    assert not ConsumerSession.objects.filter(ended_at__isnull=True).exists()


# --- with the keys of yesterday ---


def test_yesterdays_copy_with_yesterdays_keys(place: Place, lenders: None) -> None:
    people = yesterday(place)
    today(people)
    place.lose("default", "keys")
    said = place.run("restore", main=str(people.main), keys=str(people.keys))
    assert "no key" not in said  # the keys were copied after the data: nobody's is missing
    nobody_is_served()
    keyring.cipher_for(people.erased.pk)  # it came back
    place.run("replay_erasures")
    everybody_is_as_before(people)


def test_what_stays_is_set_apart_once_more_where_its_key_came_back(place: Place, lenders: None) -> None:
    people = yesterday(place)
    kept = Kept(application=people.kept.pk, ground=Exception17.CLAIMS, until=later_day())
    today(people, kept=(kept,))
    place.lose("default", "keys")
    place.run("restore", main=str(people.main), keys=str(people.keys))
    place.run("replay_erasures")
    application = Application.objects.get(pk=people.kept.pk)
    assert application.subject_id != people.erased.pk
    assert exports(application.subject)
    request = RightsRequest.objects.get(subject=people.erased, status="completed", right="erasure")
    assert request.kept[0]["heir"] == str(application.subject_id)


def test_what_stays_is_lost_where_the_key_is_gone_and_the_register_says_so(
    place: Place, lenders: None
) -> None:
    people = yesterday(place)
    today(people, kept=(Kept(application=people.kept.pk, ground=Exception17.CLAIMS, until=later_day()),))
    place.lose("default")
    place.run("restore", main=str(people.main))
    place.run("replay_erasures")
    assert not Application.objects.filter(pk=people.kept.pk).exists()
    request = RightsRequest.objects.get(subject=people.erased, status="completed", right="erasure")
    assert [sorted(one) for one in request.kept] == [["application", "ground", "until"]]


def later_day() -> Any:
    from datetime import timedelta  # noqa: PLC0415

    from django.utils import timezone  # noqa: PLC0415

    return timezone.localdate() + timedelta(days=300)


# --- the keys alone ---


def test_keys_of_the_erased_that_come_back_alone_are_destroyed_again(place: Place, lenders: None) -> None:
    people = yesterday(place)
    new = today(people)
    place.lose("keys")
    said = place.run("restore", keys=str(people.keys))
    assert "2 owners of data have no key, 1 of them people" in said
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
    restoring.close()
    with restoring.server() as connection:
        copy = f"{place.names['default']}_other"
        connection.execute(f"DROP DATABASE {place.names['default']} (FORCE)")
        connection.execute(f"CREATE DATABASE {place.names['default']}")
        del copy
    program = Path(os.environ["POSTGRES_PROGRAMS"]) / "pg_restore"
    from joinbaltic.backups.postgres import run as run_program  # noqa: PLC0415

    assert program.exists()
    run_program("pg_restore", [str(people.main / "database.dump")], alias="default")
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
    place.lose("default")
    place.run("restore", main=str(people.main))
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
    place.lose("default", "keys")
    place.run("restore", main=str(people.main), keys=str(people.keys))
    entries = LedgerEntry.objects.filter(sequence__isnull=False)
    had = entries.count()
    killed = subprocess.Popen(
        [sys.executable, "-c", SLOW_REPLAY], cwd=ROOT, env=services.process_environment(),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    deadline = time.monotonic() + 40
    while entries.count() == had:
        assert time.monotonic() < deadline and killed.poll() is None, killed.communicate()
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
enter = replaying._enter
def slowly(written):
    enter(written)
    time.sleep(0.5)
replaying._tell_slowly = None
tell = replaying._tell
def told(written):
    tell(written)
    time.sleep(1)
replaying._tell = told
replaying.replay()
"""


@pytest.mark.parametrize("cut", ["set apart", "key", "rows"])
def test_erasure_that_is_cut_short_while_it_is_done_again_is_finished(
    place: Place, lenders: None, cut: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = yesterday(place)
    today(people)
    place.lose("default", "keys")
    place.run("restore", main=str(people.main), keys=str(people.keys))
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


def test_nothing_is_claimed_before_the_replay(place: Place, lenders: None) -> None:
    people = yesterday(place)
    today(people)
    place.lose("default")
    place.run("restore", main=str(people.main))
    look_again()
    due = Delivery.objects.filter(status="due").count()
    assert due
    claimed: list[Any] = []
    from lenders.tasks import sweep_deliveries  # noqa: PLC0415

    run_once(Sweep("deliveries", sweep_deliveries))
    assert not claimed
    assert not Delivery.objects.filter(fence__gt=0, status="due", subject=people.restricted.pk).exists()


Check = Callable[[], None]
