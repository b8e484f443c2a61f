"""How long an unwrapped data key may stay in memory: one request, one task."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

# Keyed by the owner id's integer, which hashes many times faster than the UUID.
Ciphers = dict[int, AESGCM]


class _Scope:
    """Held by reference in every context copied from the one that opened it; closing empties it for all."""

    __slots__ = ("ciphers",)

    def __init__(self) -> None:
        self.ciphers: Ciphers | None = {}


_open_scope: ContextVar[_Scope | None] = ContextVar("data_key_scope", default=None)


@contextmanager
def data_key_scope() -> Iterator[None]:
    """Keep unwrapped data keys until the block ends. A scope inside a scope shares the outer one.

    Also a decorator. An asyncio task or a thread started inside shares the scope while it lasts; one that
    outlives it finds it closed, and works on without keeping keys.
    """
    if open_ciphers() is not None:
        yield
        return
    scope = _Scope()
    _open_scope.set(scope)
    try:
        yield
    finally:
        scope.ciphers = None
        # Not reset by token: the block may end in another context than it began in.
        _open_scope.set(None)


def open_ciphers() -> Ciphers | None:
    """The ciphers kept by the scope that is open here, or None outside of any scope."""
    scope = _open_scope.get()
    return None if scope is None else scope.ciphers


def let_go(owner_ids: Iterable[UUID]) -> None:
    """Keep the keys of these owners no longer, if a scope is open here."""
    ciphers = open_ciphers()
    if ciphers is not None:
        for owner_id in owner_ids:
            ciphers.pop(owner_id.int, None)
