"""Lenders taken in, with or without a sandbox that answers for them.

pytest may load this file before Django is configured: what needs models is imported where it is used.
"""

import json
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings as configured
from django.db import connections

from lenders.sandbox.runner import SandboxServer


class Sandbox:
    """The running sandbox and its controls."""

    def __init__(self, server: SandboxServer) -> None:
        self.url, self.tls_url, self.lender_url = server.url, server.tls_url, server.lender_url

    def fault(self, slug: str, name: str, *, seconds: float = 0, times: int = 1, **more: Any) -> None:
        self._post("_faults", {"slug": slug, "fault": name, "seconds": seconds, "times": times, **more})

    def reset(self) -> None:
        self._post("_reset", {})

    def log(self) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self.url}/_log", timeout=5) as reply:
            return json.load(reply)

    def applications(self, slug: str) -> list[dict[str, Any]]:
        """The requests by which a lender was handed applications."""
        return [
            entry
            for entry in self.log()["requests"]
            if entry["path"] == f"/{slug}/applications" and entry["method"] == "POST"
        ]

    def _post(self, path: str, document: dict[str, Any]) -> None:
        request = urllib.request.Request(f"{self.url}/{path}", json.dumps(document).encode(), method="POST")
        urllib.request.urlopen(request, timeout=5).close()


@pytest.fixture(scope="session")
def sandbox_server() -> Iterator[SandboxServer]:
    with SandboxServer(secret=configured.SANDBOX_SECRET, speed=40) as running:
        yield running


@pytest.fixture
def sandbox(sandbox_server: SandboxServer, settings: Any) -> Iterator[Sandbox]:
    """The sandbox lenders over real HTTP, forty times as fast as they pretend to be."""
    found = Sandbox(sandbox_server)
    settings.SANDBOX_URL, settings.SANDBOX_TLS_URL = found.url, found.tls_url
    found.reset()
    yield found
    found.reset()


@pytest.fixture(scope="session")
def second_connection(django_db_setup: None) -> Iterator[None]:
    """Close what `record_aside` opened in this thread: an open connection keeps the test database alive."""
    yield
    connections["aside"].close()


@pytest.fixture
def lenders(second_connection: None, db: None) -> None:
    """The sandbox lenders in the solution, at an address where nobody listens."""
    from tests.lenders import scene  # noqa: PLC0415

    if KEPT:
        scene.write_again(KEPT)
    else:
        scene.register(scene.NOWHERE)
        KEPT.extend(scene.rows_of_lenders())


@pytest.fixture
def browser() -> Any:
    """A browser in which nobody is signed in yet."""
    from django.test import Client  # noqa: PLC0415

    return Client()


KEPT: list[Any] = []
"""The rows of the lenders as the first test had them: made by the services once, for many tests."""


@pytest.fixture
def asked(
    second_connection: None, transactional_db: None, sandbox: Sandbox, live_server: Any, settings: Any
) -> Iterator["Asked"]:
    """An engine of this process, lenders that answer it, and a web server to which they call back."""
    from lenders.engine import Engine  # noqa: PLC0415
    from tests.lenders import scene  # noqa: PLC0415

    settings.PUBLIC_URL = live_server.url
    scene.register(sandbox.url, tls_url=sandbox.tls_url)
    engine = Engine()
    yield Asked(engine, sandbox, scene)
    sandbox.reset()
    engine.stop()


class Asked:
    """Lenders being asked by an engine in this process, woken by hand."""

    def __init__(self, engine: Any, sandbox: Sandbox, scene: Any) -> None:
        self.engine, self.sandbox, self.scene = engine, sandbox, scene

    def until(self, true: Callable[[], Any], *, seconds: float = 15) -> Any:
        """Sweep until `true` is."""
        return self.scene.until(true, seconds=seconds, between=self.engine.wake)

    def settled(self, application: Any, *, seconds: float = 15) -> dict[str, str]:
        """Sweep until no lender is waited for any more; where each stands then."""
        waiting = {"queued", "pending", "action_required"}
        self.until(lambda: not waiting & set(self.scene.states(application).values()), seconds=seconds)
        return self.scene.states(application)


@pytest.fixture
def short_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    """An attempt gives up after half a second, and the next follows at once."""
    monkeypatch.setattr("lenders.adapters.http.LONGEST_ATTEMPT_SECONDS", 0.5)
    monkeypatch.setattr("lenders.services.settling.BACKOFF_SECONDS", 0.01)
