"""`make run`: ports, secrets, children that die, and the whole of it from start to end."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from joinbaltic import commands
from joinbaltic.development import (
    FIRST_PORT,
    banner,
    blocked_signals,
    claimed_port,
    environment,
    keep_old_logs,
)
from joinbaltic.development_environment import kept_secrets, read, write
from joinbaltic.embedded import claim, free_port, remove
from joinbaltic.processes import ProcessBook, running
from joinbaltic.supervision import StartError, Supervisor

ROOT = Path(__file__).resolve().parents[2]
OURS = ("DATABASE_URL", "KEYS_DATABASE_URL", "REDIS_URL", "VAR_DIR", "ENVIRONMENT", "DJANGO_SETTINGS_MODULE")


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    book = ProcessBook(tmp_path / "run" / "processes.json")
    made = Supervisor(root=tmp_path, var=tmp_path, book=book, environment={"PATH": os.defpath})
    yield made
    made.stop(grace=1)


def test_wanted_port_that_is_taken_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with pytest.raises(StartError, match="in use"), claimed_port(port):
            pytest.fail("claimed a port that somebody listens on")


def test_port_that_another_copy_claimed_is_taken() -> None:
    wanted = str(free_port())
    with claimed_port(wanted), pytest.raises(StartError, match="in use"), claimed_port(wanted):
        pytest.fail("claimed twice")


def test_second_copy_moves_on_to_the_next_port() -> None:
    with claimed_port("") as first, claimed_port("") as second:
        assert second > first >= FIRST_PORT


@pytest.mark.parametrize("text", ["http", "0", "65536", "-1", "8000.5"])
def test_port_that_is_no_port_is_an_error(text: str) -> None:
    with pytest.raises(StartError, match="not a port"), claimed_port(text):
        pytest.fail("claimed nonsense")


def test_secrets_are_made_once(tmp_path: Path) -> None:
    path = tmp_path / "development.env"
    assert kept_secrets(path) == kept_secrets(path)


def test_secrets_differ_between_copies(tmp_path: Path) -> None:
    first, second = (set(kept_secrets(tmp_path / name).values()) for name in ("a.env", "b.env"))
    assert first.isdisjoint(second)


def test_secrets_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "development.env"
    path.write_text("SECRET_KEY=old\n")
    path.chmod(0o644)
    kept_secrets(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_environment_survives_writing_and_reading(tmp_path: Path) -> None:
    values = {"DATABASE_URL": "postgres://joinbaltic@:5432/joinbaltic?host=/x", "KEY": "1:YWJj=="}
    write(tmp_path / "development.env", values)
    assert read(tmp_path / "development.env") == values


def test_exported_secret_wins_over_a_made_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "exported")
    made = environment({"SECRET_KEY": "made"}, tmp_path, port=8000, sandbox_ports=(20000, 20001))
    assert made["SECRET_KEY"] == "exported"


def test_lenders_of_this_machine_are_known_in_another_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCAL_LENDERS", "127.0.0.1:9000")
    made = environment({}, tmp_path, port=8000, sandbox_ports=(20000, 20001))
    assert made["LOCAL_LENDERS"] == "127.0.0.1:9000"


def test_addresses_of_an_earlier_run_are_not_taken_for_given_ones(tmp_path: Path) -> None:
    write(tmp_path / "development.env", {"DATABASE_URL": "postgres://gone@/gone"})
    clean = {name: value for name, value in os.environ.items() if name not in OURS}
    script = "import os, joinbaltic.development; print(os.environ.get('DATABASE_URL'))"
    said = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=clean | {"VAR_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.strip() == "None"


def test_log_of_the_last_run_stays_beside_the_new_one(tmp_path: Path) -> None:
    (tmp_path / "web.log").write_text("old")
    keep_old_logs(tmp_path)
    assert (tmp_path / "web.log.1").read_text() == "old"


def test_interrupted_make_is_recognised() -> None:
    assert blocked_signals("SigPnd:\t0000\nSigBlk:\t0000000000010002\nSigIgn:\t0\n") & 0b10
    assert not blocked_signals("SigBlk:\t0000000000010000\n") & 0b10


def test_places_in_a_command_are_filled_in() -> None:
    filled = commands.words(
        commands.PROCESSES["sandbox"],
        sandbox_url="http://127.0.0.1:20001",
        sandbox_tls_url="https://127.0.0.1:20002",
    )
    assert filled[-4:] == ["--port", "20001", "--tls-port", "20002"]


def test_child_that_dies_is_started_again(supervisor: Supervisor) -> None:
    supervisor.start("sleeper", ["-c", "import time; time.sleep(60)"])
    first = supervisor.children[0].process
    assert first
    first.kill()
    first.wait()
    supervisor.look()
    supervisor.children[0].again_at = 0.0  # the pause is over
    supervisor.look()
    second = supervisor.children[0].process
    assert second
    assert second.pid != first.pid
    assert second.poll() is None


def test_pause_before_the_next_start_doubles_up_to_half_a_minute(supervisor: Supervisor) -> None:
    supervisor.start("broken", ["-c", "raise SystemExit(1)"])
    child, pauses = supervisor.children[0], []
    assert child.process
    child.process.wait()
    for _ in range(7):
        child.again_at = None
        assert child.just_died()
        assert child.again_at is not None
        pauses.append(round(child.again_at - time.monotonic()))
    assert pauses == [1, 2, 4, 8, 16, 30, 30]


def test_child_that_keeps_dying_stops_the_start(supervisor: Supervisor) -> None:
    supervisor.start("broken", ["-c", "raise SystemExit('no such setting')"])
    child = supervisor.children[0]
    child.deaths = 2
    assert child.process
    child.process.wait()
    with pytest.raises(StartError, match="no such setting"):
        supervisor.look(starting=True)


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A var folder for the whole product, found by each test as the one before left it: the first start fills
    it, the others go on with it. Whatever comes of the tests, nothing stays.
    """
    folder = tmp_path_factory.mktemp("product") / "var"
    yield folder
    remove(folder)


