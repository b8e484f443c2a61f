"""The record of key rings: since when, until when, and who is behind."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from applications.crypto import keyring, rewrapping, rings
from applications.crypto.errors import RetireRefused, RingBehind
from applications.crypto.models import DataKey, Ring, RingKey
from tests.applications.crypto.ring import masters, numbers, opens, owner, sealed, stored_in

pytestmark = pytest.mark.django_db(databases=["default", "keys", "aside"])


def refusal(epoch: str) -> tuple[str, str, int]:
    with pytest.raises(RetireRefused) as refused:
        rings.retire_epoch(epoch)
    return refused.value.code, refused.value.name, refused.value.count


# --- since when ---


def test_an_epoch_begins_with_the_first_key_that_was_made_in_it() -> None:
    with masters("a"):
        first = owner()
        owner()
        begun = timezone.now() - timedelta(days=3)
        DataKey.objects.filter(owner_id=first).update(created_at=begun)
        rings.note_epochs()
    assert RingKey.objects.get().since == begun


def test_re_wrapping_does_not_move_the_beginning() -> None:
    with masters("a"):
        old = owner()
        DataKey.objects.update(created_at=timezone.now() - timedelta(days=300))
    with masters("a", "b"):
        rewrapping.rewrap()
        assert stored_in(old) == "b"
        rings.note_epochs()
    since = {one.name: timezone.now() - one.since for one in RingKey.objects.all()}
    assert since["a"] > timedelta(days=299)
    assert since["b"] < timedelta(minutes=1)


def test_a_key_that_waits_before_the_current_one_is_not_on_record() -> None:
    with masters("next", "now"):
        rings.note_epochs()
    assert [one.name for one in rings.epochs_on_record()] == ["now"]


def test_an_erasure_does_not_move_the_beginning() -> None:
    with masters("a"):
        keyring.destroy_key(gone := owner())
        DataKey.objects.update(created_at=timezone.now() - timedelta(days=300))
        rings.last_epoch_of(stored_in(gone))
    assert timezone.now() - RingKey.objects.get().since > timedelta(days=299)


# --- who is behind ---


def test_a_process_with_an_older_ring_re_wraps_nothing_back() -> None:
    with masters("a"):
        owner_id = owner()
        rings.note_epochs()
    with masters("a", "b"):
        rewrapping.rewrap()
    for older in (masters("a"), masters("b", "a")):
        with older, pytest.raises(RingBehind):
            rewrapping.rewrap()
    assert stored_in(owner_id) == "b"


def test_a_process_that_has_the_new_key_already_reads_what_is_wrapped_in_it() -> None:
    with masters("a"):
        owner_id = owner()
        envelope = sealed(owner_id)
    with masters("a", "b"):
        rewrapping.rewrap()
    with masters("b", "a"):
        assert opens(owner_id, envelope)
        owner()


def test_after_a_key_was_lost_another_one_goes_on() -> None:
    with masters("a"):
        owner_id = owner()
    with masters("a", "lost"):
        rings.note_epochs()
    with masters("a", "c"):
        rewrapping.rewrap()
        assert stored_in(owner_id) == "c"


# --- the end of an epoch ---


def test_an_epoch_is_retired_once_nothing_is_wrapped_in_it() -> None:
    with masters("a"):
        owner()
        keyring.destroy_key(owner())
    with masters("a", "b"):
        assert refusal("a") == ("in_use", "", 1)
        rewrapping.rewrap()
        moment = rings.retire_epoch("a")
        assert rings.retire_epoch("a") == moment


def test_the_current_epoch_is_not_retired() -> None:
    with masters("a"):
        owner()
        assert refusal("a")[0] == "current"


def test_an_epoch_that_never_was_current_is_not_retired() -> None:
    with masters("next", "a"):
        assert refusal("next")[0] == "unknown"


def test_epochs_are_retired_in_their_order() -> None:
    for ring in (("a",), ("a", "b"), ("a", "b", "c")):
        with masters(*ring):
            rewrapping.rewrap()
    with masters("a", "b", "c"):
        assert refusal("b") == ("older", "a", 0)
        rings.retire_epoch("a")
        assert refusal("b") == ("older", "a", 0)
    with masters("b", "c"):
        rings.retire_epoch("b")


def test_whoever_is_behind_retires_nothing() -> None:
    for ring in (("a",), ("a", "b"), ("a", "b", "c")):
        with masters(*ring):
            rewrapping.rewrap()
    with masters("a", "b"), pytest.raises(RingBehind):
        rings.retire_epoch("a")


def test_no_key_is_made_in_a_retired_epoch() -> None:
    with masters("a"):
        rings.note_epochs()
    with masters("a", "b"):
        rewrapping.rewrap()
        rings.retire_epoch("a")
        new = owner()
    with masters("b", "a"), pytest.raises(RingBehind):  # it was not restarted
        owner()
    with pytest.raises(IntegrityError), transaction.atomic(using="keys"):
        DataKey.objects.filter(owner_id=new).update(epoch="a")
    assert not DataKey.objects.filter(epoch="a").exists()


def test_a_key_of_a_retired_epoch_can_still_be_destroyed() -> None:
    with masters("a"):
        owner_id = owner()
    RingKey.objects.create(kind=Ring.MASTER, name="a", since=timezone.now(), retired_at=timezone.now())
    assert keyring.destroy_key(owner_id)


def test_a_copy_opens_while_its_epoch_or_an_older_one_is_there() -> None:
    for ring in (("a",), ("a", "b"), ("a", "b", "c")):
        with masters(*ring):
            rings.note_epochs()
    for ring, up_to in (("abc", "abc"), ("bc", "bc"), ("c", "c"), ("ac", "abc"), ("x", "")):
        with masters(*ring):
            assert {name for name in "abc" if rings.opens_up_to(name)} == set(up_to)


def test_what_was_destroyed_ends_with_the_last_epoch_that_was_in_use() -> None:
    with masters("a"):
        keyring.destroy_key(first := owner())
        assert rings.last_epoch_of(stored_in(first)) == "a"
    with masters("a", "b"):
        assert rings.last_epoch_of(stored_in(first)) == "b"
    with masters("b", "a"):
        assert rings.last_epoch_of(stored_in(first)) == "b"


# --- index keys ---


def test_a_process_that_lacks_the_current_index_key_is_behind() -> None:
    for ring in ((1,), (1, 2)):
        with numbers(*ring):
            assert rings.index_key_to_make_with() == ring[-1]
    for ring in ((1,), (2, 1)):
        with numbers(*ring), pytest.raises(RingBehind):
            rings.index_key_to_make_with()


def test_a_retired_index_key_is_never_current_again() -> None:
    for ring in ((1,), (1, 2)):
        with numbers(*ring):
            rings.index_key_to_make_with()
    with numbers(1, 2):
        rings.retire_index_key(1)
        with pytest.raises(RetireRefused, match="current"):
            rings.retire_index_key(2)
    with numbers(2, 1), pytest.raises(RingBehind):
        rings.index_key_to_make_with()
