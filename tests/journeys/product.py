"""The whole product as `make run` starts it, in a folder and on a port of its own."""

import html
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from joinbaltic.development_environment import read
from joinbaltic.embedded import free_port
from lenders.sandbox.secrets import SANDBOX_LENDERS, Behaviour

ROOT = Path(__file__).resolve().parents[2]
FORGET = """
from lenders.models import Breaker, Delivery
Delivery.objects.filter(status="due").update(status="failed")
Breaker.objects.all().delete()
"""
OURS = ("DATABASE_URL", "KEYS_DATABASE_URL", "REDIS_URL", "VAR_DIR", "ENVIRONMENT", "DJANGO_SETTINGS_MODULE")
SECRETS = (
    "SECRET_KEY", "MASTER_KEYS", "INDEX_KEYS", "PORTABILITY_KEYS", "SANDBOX_SECRET", "PUBLIC_URL",
    "ALLOWED_HOSTS",
)  # fmt: skip

OFFERS_OF = {
    lender.slug: 1 + len(lender.other_products)
    for lender in SANDBOX_LENDERS
    if lender.behaviour in (Behaviour.OFFERS, Behaviour.CALLS_BACK)
}
OFFERS = sum(OFFERS_OF.values())
"""How many offers come of an application that is sent to every sandbox lender."""


def until(true: Callable[[], Any], *, seconds: float = 20, pause: float = 0.2) -> Any:
    """Wait until `true` is; what it returned."""
    deadline = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < deadline, f"did not come true within {seconds} s"
        time.sleep(pause)
    return found


class Product:
    """`python -m joinbaltic.development`: web, worker, beat, sandbox lenders, PostgreSQL and Redis."""

    def __init__(self, var: Path, *, port: int = 0, knows: int = 0) -> None:
        """`knows` is the port of another product on this machine that it may speak to."""
        self.var, self.port = var, port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        clean = {name: value for name, value in os.environ.items() if name not in OURS + SECRETS}
        self.environment = clean | {"VAR_DIR": str(var), "PORT": str(self.port), "SANDBOX_SPEED": "2"}
        if knows:
            self.environment["LOCAL_LENDERS"] = f"127.0.0.1:{knows}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "joinbaltic.development"],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            text=True,
        )

    def wait_until_ready(self) -> None:
        assert self.process.stdout
        said = []
        for line in self.process.stdout:
            said.append(line)
            if line == "ready\n":
                break
        else:
            raise AssertionError("".join(said))
        threading.Thread(target=self.process.stdout.read, daemon=True).start()  # nothing waits for a reader

    def end(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)

    def get(self, path: str) -> str:
        with urllib.request.urlopen(f"{self.url}{path}", timeout=10) as answer:
            return str(answer.read().decode())

    def code_for(self, email: str, *, other_than: str = "") -> str:
        """The newest code that was mailed to an address, as the development mailbox shows it."""

        def find() -> str | None:
            for article in re.findall(r"<article.*?</article>", self.get("/dev/mail/"), re.DOTALL):
                found = re.search(r"\b\d{6}\b", html.unescape(article))
                if email in article and found and found[0] != other_than:
                    return found[0]
            return None

        return str(until(find))

    # --- the lenders ---

    @property
    def sandbox_url(self) -> str:
        return read(self.var / "development.env")["SANDBOX_URL"]

    def lenders_log(self) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self.sandbox_url}/_log", timeout=10) as answer:
            return dict(json.load(answer))

    def fault(self, slug: str, name: str, *, seconds: float = 0, times: int = 1, **more: Any) -> None:
        order = {"slug": slug, "fault": name, "seconds": seconds, "times": times, **more}
        request = urllib.request.Request(f"{self.sandbox_url}/_faults", json.dumps(order).encode())
        urllib.request.urlopen(request, timeout=10).close()

    def say(self, slug: str, submission_id: str, status: str, **more: str) -> None:
        """Let a lender call back with this."""
        order = {"slug": slug, "submission_id": submission_id, "status": status, **more}
        request = urllib.request.Request(f"{self.sandbox_url}/_say", json.dumps(order).encode())
        urllib.request.urlopen(request, timeout=20).close()

    # --- its processes ---

    def forget_failures(self) -> None:
        """Ask lenders that failed before as usual again, and drop what waits for them."""
        self.in_its_shell(FORGET)

    def worker(self) -> psutil.Process | None:
        """The Celery worker among the processes that we started."""
        for child in psutil.Process(self.process.pid).children(recursive=True):
            try:
                words = child.cmdline()
            except psutil.Error:
                continue
            if "celery" in words and "worker" in words:
                return child
        return None

    def in_its_shell(self, code: str) -> str:
        """What a few lines of Python print, run with the product's own databases."""
        done = subprocess.run(
            [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", code],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout
