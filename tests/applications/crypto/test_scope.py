"""A scope for data keys ends where its block ends, whoever shares it."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from applications.crypto.scope import data_key_scope, open_ciphers

CIPHER = AESGCM(bytes(32))


def keep() -> None:
    ciphers = open_ciphers()
    assert ciphers is not None
    ciphers[1] = CIPHER


def test_nested_scopes_share_the_outer_one() -> None:
    assert open_ciphers() is None
    with data_key_scope():
        with data_key_scope():
            keep()
        assert open_ciphers() == {1: CIPHER}
    assert open_ciphers() is None


def test_a_scope_closes_when_its_block_fails() -> None:
    try:
        with data_key_scope():
            keep()
            raise LookupError
    except LookupError:
        pass
    assert open_ciphers() is None


def test_every_call_of_a_decorated_function_has_a_scope_of_its_own() -> None:
    @data_key_scope()
    def task() -> int:
        found = len(open_ciphers() or {})
        keep()
        return found

    assert [task(), task()] == [0, 0]


def test_a_scope_opened_in_a_task_stays_in_that_task() -> None:
    async def scoped(opened: asyncio.Event, looked: asyncio.Event) -> None:
        with data_key_scope():
            keep()
            opened.set()
            await looked.wait()

    async def run() -> None:
        opened, looked = asyncio.Event(), asyncio.Event()
        task = asyncio.create_task(scoped(opened, looked))
        await opened.wait()
        assert open_ciphers() is None
        looked.set()
        await task
        assert open_ciphers() is None

    asyncio.run(run())


def test_a_task_that_outlives_its_scope_finds_it_closed_and_empty() -> None:
    async def outlives(closed: asyncio.Event) -> tuple[bool, bool]:
        shared = open_ciphers() == {1: CIPHER}
        await closed.wait()
        return shared, open_ciphers() is None

    async def run() -> tuple[bool, bool]:
        closed = asyncio.Event()
        with data_key_scope():
            keep()
            task = asyncio.create_task(outlives(closed))
            await asyncio.sleep(0)
        closed.set()
        return await task

    assert asyncio.run(run()) == (True, True)


def test_threads_share_a_scope_only_when_given_its_context() -> None:
    with ThreadPoolExecutor(1) as pool, data_key_scope():
        keep()
        assert pool.submit(open_ciphers).result() is None
        assert pool.submit(copy_context().run, open_ciphers).result() == {1: CIPHER}
