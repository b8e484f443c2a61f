"""How a member of staff comes in: a password, then a second factor. Each step is counted and written down."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import authenticate
from django.db import models
from django.utils.translation import gettext_lazy as _

from applications.actors import STRANGER, Actor
from applications.errors import ProofRefused, SignInRefused
from applications.models import SecondFactor, StaffUser, TryKind
from applications.services import audit
from applications.services.passkeys import prove_by_passkey
from applications.services.second_factor import prove_by_app, prove_by_recovery_code
from applications.services.sign_in_limits import Knock, count_try, forget_tries, note_lock


class Way(models.TextChoices):
    """By which a second factor is proved."""

    PASSKEY = "passkey", _("passkey")
    APP = "app", _("authenticator app")
    RECOVERY = "recovery", _("recovery code")


@dataclass(frozen=True)
class Answer:
    """What a browser sent to prove the second factor. `state` is what it had been asked to sign."""

    way: str
    code: str = ""
    credential: str = ""
    state: Mapping[str, Any] | None = None


def accept_password(*, username: str, password: str, network: str) -> StaffUser:
    """The account that this name and password open half way.

    Raises SignInLocked, and SignInRefused in the same words whether the name, the password or the account is
    at fault.
    """
    knock = Knock(username, network)
    tried = count_try(knock, TryKind.PASSWORD)
    user = authenticate(username=username, password=password)
    if not isinstance(user, StaffUser) or not user.is_staff:
        known = StaffUser.objects.filter(username=username).first()
        audit.record(actor=STRANGER, action="sign_in.refused", row=known)
        note_lock(knock, TryKind.PASSWORD, user=known)
        raise SignInRefused
    tried.delete()
    audit.record(actor=Actor.staff(user.pk), action="sign_in.password_accepted", row=user)
    return user


def prove(*, factor: SecondFactor, answer: Answer, network: str) -> None:
    """Check the second factor. Raises SignInLocked or ProofRefused."""
    user = factor.user
    knock, actor = Knock(user.get_username(), network), Actor.staff(user.pk)
    way = answer.way if answer.way in Way else "unknown"
    tried = count_try(knock, TryKind.SECOND_FACTOR)
    try:
        _check(factor, answer)
    except ProofRefused:
        audit.record(actor=actor, action="second_factor.refused", row=user, way=way)
        note_lock(knock, TryKind.SECOND_FACTOR, user=user)
        raise
    tried.delete()
    audit.record(actor=actor, action="second_factor.proved", row=user, way=way)


def _check(factor: SecondFactor, answer: Answer) -> None:
    if answer.way == Way.APP:
        prove_by_app(factor=factor, code=answer.code)
    elif answer.way == Way.RECOVERY:
        prove_by_recovery_code(factor=factor, code=answer.code)
    elif answer.way == Way.PASSKEY:
        prove_by_passkey(factor=factor, state=answer.state, answer=answer.credential)
    else:
        raise ProofRefused


def note_signed_in(*, user: StaffUser, network: str) -> None:
    """Both are proved: the session opens."""
    forget_tries(Knock(user.get_username(), network))
    audit.record(actor=Actor.staff(user.pk), action="sign_in.completed", row=user)


def note_signed_out(*, user: StaffUser) -> None:
    audit.record(actor=Actor.staff(user.pk), action="sign_out", row=user)


def note_session_ended(*, user: StaffUser, why: str) -> None:
    """A session that the member of staff did not end: a limit did, or the reset of their second factor."""
    audit.record(actor=Actor.staff(user.pk), action="session.ended", row=user, why=why)
