"""Epochs in any order: opened, filled, emptied, retired, by processes with the ring of now or of before."""

import os
from contextlib import suppress
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from applications.crypto import keyring, rewrapping, rings
from applications.crypto.errors import KeyDestroyed, RetireRefused, RingBehind, UnknownEpoch
from applications.crypto.models import DataKey, RingKey
from applications.crypto.providers import can_open, master_keys
from tests.applications.crypto.ring import masters, opens, owner, sealed, stored_in

pytestmark = pytest.mark.django_db(databases=["default", "keys", "aside"])
RUNS = int(os.environ.get("RUNS", "15"))
SOME = st.integers(0, 99)


class Epochs(RuleBasedStateMachine):
    """`before` is the ring of a process that was not restarted since the last change."""

    def __init__(self) -> None:
        super().__init__()
        DataKey.objects.all().delete()
        RingKey.objects.all().delete()
        self.ring = self.before = ("e1",)
        self.opened = 1
        self.retired: set[str] = set()
        self.values: dict[UUID, bytes] = {}
        self.final_with: dict[UUID, str] = {}
        self.copies: set[tuple[UUID, str, bytes]] = set()

    @rule(waits=st.booleans())
    def add_a_master_key(self, waits: bool) -> None:
        """Behind the current one, or before it, where it waits."""
        self.opened += 1
        fresh = f"e{self.opened}"
        self.before = self.ring
        self.ring = (*self.ring[:-1], fresh, self.ring[-1]) if waits else (*self.ring, fresh)

    @rule(stale=st.booleans())
    def make(self, stale: bool) -> None:
        with masters(*(self.before if stale else self.ring)):
            try:
                made = owner()
            except RingBehind:
                assert stale
                return
            self.values[made] = sealed(made)

    @precondition(lambda self: self.values)
    @rule(which=SOME)
    def destroy(self, which: int) -> None:
        owner_id = sorted(self.values)[which % len(self.values)]
        del self.values[owner_id]
        with masters(*self.ring):
            keyring.destroy_key(owner_id)
            self.final_with[owner_id] = rings.last_epoch_of(stored_in(owner_id))

    @rule(stale=st.booleans())
    def rotate_a_little(self, stale: bool) -> None:
        with masters(*(self.before if stale else self.ring)), suppress(RingBehind):
            rewrapping.rewrap(most=2)

    @rule(which=SOME)
    def retire(self, which: int) -> None:
        epoch = self.ring[which % len(self.ring)]
        with masters(*self.ring):
            try:
                rings.retire_epoch(epoch)
            except (RetireRefused, RingBehind):
                return
        self.retired.add(epoch)
        self.before, self.ring = self.ring, tuple(one for one in self.ring if one != epoch)

    @invariant()
    def remember_every_copy(self) -> None:
        live = DataKey.objects.filter(wrapped__isnull=False).values_list("owner_id", "epoch", "wrapped")
        self.copies |= {(owner_id, epoch, bytes(wrapped or b"")) for owner_id, epoch, wrapped in live}

    @invariant()
    def what_lives_opens_and_what_was_destroyed_does_not(self) -> None:
        with masters(*self.ring):
            for owner_id, envelope in self.values.items():
                assert opens(owner_id, envelope)
            for owner_id in self.final_with:
                with pytest.raises(KeyDestroyed):
                    keyring.cipher_for(owner_id)

    @invariant()
    def a_retired_epoch_opens_nothing(self) -> None:
        assert not DataKey.objects.filter(wrapped__isnull=False, epoch__in=self.retired).exists()
        with masters(*self.ring):
            for owner_id, epoch, wrapped in self.copies:
                if epoch in self.retired:
                    with pytest.raises(UnknownEpoch):
                        master_keys().unwrap(epoch, wrapped, owner_id)

    @invariant()
    def an_erasure_is_called_final_only_when_no_copy_opens(self) -> None:
        with masters(*self.ring):
            final = {one for one, epoch in self.final_with.items() if not rings.opens_up_to(epoch)}
            left = {owner_id for owner_id, epoch, _copy in self.copies if can_open(epoch)}
        assert final.isdisjoint(left)


def test_epochs_in_any_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rewrapping, "CHUNK", 2)
    run_state_machine_as_test(
        Epochs, settings=settings(max_examples=RUNS, stateful_step_count=25, deadline=None)
    )
