"""The rotation of keys as the product does it: the service, the nightly job, the command."""

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import models
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone
from structlog.testing import capture_logs

from applications.actors import SYSTEM, Actor
from applications.crypto import blind_index, keyring
from applications.crypto.blind_index import DIGEST_BYTES
from applications.crypto.errors import RetireRefused, RingBehind
from applications.crypto.fields import BlindIndex
from applications.crypto.key_text import parse_index_keys, parse_master_keys
from applications.crypto.models import DataKey, RingKey
from applications.crypto.stored_digests import BARE_DIGESTS
from applications.models import (
    AuditEntry,
    ConsumerSession,
    DataSubject,
    EmailChallenge,
    RestrictionGround,
    SignInTry,
)
from applications.services import accounts, keys
from applications.services.operations import DAILY_JOBS
from applications.services.processing import restrict
from tests import factories
from tests.applications.crypto.ring import masters, numbers

pytestmark = pytest.mark.django_db(databases=["default", "keys", "aside"])
EMAIL = "anna@piemers.lv"


@pytest.fixture
def officer() -> Any:
    return factories.staff(name="operator")


def run(*args: str) -> tuple[str, str]:
    """What the command writes, and its complaint if it ends with exit code 1."""
    out, told = StringIO(), StringIO()
    try:
        call_command("keys", *args, stdout=out, stderr=told)
    except CommandError as error:
        return out.getvalue(), str(error)
    return out.getvalue(), ""


def retired_epoch(*args: str) -> tuple[str, str]:
    return run("retire", *args, "--by", "operator")


# --- the service ---


def test_a_rotation_is_on_record_as_counts() -> None:
    with masters("a"), numbers(1):
        factories.subject(EMAIL)
    with masters("a", "b"), numbers(1, 2):
        done = keys.rotate(actor=SYSTEM)
    assert done.is_complete
    detail = AuditEntry.objects.get(action="keys.rotated").detail
    assert detail["keys"] == DataKey.objects.filter(epoch="b").count() > 0
    assert detail["digests"] > 0
    assert all(isinstance(count, int) for count in detail.values())


def test_a_rotation_with_nothing_to_do_leaves_no_entry() -> None:
    keys.rotate(actor=SYSTEM)
    keys.rotate(actor=SYSTEM)
    assert not AuditEntry.objects.filter(action="keys.rotated").exists()


def test_the_retiring_of_a_key_is_on_record_with_who_did_it() -> None:
    with masters("a"), numbers(1):
        keys.rotate(actor=SYSTEM)
    with masters("a", "b"), numbers(1, 2):
        keys.rotate(actor=SYSTEM)
        keys.retire_epoch(epoch="a", actor=Actor.staff(7))
        keys.retire_index_key(number=1, actor=Actor.staff(7))
    entries = AuditEntry.objects.filter(action__startswith="keys.").values_list(
        "action", "actor_identifier", "detail"
    )
    assert sorted(entries) == [
        ("keys.epoch_retired", "7", {"epoch": "a"}),
        ("keys.index_key_retired", "7", {"number": 1}),
    ]


def test_every_digest_without_a_value_is_known_to_the_rotation() -> None:
    """A new column of digests is either a blind index, which is made anew, or named in BARE_DIGESTS."""
    known = {(bare.model, bare.name) for bare in BARE_DIGESTS}
    found = {
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.local_concrete_fields
        if isinstance(field, models.BinaryField) and not isinstance(field, BlindIndex)
        if field.max_length == DIGEST_BYTES
    }
    assert found == known


def test_people_whose_data_are_only_stored_are_found_after_a_rotation() -> None:
    with numbers(1):
        anna = factories.subject(EMAIL)
    restrict(subject_id=anna.pk, ground=RestrictionGround.ACCURACY, actor=SYSTEM)
    with numbers(1, 2):
        assert keys.rotate(actor=SYSTEM).digests.left == 0
    with numbers(2):
        assert DataSubject.objects.get(email_index=EMAIL) == anna


# --- signing in meanwhile ---


def test_somebody_signs_in_to_the_same_account_before_during_and_after() -> None:
    with numbers(1):
        anna = factories.subject(EMAIL)
    with numbers(2, 1):
        assert factories.subject(EMAIL) == anna
    with numbers(1, 2):
        assert factories.subject(EMAIL) == anna
        keys.rotate(actor=SYSTEM)
        assert factories.subject(EMAIL) == anna
    with numbers(2, 1):  # not restarted yet
        assert factories.subject(EMAIL) == anna
    with numbers(2):
        assert factories.subject(EMAIL) == anna
    assert DataSubject.objects.count() == 1


