"""Lockout: how often a name, and a network, may be tried at the staff's door.

A try is counted before it is judged, so that a hundred at once are a hundred, and taken back if it was right.
Names that nobody has are counted like any other: a lock tells nothing. Kept are keyed digests alone.
"""

import math
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import ngettext_lazy

from applications import normalise
from applications.actors import STRANGER
from applications.crypto import blind_index
from applications.errors import SignInLocked
from applications.models import SignInTry, StaffUser, TryKind
from applications.services import audit
from applications.services.limits import DAY, HOUR, MINUTE, Limit
from applications.services.locking import take_turns

NAME_COLUMN, NETWORK_COLUMN = "sign_in.name", "sign_in.network"
QUARTER = timedelta(minutes=15)


@dataclass(frozen=True)
class Knock:
    """Who tries, and from where; as typed, for as long as the request lasts."""

    username: str
    network: str

    @property
    def name(self) -> str:
        return StaffUser.normalize_username(self.username.strip()).casefold()

    @property
    def by_name(self) -> Q:
        return Q(name_index__in=blind_index.candidates(NAME_COLUMN, self.name))

    @property
    def by_network(self) -> Q:
        digests = blind_index.candidates(NETWORK_COLUMN, normalise.address(self.network))
        return Q(network_index__in=digests)


WAIT = ngettext_lazy(
    "Too many tries did not lead in. You can try again in %(wait)s minute.",
    "Too many tries did not lead in. You can try again in %(wait)s minutes.",
    "wait",
)
# Somebody else's guesses lock a name from their own network first: who works at another one is let in until
# the guesses come from many networks.
NAME_AT_NETWORK = Limit(5, QUARTER, MINUTE, WAIT)
NAME = Limit(20, HOUR, MINUTE, WAIT)
NETWORK = Limit(50, HOUR, MINUTE, WAIT)
# Six digits can be guessed by whoever has the password: the account is locked, wherever they come from.
PROOFS = Limit(5, QUARTER, MINUTE, WAIT)
PROOFS_A_DAY = Limit(20, DAY, MINUTE, WAIT)


def count_try(knock: Knock, kind: TryKind) -> SignInTry:
    """Count a try that is about to be judged. Raises SignInLocked, and counts nothing, when a limit holds."""
    with transaction.atomic():
        take_turns(f"{NAME_COLUMN}:{knock.name}", f"{NETWORK_COLUMN}:{normalise.address(knock.network)}")
        refuse_locked(knock, kind)
        return SignInTry.objects.create(
            kind=kind,
            name_index=blind_index.digest(NAME_COLUMN, knock.name),
            network_index=blind_index.digest(NETWORK_COLUMN, normalise.address(knock.network)),
            created_at=timezone.now(),
        )


def refuse_locked(knock: Knock, kind: TryKind) -> None:
    """Raise SignInLocked, with how long, when no further try of this kind is allowed at the moment."""
    limit, wait = _longest(knock, kind)
    if wait:
        raise SignInLocked(limit.sentence(wait))


def note_lock(knock: Knock, kind: TryKind, *, user: StaffUser | None) -> None:
    """After a try that was wrong: write down that it was the one that locked the door."""
    _limit, wait = _longest(knock, kind)
    if wait:
        minutes = math.ceil(wait / MINUTE)
        audit.record(actor=STRANGER, action="sign_in.locked", row=user, kind=str(kind), minutes=minutes)


def forget_tries(knock: Knock) -> None:
    """Somebody came in: what they mistyped before, here, counts no longer."""
    SignInTry.objects.filter(knock.by_name, knock.by_network).delete()


def _longest(knock: Knock, kind: TryKind) -> tuple[Limit, timedelta]:
    now = timezone.now()
    tries = SignInTry.objects.filter(kind=kind)
    if kind == TryKind.PASSWORD:
        counted = (
            (NAME_AT_NETWORK, tries.filter(knock.by_name, knock.by_network)),
            (NAME, tries.filter(knock.by_name)),
            (NETWORK, tries.filter(knock.by_network)),
        )
    else:
        of_account = tries.filter(knock.by_name)
        counted = ((PROOFS, of_account), (PROOFS_A_DAY, of_account))  # type: ignore[assignment]
    waits = ((limit, limit.wait(found, now)) for limit, found in counted)
    return max(waits, key=lambda pair: pair[1])
