"""Enrolling a second factor and proving it: the app's codes and recovery codes; passkeys are next door.

An account has one from its first sign-in on, until somebody with the permission resets it.
"""

import hmac
import secrets
from typing import Any
from uuid import uuid4

import pyotp
from django.db import IntegrityError, transaction
from django.utils import timezone

from applications.actors import Actor
from applications.crypto import keyring
from applications.errors import AppCodeRefused, LastWay, OwnSecondFactor, RecoveryCodeRefused
from applications.models import AuthenticatorApp, Passkey, RecoveryCode, SecondFactor, StaffUser
from applications.selectors.staff import app_to_confirm, confirmed_app, unused_recovery_codes
from applications.services import audit
from applications.services.staff_accounts import note_handed_over
from applications.tokens import code_hash

STEP_SECONDS = 30
STEPS_AROUND = (-1, 0, 1)  # clocks differ, and typing takes a while
RECOVERY_CODES = 10
# No letter or digit that is taken for another one on paper.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
CODE_LETTERS = 12


def factor_to_enrol(*, user: StaffUser) -> SecondFactor:
    """The account's second factor, made with its key if there is none."""
    found = SecondFactor.objects.filter(user=user).first()
    if found is not None:
        return found
    factor = SecondFactor(id=uuid4(), user=user)
    try:
        with transaction.atomic(), keyring.key_of_a_new_owner(factor.id):
            factor.save(force_insert=True)
    except IntegrityError:  # another tab was quicker
        return SecondFactor.objects.get(user=user)
    return factor


# --- the authenticator app --------------------------------------------------------------------------------
def begin_app(*, factor: SecondFactor, secret: str | None = None) -> AuthenticatorApp:
    """A new secret, which counts from its first code on; one that was never confirmed is thrown away."""
    with transaction.atomic():
        _lock(factor)
        factor.apps.filter(confirmed_at__isnull=True).delete()
        return AuthenticatorApp.objects.create(factor=factor, secret=secret or pyotp.random_base32())


def confirm_app(*, factor: SecondFactor, code: str) -> None:
    """The app shows the right code: it takes the place of the one before. Raises AppCodeRefused."""
    with transaction.atomic():
        _lock(factor)
        app = app_to_confirm(factor)
        if app is None or not _counts(app, code):
            raise AppCodeRefused
        factor.apps.exclude(pk=app.pk).delete()
        AuthenticatorApp.objects.filter(pk=app.pk).update(confirmed_at=timezone.now())
        note_enrolled(factor, way="app")


def prove_by_app(*, factor: SecondFactor, code: str) -> None:
    """Raises AppCodeRefused for a code that is wrong, too old, or not newer than the last one accepted."""
    app = confirmed_app(factor)
    if app is None or not _counts(app, code):
        raise AppCodeRefused


def _counts(app: AuthenticatorApp, code: str) -> bool:
    """Whether the code is right and new; if so it is used up."""
    totp = pyotp.TOTP(app.secret)
    now = int(timezone.now().timestamp()) // STEP_SECONDS
    # Every one is compared, so that the time taken does not tell which one was near.
    typed = "".join(code.split()).encode()
    right = [
        now + by for by in STEPS_AROUND if hmac.compare_digest(totp.generate_otp(now + by).encode(), typed)
    ]
    return bool(right) and bool(
        AuthenticatorApp.objects.filter(pk=app.pk, last_step__lt=right[0]).update(last_step=right[0])
    )


# --- recovery codes ---------------------------------------------------------------------------------------
def make_recovery_codes(*, factor: SecondFactor) -> list[str]:
    """New codes in place of all older ones. This is the only time that anybody sees them."""
    codes = ["".join(secrets.choice(ALPHABET) for _ in range(CODE_LETTERS)) for _ in range(RECOVERY_CODES)]
    with transaction.atomic():
        _lock(factor)
        factor.recovery_codes.all().delete()
        RecoveryCode.objects.bulk_create(
            RecoveryCode(factor=factor, code_hash=code_hash(code, factor.id)) for code in codes
        )
        _record(factor, "second_factor.recovery_codes_made", count=len(codes))
    return [f"{code[:4]}-{code[4:8]}-{code[8:]}" for code in codes]


def prove_by_recovery_code(*, factor: SecondFactor, code: str) -> None:
    """Use up a recovery code. Raises RecoveryCodeRefused."""
    plain = "".join(letter for letter in code.lower() if letter.isalnum())
    used = unused_recovery_codes(factor).filter(code_hash=code_hash(plain, factor.id)).update(
        used_at=timezone.now()
    )  # fmt: skip
    if not used:
        raise RecoveryCodeRefused
    left = unused_recovery_codes(factor).count()
    _record(factor, "second_factor.recovery_code_used", left=left)


# --- what is taken away -----------------------------------------------------------------------------------
def remove_app(*, factor: SecondFactor) -> None:
    """Raises LastWay when no passkey would be left."""
    with transaction.atomic():
        _lock(factor)
        if not factor.passkeys.exists():
            raise LastWay
        if factor.apps.all().delete()[0]:
            _record(factor, "second_factor.removed", way="app")


def remove_passkey(*, factor: SecondFactor, passkey: Passkey) -> None:
    """Raises LastWay when neither an app nor another passkey would be left."""
    with transaction.atomic():
        _lock(factor)
        if confirmed_app(factor) is None and not factor.passkeys.exclude(pk=passkey.pk).exists():
            raise LastWay
        if factor.passkeys.filter(pk=passkey.pk).delete()[0]:
            _record(factor, "second_factor.removed", way="passkey")


def reset(*, user: StaffUser, actor: Actor) -> None:
    """Take everything away: the account enrols anew at its next sign-in, and its sessions end.

    Raises OwnSecondFactor: whoever has somebody's open session must not get a factor of their own that way.
    """
    if actor == Actor.staff(user.pk):
        raise OwnSecondFactor
    with transaction.atomic():
        SecondFactor.objects.filter(user=user).delete()
        note_handed_over(user)
        audit.record(actor=actor, action="second_factor.reset", row=user)


# --- together with passkeys ---------------------------------------------------------------------------------
def note_enrolled(factor: SecondFactor, *, way: str) -> None:
    """A way to prove was confirmed; with the first one the account is enrolled."""
    SecondFactor.objects.filter(pk=factor.pk, enrolled_at__isnull=True).update(enrolled_at=timezone.now())
    _record(factor, "second_factor.enrolled", way=way)


def _lock(factor: SecondFactor) -> None:
    """Two tabs take turns: neither takes away what the other counts on."""
    SecondFactor.objects.select_for_update().get(pk=factor.pk)


def _record(factor: SecondFactor, action: str, **detail: Any) -> None:
    audit.record(actor=Actor.staff(factor.user_id), action=action, row=factor.user, **detail)
