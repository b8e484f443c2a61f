"""Passkeys: what the browser is asked to sign, and whether it did (WebAuthn, by python-fido2)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from fido2.server import Fido2Server
from fido2.webauthn import (
    AttestationConveyancePreference,
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from applications.errors import ProofRefused
from applications.models import Passkey, SecondFactor
from applications.services.second_factor import note_enrolled

LONGEST_ANSWER = 20_000
NAME_LENGTH = 60
VERIFY = UserVerificationRequirement.PREFERRED  # the password was asked for already


@dataclass(frozen=True)
class Asked:
    """Options for the browser, as JSON, and what has to be remembered until it answers."""

    options: str
    state: dict[str, Any]


def ask_to_register(*, factor: SecondFactor) -> Asked:
    """Ask for a new passkey; one that is enrolled already is not offered again."""
    name = factor.user.get_username()
    options, state = _server().register_begin(
        PublicKeyCredentialUserEntity(id=factor.id.bytes, name=name, display_name=name),
        _credentials(factor),
        resident_key_requirement=ResidentKeyRequirement.PREFERRED,
        user_verification=VERIFY,
    )
    return Asked(json.dumps(dict(options)["publicKey"]), state)


def register(*, factor: SecondFactor, state: Mapping[str, Any] | None, answer: str, name: str) -> Passkey:
    """Keep the public half of a new passkey. Raises ProofRefused."""
    found = _register(state, answer)
    try:
        with transaction.atomic():
            passkey = Passkey.objects.create(
                factor=factor,
                name=name.strip()[:NAME_LENGTH],
                credential_id=found.credential_id,
                credential=bytes(found),
            )
            note_enrolled(factor, way="passkey")
    except IntegrityError:
        raise ProofRefused from None
    return passkey


def _register(state: Mapping[str, Any] | None, answer: str) -> AttestedCredentialData:
    found = None
    if state is not None and len(answer) <= LONGEST_ANSWER:
        try:
            found = _server().register_complete(state, json.loads(answer)).credential_data
        except Exception:  # the answer is a stranger's bytes: whatever its parsers raise is a refusal
            found = None
    if found is None:
        raise ProofRefused
    return found


def ask_to_prove(*, factor: SecondFactor) -> Asked:
    """Ask for a signature by one of the account's passkeys."""
    options, state = _server().authenticate_begin(_credentials(factor), user_verification=VERIFY)
    return Asked(json.dumps(dict(options)["publicKey"]), state)


def prove_by_passkey(*, factor: SecondFactor, state: Mapping[str, Any] | None, answer: str) -> None:
    """Raises ProofRefused when no passkey of this account signed what was asked, or a copy of one did."""
    credential_id, count = _authenticate(factor, state, answer)
    known = factor.passkeys.filter(credential_id=credential_id)
    # A counter that does not move belongs to a copy; passkeys that are kept on several devices always say 0.
    known = known.filter(sign_count__lt=count) if count else known.filter(sign_count=0)
    if not known.update(sign_count=count, last_used_at=timezone.now()):
        raise ProofRefused


def _authenticate(factor: SecondFactor, state: Mapping[str, Any] | None, answer: str) -> tuple[bytes, int]:
    found = None
    if state is not None and len(answer) <= LONGEST_ANSWER:
        try:
            response = AuthenticationResponse.from_dict(json.loads(answer))
            credential = _server().authenticate_complete(state, _credentials(factor), response)
            found = credential.credential_id, response.response.authenticator_data.counter
        except Exception:  # as above
            found = None
    if found is None:
        raise ProofRefused
    return found


def _server() -> Fido2Server:
    return Fido2Server(
        PublicKeyCredentialRpEntity(id=settings.PASSKEY_HOST, name="JO1N Baltic financing"),
        AttestationConveyancePreference.NONE,
        verify_origin=lambda origin: origin == settings.PASSKEY_ORIGIN,
    )


def _credentials(factor: SecondFactor) -> list[AttestedCredentialData]:
    return [AttestedCredentialData(bytes(one.credential)) for one in factor.passkeys.all()]