class Product:
    """`python -m joinbaltic.development` in a var folder and on a port of its own."""

    def __init__(self, var: Path) -> None:
        self.var, self.port = var, free_port()
        clean = {name: value for name, value in os.environ.items() if name not in OURS}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "joinbaltic.development"],
            cwd=ROOT,
            env=clean | {"VAR_DIR": str(var), "PORT": str(self.port)},
            stdout=subprocess.PIPE,
            text=True,
        )

    def wait_until_ready(self) -> str:
        assert self.process.stdout
        said = []
        for line in self.process.stdout:
            said.append(line)
            if line == "ready\n":
                return "".join(said)
        pytest.fail("".join(said))

    def running(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def page(self, path: str) -> int:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            return int(answer.status)

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        self.process.send_signal(number)
        self.process.wait(60)
        if self.process.stdout:
            self.process.stdout.close()


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_product_becomes_ready_and_ends_whole(var: Path, number: signal.Signals) -> None:
    product = Product(var)
    try:
        said = product.wait_until_ready()
        everything = product.running()
    finally:
        product.end(number)
    assert f"http://127.0.0.1:{product.port}/dev/mail/" in said
    assert len(everything) >= 6
    assert [process for process in everything if running(process)] == []
    with claim(product.var) as book:
        assert book.clear_leftovers() == []


@pytest.mark.slow
def test_product_starts_again_after_its_supervisor_was_killed(var: Path) -> None:
    killed = Product(var)
    killed.wait_until_ready()
    orphans = killed.running()
    killed.end(signal.SIGKILL)
    second = Product(var)
    try:
        second.wait_until_ready()
        assert second.page("/readyz") == 200
        assert [process for process in orphans if running(process)] == []
    finally:
        second.end()


@pytest.mark.slow
def test_manage_py_in_another_terminal_joins_the_running_product(var: Path) -> None:
    product = Product(var)
    try:
        product.wait_until_ready()
        clean = {name: value for name, value in os.environ.items() if name not in OURS}
        checked = subprocess.run(
            [sys.executable, "manage.py", "migrate", "--check"],
            cwd=ROOT,
            env=clean | {"VAR_DIR": str(product.var)},
            check=False,
        )
    finally:
        product.end()
    assert checked.returncode == 0


# --- what it says ---------------------------------------------------------------------------------------
def test_each_demo_log_in_stands_on_one_line_and_once(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    logins = [{"role": name, "user": name, "password": f"{name}-passphrase"} for name in ("dpo", "admin")]
    (tmp_path / "run/demo.json").write_text(json.dumps({"logins": logins}), encoding="utf-8")
    said = banner({"PUBLIC_URL": "http://here", "SANDBOX_URL": "http://there"}, var=tmp_path)
    lines = [line.split() for line in said.splitlines() if "passphrase" in line]
    assert lines == [["Log", "in", "as", "dpo", "dpo-passphrase"], ["admin", "admin-passphrase"]]
