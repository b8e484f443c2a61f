"""Signatures over files and receipts: compact JWS with Ed25519 (RFC 7515, RFC 8037). Pure.

A key is called by its thumbprint (RFC 7638), so that no two controllers can name different keys alike. What
is read is read strictly: one algorithm, no key that a message brings along, no way of writing the same twice.
"""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

Jwk = Mapping[str, str]
PARTS = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")
THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}")
KEY_BYTES = 32


class NotSigned(Exception):
    """What came is no such signature, or not by this key; never what was in it."""


@dataclass(frozen=True)
class Signed:
    """A message in its parts; trusted by nobody before `payload_of` was asked."""

    kid: str
    typ: str
    payload: bytes = field(repr=False)
    signing_input: bytes = field(repr=False)
    signature: bytes = field(repr=False)


def encode(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """The bytes again. Raises NotSigned for what `encode` would not have written."""
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        data = None
    if data is None or encode(data) != text:
        raise NotSigned
    return data


def public_jwk(key: Ed25519PrivateKey) -> dict[str, str]:
    """The public half as a JWK with its thumbprint as `kid`."""
    raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": encode(raw)}
    return {**jwk, "kid": thumbprint(jwk), "use": "sig", "alg": "EdDSA"}


def thumbprint(jwk: Jwk) -> str:
    """RFC 7638, as RFC 8037 (appendix A.3) has it for such keys."""
    members = {name: jwk[name] for name in ("crv", "kty", "x")}
    text = json.dumps(members, separators=(",", ":"), sort_keys=True)
    return encode(hashlib.sha256(text.encode()).digest())


def public_key(jwk: Any) -> tuple[str, Ed25519PublicKey]:
    """The key and its thumbprint. Raises NotSigned for anything but a public Ed25519 key."""
    known = isinstance(jwk, Mapping) and (jwk.get("kty"), jwk.get("crv")) == ("OKP", "Ed25519")
    if not known or "d" in jwk or not isinstance(jwk.get("x"), str):
        raise NotSigned
    raw = decode(jwk["x"])
    if len(raw) != KEY_BYTES:
        raise NotSigned
    return thumbprint(jwk), Ed25519PublicKey.from_public_bytes(raw)


def sign(payload: bytes, key: Ed25519PrivateKey, *, typ: str) -> str:
    """A compact JWS; the same payload and key give the same text."""
    header = {"alg": "EdDSA", "kid": public_jwk(key)["kid"], "typ": typ}
    head = encode(json.dumps(header, separators=(",", ":")).encode())
    signing_input = f"{head}.{encode(payload)}"
    return f"{signing_input}.{encode(key.sign(signing_input.encode()))}"


def detached(compact: str) -> str:
    """The signature apart from what it is of (RFC 7515, appendix F)."""
    head, _payload, signature = compact.split(".")
    return f"{head}..{signature}"


def read(compact: bytes, *, typ: str) -> Signed:
    """The parts of a message, and by which key it says that it is signed. Raises NotSigned."""
    try:
        found = PARTS.fullmatch(compact.decode("ascii"))
        header = json.loads(decode(found[1])) if found else None
    except (ValueError, RecursionError):
        found, header = None, None
    if found is None or not isinstance(header, dict) or header.keys() != {"alg", "kid", "typ"}:
        raise NotSigned
    kid = header["kid"]
    known = header["alg"] == "EdDSA" and header["typ"] == typ
    if not known or not isinstance(kid, str) or THUMBPRINT.fullmatch(kid) is None:
        raise NotSigned
    signing_input = f"{found[1]}.{found[2]}".encode()
    return Signed(kid, typ, decode(found[2]), signing_input, decode(found[3]))


def payload_of(signed: Signed, keys: list[Any]) -> bytes:
    """What was signed, if it was by one of these JWKs. Raises NotSigned."""
    known = dict(public_key(jwk) for jwk in keys)
    key = known.get(signed.kid)
    if key is None:
        raise NotSigned
    try:
        key.verify(signed.signature, signed.signing_input)
    except InvalidSignature:
        pass
    else:
        return signed.payload
    raise NotSigned
