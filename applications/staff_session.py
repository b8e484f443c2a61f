"""What a session of staff has proved, and for how long that counts. Kept in Django's session.

Half way: the password was right, and nobody is signed in yet. request.user stays anonymous, so that no page
opens by a password alone, whatever its address. Whole: the second factor was proved as well. The session's
key changes at each step: one that was planted or overheard before is worth nothing after.
"""

from datetime import timedelta
from enum import StrEnum
from typing import Any, cast
from uuid import UUID

from django.contrib.auth import get_user_model, login
from django.http import HttpRequest
from django.middleware.csrf import rotate_token
from django.utils import timezone
from django.utils.crypto import constant_time_compare

IDLE = timedelta(minutes=30)
WHOLE = timedelta(hours=8)
FRESH = timedelta(minutes=5)
HALF_WAY = timedelta(minutes=10)
NOTED_EVERY = timedelta(minutes=1)

HALF, PROOF = "half_way", "proof"
BACKEND = "applications.backends.RoleBackend"


class Ended(StrEnum):
    """Why a session counts no longer."""

    UNPROVED = "unproved"
    IDLE = "idle"
    OVER = "over"
    RESET = "reset"


def begin(request: HttpRequest, user: Any, *, target: str) -> None:
    """The password was right: remember whose, for ten minutes, in a session of a new key."""
    request.session.flush()
    rotate_token(request)
    request.session[HALF] = {
        "user": user.pk, "hash": user.get_session_auth_hash(), "since": _now(), "target": target,
    }  # fmt: skip


def half_way(request: HttpRequest) -> Any:
    """The account whose password was right in this session a short while ago, or None."""
    half = request.session.get(HALF)
    if half is None or _passed(half["since"], HALF_WAY):
        return None
    user: Any = get_user_model()._default_manager.filter(pk=half["user"]).first()
    if user is None or not (user.is_active and user.is_staff):
        return None
    # A password that was changed since opens nothing any more.
    return user if constant_time_compare(half["hash"], user.get_session_auth_hash()) else None


def complete(request: HttpRequest, user: Any, *, factor_id: UUID) -> str:
    """The second factor was proved: sign in, under a new key. Where they were going is returned."""
    target: str = request.session.pop(HALF)["target"]
    login(request, user, backend=BACKEND)
    now = _now()
    request.session[PROOF] = {"factor": str(factor_id), "since": now, "seen": now, "proved": now}
    return target


def renew(request: HttpRequest) -> None:
    """The second factor was proved once more."""
    request.session.cycle_key()
    _note(request, "proved")


def touch(request: HttpRequest) -> None:
    """Note that the session is in use; at most one write a minute."""
    if _passed(request.session[PROOF]["seen"], NOTED_EVERY):
        _note(request, "seen")


def is_proved(request: HttpRequest) -> bool:
    """Whether both were proved in this session."""
    return request.user.is_authenticated and PROOF in request.session


def is_fresh(request: HttpRequest) -> bool:
    """Whether the second factor was proved within the last minutes."""
    return is_proved(request) and not _passed(request.session[PROOF]["proved"], FRESH)


def factor_id(request: HttpRequest) -> UUID:
    """The second factor with which this session was opened."""
    return UUID(request.session[PROOF]["factor"])


def out_of_time(request: HttpRequest) -> Ended | None:
    """Which limit has ended the session of a signed-in user, if one has."""
    proof = request.session.get(PROOF)
    if proof is None:
        return Ended.UNPROVED
    if _passed(proof["since"], WHOLE):
        return Ended.OVER
    return Ended.IDLE if _passed(proof["seen"], IDLE) else None


def _note(request: HttpRequest, what: str) -> None:
    request.session[PROOF] = request.session[PROOF] | {what: _now()}


def _now() -> float:
    return timezone.now().timestamp()


def _passed(since: Any, period: timedelta) -> bool:
    return _now() - cast(float, since) >= period.total_seconds()
