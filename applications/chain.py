"""A chain of digests: whoever has the entries can check it without a secret, and a change anywhere shows.

Each digest is SHA-256 over the one before and over the facts of an entry as canonical JSON.
"""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

GENESIS = bytes(32)
"""What stands before the first entry."""


def link(previous: bytes, facts: Sequence[Any]) -> bytes:
    """The digest of an entry with these facts, after the entry with the digest `previous`."""
    return hashlib.sha256(previous + canonical(facts).encode()).digest()


def canonical(facts: Any) -> str:
    """JSON that is written in one way only."""
    return json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
