"""Our own signing keys (settings.PORTABILITY_KEYS): the last one signs, all of them are published."""

from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from privacy.portability import jws


def signed(payload: bytes, *, typ: str) -> str:
    """A compact JWS under the newest key."""
    return jws.sign(payload, _private(next(reversed(settings.PORTABILITY_KEYS.values()))), typ=typ)


def jwks() -> dict[str, Any]:
    """The public halves, the one that signs first (RFC 7517, section 5)."""
    return {"keys": [jws.public_jwk(_private(seed)) for seed in reversed(settings.PORTABILITY_KEYS.values())]}


def _private(seed: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(seed)
