"""Secrets handed to browsers: made at random, kept as hashes."""

import hashlib
import hmac
import secrets
from uuid import UUID

from django.conf import settings


def new_token() -> str:
    """256 random bits, safe in a cookie."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """What is stored of a token. It has 256 bits of its own, so a plain hash suffices."""
    return hashlib.sha256(token.encode()).digest()


def new_code() -> str:
    """Six digits for a mail."""
    return f"{secrets.randbelow(1_000_000):06d}"


def code_hash(code: str, challenge_id: UUID) -> bytes:
    """What is stored of a mailed code. Six digits can be guessed, so the hash is keyed and bound."""
    return hmac.digest(settings.SECRET_KEY.encode(), challenge_id.bytes + code.encode(), "sha256")
