"""Rotation of both key rings: carried out, put in the audit, and gone on with every night.

Keys come and go by hand, in the environment. Everything between is done here: what the keys protect is moved
to the current ones, and an old one is retired once nothing needs it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from applications.actors import SYSTEM, Actor
from applications.crypto import reindexing, rewrapping, rings
from applications.crypto.reindexing import Reindexed
from applications.crypto.rewrapping import Rewrapped
from applications.crypto.stored_digests import BARE_DIGESTS, BareDigest
from applications.models import ConsumerSession, EmailChallenge, SignInTry
from applications.row_security import storing
from applications.selectors.keys import epochs
from applications.services import audit
from applications.services.operations import DAILY_JOBS

log = structlog.get_logger(__name__)

A_NIGHT = 100_000
"""So many data keys, and so many digests, are moved in one night: a minute or two of one worker."""

BARE_DIGESTS += [
    BareDigest(EmailChallenge, "network_index", timedelta(days=1)),
    BareDigest(SignInTry, "name_index", timedelta(days=1)),
    BareDigest(SignInTry, "network_index", timedelta(days=1)),
    BareDigest(ConsumerSession, "network_index", timedelta(days=7)),
]


@dataclass(frozen=True)
class Rotated:
    """What was moved to the current master key, and to the current index key."""

    keys: Rewrapped
    digests: Reindexed

    @property
    def is_complete(self) -> bool:
        """Whether everything is where it belongs; what does not open is not."""
        return not (self.keys.left or self.digests.left)


@storing()  # of restricted people as well
def rotate(
    *, actor: Actor, most: int | None = None, told: Callable[[str, int], None] = lambda what, done: None
) -> Rotated:
    """Move every live data key and every blind index to the current keys, or `most` of each.

    May be cut short anywhere and done again. `told` hears how far it is. Raises RingBehind.
    """
    keys = rewrapping.rewrap(most=most, told=lambda done: told("data keys", done))
    digests = reindexing.reindex(most=most, told=lambda done: told("digests", done))
    if keys.done or keys.left or digests.done or digests.left:
        audit.record(
            actor=actor, action="keys.rotated", keys=keys.done, keys_left=keys.left,
            keys_unopened=keys.unopened.total(), digests=digests.done, digests_left=digests.left,
            digests_gone=digests.gone, digests_unreadable=digests.unreadable, digests_twice=digests.twice,
        )  # fmt: skip
    return Rotated(keys, digests)


def retire_epoch(*, epoch: str, actor: Actor) -> datetime:
    """Retire an epoch that wraps nothing any more; since when. Then its master key is to be destroyed.

    Raises RetireRefused, or RingBehind.
    """
    retired_at = rings.retire_epoch(epoch)
    audit.record(actor=actor, action="keys.epoch_retired", epoch=epoch)
    return retired_at


@storing()
def retire_index_key(*, number: int, actor: Actor) -> datetime:
    """Retire an index key that nothing is looked up by any more; since when.

    Raises RetireRefused, or RingBehind.
    """
    retired_at = rings.retire_index_key(number)
    audit.record(actor=actor, action="keys.index_key_retired", number=number)
    return retired_at


def tend() -> dict[str, int]:
    """Go on with a rotation, bounded, and say in the log what is due.

    So whoever rules the servers only adds and removes keys; what a process with an older ring wrote
    meanwhile is found as well.
    """
    done = rotate(actor=SYSTEM, most=A_NIGHT)
    if not done.is_complete:
        log.warning("keys.left", count=done.keys.left + done.digests.left)
    for one in epochs():
        if one.due:
            log.warning("keys.due", code=one.due, kind=one.name)
    return {"keys": done.keys.done, "digests": done.digests.done}


DAILY_JOBS["keys"] = tend