def test_a_process_that_lacks_the_new_key_makes_no_second_account() -> None:
    with numbers(1):
        anna = factories.subject(EMAIL)
    with numbers(1, 2):
        keys.rotate(actor=SYSTEM)
    with numbers(1), pytest.raises(RingBehind):
        factories.subject(EMAIL)
    with numbers(1, 2):
        assert factories.subject(EMAIL) == anna
    assert DataSubject.objects.count() == 1
    assert factories.orphan_keys() == set()


def test_a_key_that_was_taken_out_too_early_makes_no_second_account() -> None:
    with numbers(1):
        anna = factories.subject(EMAIL)
    with numbers(2):
        with pytest.raises(RingBehind):
            factories.subject(EMAIL)
        keys.rotate(actor=SYSTEM)
        assert factories.subject(EMAIL) == anna
        factories.subject()
    assert DataSubject.objects.count() == 2


def test_an_older_copy_of_the_database_makes_no_second_account() -> None:
    """Its digests are of a key that was retired since."""
    with numbers(1):
        anna = factories.subject(EMAIL)
        older = anna.email_index
    with numbers(1, 2):
        keys.rotate(actor=SYSTEM)
        EmailChallenge.objects.all().delete()
        ConsumerSession.objects.all().delete()
        keys.retire_index_key(number=1, actor=SYSTEM)
    DataSubject.objects.update(email_index=older)
    with numbers(2):
        with pytest.raises(RingBehind):
            factories.subject(EMAIL)
        keys.rotate(actor=SYSTEM)
        assert factories.subject(EMAIL) == anna


def test_a_code_that_met_such_a_process_still_counts_afterwards() -> None:
    with numbers(1, 2):
        factories.subject()
    with numbers(1):
        asked = factories.ask_for_code(EMAIL)
        with pytest.raises(RingBehind):
            accounts.sign_in(browser_token=asked.token, code=asked.code, network="192.0.2.1")
    with numbers(1, 2):
        accounts.sign_in(browser_token=asked.token, code=asked.code, network="192.0.2.1")
    assert DataSubject.objects.count() == 2


def test_its_page_says_to_try_again_in_a_moment(client: Client) -> None:
    with numbers(1, 2):
        factories.subject()
    with numbers(1):
        client.post(reverse("applications:start"), {"email": EMAIL})
        answer = client.post(reverse("applications:code"), {"code": factories.mailed_code(EMAIL)})
    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    assert "mēģiniet vēlreiz" in answer.content.decode()


