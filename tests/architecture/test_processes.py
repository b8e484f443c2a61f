"""Only what is ours is ended, and all of it."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from joinbaltic.processes import Mark, ProcessBook, end, find, running

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
SLEEP_WITH_CHILD = [sys.executable, "-c", f"import subprocess; subprocess.run({SLEEP!r})"]


@pytest.fixture
def book(tmp_path: Path) -> ProcessBook:
    return ProcessBook(tmp_path / "run" / "processes.json")


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    """A process that is none of the book's business."""
    process = subprocess.Popen(SLEEP)
    yield process
    process.kill()
    process.wait()


def start(book: ProcessBook, command: list[str]) -> subprocess.Popen[bytes]:
    return book.start("sleeper", command, log=book.path.with_suffix(".log"), folder=book.path.parent.parent)


def child_of(process: subprocess.Popen[bytes]) -> psutil.Process:
    deadline = time.monotonic() + 5
    while not (children := psutil.Process(process.pid).children()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return children[0]


def test_process_of_a_killed_run_is_ended(book: ProcessBook) -> None:
    process = start(book, SLEEP)
    assert ProcessBook(book.path).clear_leftovers() == ["sleeper"]
    assert process.wait(5) != 0


def test_process_that_got_a_recorded_pid_later_is_left_alone(
    book: ProcessBook, stranger: subprocess.Popen[bytes]
) -> None:
    began = psutil.Process(stranger.pid).create_time()
    assert find(Mark("web", stranger.pid, began, root=True))
    assert find(Mark("web", stranger.pid, began - 3600, root=True)) is None


def test_clearing_leaves_a_reused_pid_running(book: ProcessBook, stranger: subprocess.Popen[bytes]) -> None:
    start(book, SLEEP)
    ours = book.path.read_text()
    book.path.write_text(
        ours.replace(str(_only_pid(book)), str(stranger.pid)).replace('"started": ', '"started": 1')
    )
    assert ProcessBook(book.path).clear_leftovers() == []
    assert stranger.poll() is None
    book.forget("sleeper")


def _only_pid(book: ProcessBook) -> int:
    (mark,) = book._read()
    return mark.pid


def test_child_that_outlives_its_killed_parent_is_ended(book: ProcessBook) -> None:
    parent = start(book, SLEEP_WITH_CHILD)
    child = child_of(parent)
    book.refresh()
    parent.kill()
    parent.wait()
    ProcessBook(book.path).clear_leftovers()
    assert not running(child)


def test_forgetting_a_dead_process_ends_what_it_left(book: ProcessBook) -> None:
    parent = start(book, SLEEP_WITH_CHILD)
    child = child_of(parent)
    book.refresh()
    parent.kill()
    parent.wait()
    book.forget("sleeper")
    assert not running(child)


def test_process_that_ignores_the_request_is_killed(book: ProcessBook) -> None:
    deaf = "from signal import *; import time; signal(SIGTERM, SIG_IGN); print(flush=True); time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", deaf], stdout=subprocess.PIPE)
    assert process.stdout
    process.stdout.readline()
    end([psutil.Process(process.pid)], grace=0.1)
    assert process.wait(5) == -9
    process.stdout.close()


@pytest.mark.parametrize("text", ["", "[{", "[1]", '{"a": 1}'])
def test_book_that_was_cut_short_is_no_obstacle(book: ProcessBook, text: str) -> None:
    book.path.parent.mkdir(parents=True)
    book.path.write_text(text)
    assert book.clear_leftovers() == []
