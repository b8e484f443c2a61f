"""A formal model of a data subject's request: the table of states, the executor and its crashes, small enough
to look at every state that can ever be.

What the model says is that of the product: transitions come from `privacy.states`, the executor does the next
step that is not done, writes down that it was done in the same transaction as its effect, and a worker may
die at any moment and another begin at the same time. An effect outside the database (a letter, a word to a
recipient) is written down before it leaves, and is told apart by its name, so that the second is no second.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from privacy.states import ENDED, TRANSITIONS, RequestStatus

S = RequestStatus
STEPS = 3
WORKERS = 2


@dataclass(frozen=True)
class World:
    """One request as the database has it, and two workers who may both be at it.

    done      how many steps are on record as done, in their order
    effects   how often each step has taken effect
    holding   the step that each worker has taken up and not finished; None where it does nothing
    """

    status: RequestStatus = S.RECEIVED
    identified: bool = False
    extended: bool = False
    done: int = 0
    effects: tuple[int, ...] = (0,) * STEPS
    holding: tuple[int | None, ...] = (None,) * WORKERS
    answered: int = 0


def moves(world: World) -> Iterator[tuple[str, World]]:
    """Everything that can happen next, with its name."""
    for to in TRANSITIONS[world.status]:
        if (after := _moved(world, to)) is not None:
            yield f"to {to}", after
    if world.status not in ENDED and not world.extended:
        yield "extend", replace(world, extended=True)
    for worker, step in enumerate(world.holding):
        if step is None:
            if world.status is S.RUNNING and world.done < STEPS:
                yield f"worker {worker} takes up", _holds(world, worker, world.done)
        else:
            yield f"worker {worker} dies", _holds(world, worker, None)
            yield f"worker {worker} finishes", _finished(world, worker, step)


def _moved(world: World, to: RequestStatus) -> World | None:
    """A transition, where what it needs is there: the guards of the services."""
    if to is S.ASSESSED:
        return replace(world, status=to, identified=True)
    if to is S.IDENTITY_CHECK:
        return replace(world, status=to, identified=False)
    if to is S.COMPLETED and world.done < STEPS:
        return None
    answered = world.answered + (to in (S.COMPLETED, S.REFUSED))
    return replace(world, status=to, answered=answered)


def _holds(world: World, worker: int, step: int | None) -> World:
    holding = list(world.holding)
    holding[worker] = step
    return replace(world, holding=tuple(holding))


def _finished(world: World, worker: int, step: int) -> World:
    """Effect and record in one transaction, compared and set: who comes second changes nothing."""
    world = _holds(world, worker, None)
    if world.done != step or world.status is not S.RUNNING:
        return world
    effects = tuple(count + (number == step) for number, count in enumerate(world.effects))
    return replace(world, done=step + 1, effects=effects)


def every_world() -> dict[World, list[World]]:
    """All worlds that can be reached, each with those that may follow."""
    found: dict[World, list[World]] = {}
    waiting = [World()]
    while waiting:
        world = waiting.pop()
        if world not in found:
            found[world] = [after for _name, after in moves(world)]
            waiting += found[world]
    return found