@pytest.mark.django_db(databases=["default", "keys", "aside"], transaction=True)
def test_one_address_proved_at_once_under_two_index_keys_is_one_account(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Half of the browsers meet a process that has the other key as its current one."""
    with numbers(1, 2):
        asked = [factories.ask_for_code(EMAIL) for _ in range(4)]
        keys.rotate(actor=SYSTEM)
        ours = threading.local()

        def digest(column: str, normalised: str) -> bytes:
            return blind_index.candidates(column, normalised)[ours.number % 2]

        def prove(number: int) -> accounts.Opened:
            ours.number = number
            one = asked[number]
            return accounts.sign_in(browser_token=one.token, code=one.code, network="192.0.2.1")

        monkeypatch.setattr(blind_index, "digest", digest)
        results = factories.in_parallel(prove, len(asked))
    assert all(isinstance(one, accounts.Opened) for one in results), results
    assert DataSubject.objects.count() == 1


def test_a_page_that_meets_a_key_of_an_epoch_it_does_not_know_opens_after_a_restart(client: Client) -> None:
    with masters("a"):
        factories.draft(factories.sign_in(client), given_name="Anna")
        keys.rotate(actor=SYSTEM)
    with masters("a", "b"):
        keys.rotate(actor=SYSTEM)
    page = reverse("applications:step", args=["name"])
    with masters("a"):
        assert client.get(page).status_code == 503
    with masters("a", "b"):
        assert "Anna" in client.get(page).content.decode()


# --- every night ---


def test_the_nightly_job_goes_on_with_a_rotation_and_says_what_is_due() -> None:
    with masters("a"), numbers(1):
        factories.subject(EMAIL)
        keys.tend()
    RingKey.objects.update(since=timezone.now() - timedelta(days=80))
    with masters("a", "b"), numbers(1, 2), capture_logs() as log:
        counts = DAILY_JOBS["keys"]()
    assert counts["keys"] > 0
    assert counts["digests"] > 0
    assert {"code": "destroy", "kind": "a"}.items() <= next(
        one for one in log if one["event"] == "keys.due"
    ).items()


def test_the_nightly_job_says_what_does_not_open() -> None:
    with masters("a"):
        factories.subject(EMAIL)
    with masters("b"), capture_logs() as log:
        keys.tend()
    assert "keys.left" in {one["event"] for one in log}


# --- the command ---


def test_new_prints_an_entry_and_nothing_else() -> None:
    with masters("a"), numbers(1, 2):
        out, complaint = run("new")
        assert not complaint
        [epoch] = parse_master_keys(out)
        assert epoch == f"{timezone.localdate():%Y-%m-%d}"
        out, _ = run("new", "--index")
        assert list(parse_index_keys(out)) == [3]


def test_rotate_says_what_it_did_and_retire_what_is_left_to_do(officer: Any) -> None:
    with masters("a"), numbers(1):
        factories.subject(EMAIL)
    with masters("a", "b"), numbers(1, 2):
        out, complaint = retired_epoch("a")
        assert (out, "still need it" in complaint) == ("", True)
        out, complaint = run("rotate")
        assert not complaint
        assert "0 left in other epochs" in out
        out, complaint = retired_epoch("a")
        assert not complaint
        assert "take the entry `a:…` out of MASTER_KEYS" in out
        assert "older copies of the database `keys`" in out


@pytest.mark.parametrize(
    ("args", "complaint"),
    [
        (["b"], "It is the current one"),
        (["--index", "2"], "It is the current one"),
        (["x"], "Nothing is on record of it"),
        (["no name"], "no name of an epoch"),
        ([], "Name an epoch"),
        (["a", "--index", "1"], "Name an epoch"),
        (["--index", "1"], "digests of networks and messages"),
    ],
)
def test_retire_refuses_in_words(args: list[str], complaint: str, officer: Any) -> None:
    with masters("a"), numbers(1):
        factories.subject(EMAIL)
    with masters("a", "b"), numbers(1, 2):
        keys.rotate(actor=SYSTEM)
        assert complaint in retired_epoch(*args)[1]


def test_retire_asks_for_an_account() -> None:
    assert "no such account" in run("retire", "a", "--by", "nobody")[1]


def test_retire_takes_the_entry_out_of_a_file(tmp_path: Path, officer: Any) -> None:
    file = tmp_path / "ring"
    file.write_text("a:secret\nb:other\n")
    with masters("a"):
        keys.rotate(actor=SYSTEM)
    with masters("a", "b"), override_settings(KEY_FILES={"MASTER_KEYS": str(file)}):
        keys.rotate(actor=SYSTEM)
        out, complaint = retired_epoch("a", "--remove")
    assert not complaint
    assert file.read_text() == "b:other\n"
    assert "secret" not in out


def test_retire_says_when_it_cannot_write_the_file(tmp_path: Path, officer: Any) -> None:
    with masters("a"):
        keys.rotate(actor=SYSTEM)
    with masters("a", "b"):
        keys.rotate(actor=SYSTEM)
        for place in ("", str(tmp_path / "nowhere")):
            with override_settings(KEY_FILES={"MASTER_KEYS": place}):
                assert "by hand" in retired_epoch("a", "--remove")[1]


def test_a_process_that_is_behind_is_told_so() -> None:
    for ring in (("a",), ("a", "b")):
        with masters(*ring):
            keys.rotate(actor=SYSTEM)
    with masters("a"):
        assert "not that of others" in run("rotate")[1]
        assert "not that of others" in run("status")[1]


def test_rotate_says_what_does_not_open() -> None:
    with masters("a"):
        factories.subject(EMAIL)
    with masters("b"):
        _out, complaint = run("rotate")
    assert "belong to an epoch that is not in MASTER_KEYS here" in complaint


@pytest.fixture
def two_epochs() -> Iterator[None]:
    with masters("a"), numbers(1):
        factories.subject(EMAIL)
        keys.rotate(actor=SYSTEM)
    with masters("a", "next", "b"), numbers(1, 2):
        yield


@pytest.mark.usefixtures("two_epochs")
def test_status_tells_what_is_due() -> None:
    out, complaint = run("status")
    assert "live data keys are to be wrapped anew" in complaint
    assert "index key 1" in complaint
    states = {line.split()[0]: line.split()[1] for line in out.splitlines() if line.split()}
    assert {
        "a": "old",
        "b": "current",
        "next": "next",
        "1": "listed",
        "2": "current",
    }.items() <= states.items()
    keys.rotate(actor=SYSTEM)
    out, complaint = run("status")
    assert not complaint
    assert "All in order" in out


@pytest.mark.usefixtures("two_epochs")
def test_status_for_programs() -> None:
    keys.rotate(actor=SYSTEM)
    RingKey.objects.filter(name="a").update(since=timezone.now() - timedelta(days=100))
    out, complaint = run("status", "--json")
    assert "What was promised with erasures is not kept" in complaint
    said = json.loads(out)
    [old] = (one for one in said["epochs"] if one["name"] == "a")
    assert (old["state"], old["live"], old["due"], old["opens"]) == ("old", 0, "late", True)
    assert old["destroyed"] > 0
    assert {one["number"]: one["digests"] > 0 for one in said["index_keys"]} == {1: False, 2: True}
    assert said["problems"] == [complaint]


@pytest.mark.usefixtures("two_epochs")
def test_no_output_holds_a_key_or_anything_of_a_person(officer: Any) -> None:
    with capture_logs() as log:
        said = [*run("status"), *run("rotate"), *run("status", "--json"), *retired_epoch("a")]
    told = " ".join([*said, json.dumps(log, default=str)])
    subject = DataSubject.objects.get()
    secrets = [EMAIL, "anna", subject.customer_reference, str(subject.pk), b"a".ljust(32, b"-").hex(), "YS0t"]
    assert not [one for one in secrets if one in told]


def test_limits_hold_under_both_keys_until_the_old_one_can_go() -> None:
    with numbers(1):
        for _ in range(2):
            factories.ask_for_code(EMAIL)
    with numbers(1, 2):
        keys.rotate(actor=SYSTEM)
        assert EmailChallenge.objects.filter(address_index=EMAIL).count() == 2
        with pytest.raises(RetireRefused, match="young"):
            keys.retire_index_key(number=1, actor=SYSTEM)
    assert SignInTry.objects.count() == ConsumerSession.objects.count() == 0


# --- a wrong key under a right name ---


def test_nothing_is_wrapped_with_another_key_than_the_epoch_had() -> None:
    with masters("a"):
        factories.subject(EMAIL)
    with override_settings(MASTER_KEYS={"a": bytes(32)}):
        with pytest.raises(RingBehind):
            keyring.create_key(uuid4())
        with pytest.raises(RingBehind):
            keys.rotate(actor=SYSTEM)
        assert "another one" in run("status")[1]
    with masters("a"):
        assert not keys.rotate(actor=SYSTEM).keys.left


def test_a_rotation_into_another_key_than_the_epoch_has_is_refused() -> None:
    with masters("a"):
        factories.subject(EMAIL)
    with masters("a", "b"):
        factories.subject("other@piemers.lv")
    with override_settings(MASTER_KEYS={"a": b"a".ljust(32, b"-"), "b": bytes(32)}):
        with pytest.raises(RingBehind):
            keys.rotate(actor=SYSTEM)
        assert "another one" in run("status")[1]


def test_a_wrong_index_key_under_a_right_number_makes_no_second_account() -> None:
    with numbers(1):
        person = factories.subject(EMAIL)
    with override_settings(INDEX_KEYS={1: bytes(32)}):
        with pytest.raises(RingBehind):
            factories.subject(EMAIL)
        with pytest.raises(RingBehind):
            keys.rotate(actor=SYSTEM)
        assert "nobody is found by it" in run("status")[1]
    with numbers(1):
        assert factories.subject(EMAIL) == person


def test_a_row_that_does_not_open_is_no_sign_of_another_key() -> None:
    with masters("a"), numbers(1):
        erased, _other = factories.subject(EMAIL), factories.subject("other@piemers.lv")
        DataKey.objects.filter(owner_id=erased.pk).update(wrapped=bytes(60))
    with masters("a"), numbers(1):  # a process that has not asked yet
        factories.subject("third@piemers.lv")
