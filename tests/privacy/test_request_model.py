"""Every state that a request can ever be in, looked at one by one."""

import pytest

from privacy.states import ENDED, OPEN, TRANSITIONS, RequestStatus, sources
from tests.privacy.request_model import STEPS, World, every_world

S = RequestStatus


@pytest.fixture(scope="module")
def worlds() -> dict[World, list[World]]:
    return every_world()


def test_model_reaches_every_state(worlds) -> None:
    assert {world.status for world in worlds} == set(S)
    assert len(worlds) > 50  # a model that stops early proves nothing


def test_nothing_takes_effect_twice_whoever_dies(worlds) -> None:
    assert all(count <= 1 for world in worlds for count in world.effects)


def test_steps_take_effect_in_their_order(worlds) -> None:
    for world in worlds:
        assert world.effects == tuple(int(number < world.done) for number in range(STEPS))


def test_nothing_is_carried_out_before_it_is_known_who_asks_and_approved(worlds) -> None:
    for world, following in worlds.items():
        for after in following:
            if after.effects != world.effects:
                assert (world.status, world.identified) == (S.RUNNING, True)


def test_completed_is_carried_out_whole(worlds) -> None:
    assert all(world.done == STEPS for world in worlds if world.status is S.COMPLETED)


def test_refused_or_withdrawn_has_taken_no_effect(worlds) -> None:
    assert not any(sum(world.effects) for world in worlds if world.status in (S.REFUSED, S.WITHDRAWN))


def test_end_is_an_end_and_is_answered_once(worlds) -> None:
    for world, following in worlds.items():
        if world.status in ENDED:
            assert {after.status for after in following} <= {world.status}
            assert world.answered == (world.status is not S.WITHDRAWN)


def test_from_everywhere_an_end_can_be_reached(worlds) -> None:
    """No crash and no order of clicks leaves a request that nobody can end."""
    ends = {world for world in worlds if world.status in ENDED}
    before: dict[World, set[World]] = {world: set() for world in worlds}
    for world, following in worlds.items():
        for after in following:
            before[after].add(world)
    reached, waiting = set(ends), list(ends)
    while waiting:
        for world in before[waiting.pop()] - reached:
            reached.add(world)
            waiting.append(world)
    assert reached == set(worlds)


def test_open_and_ended_are_all(worlds) -> None:
    assert OPEN | ENDED == set(S) == set(TRANSITIONS)
    assert sources(S.COMPLETED) == [S.RUNNING]
