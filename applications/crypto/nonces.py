"""Fresh nonces. A nonce that is used twice under one key breaks AES-GCM.

They are fetched in batches, because one system call costs as much as one encryption. Taking one is
`ready_nonces.pop()`, which is atomic: no two threads get the same.
"""

import os

NONCE_BYTES = 12
_BATCH = 64

ready_nonces: list[bytes] = []


def fresh_nonce() -> bytes:
    """Twelve random bytes, never handed out twice."""
    try:
        return ready_nonces.pop()
    except IndexError:
        return refill()


def refill() -> bytes:
    """Fetch a batch of nonces; one of them is the caller's."""
    block = os.urandom(NONCE_BYTES * (_BATCH + 1))
    ready_nonces.extend(block[at : at + NONCE_BYTES] for at in range(NONCE_BYTES, len(block), NONCE_BYTES))
    return block[:NONCE_BYTES]


# A forked child starts with its parent's batch in memory and must not use what the parent will use.
os.register_at_fork(after_in_child=ready_nonces.clear)
