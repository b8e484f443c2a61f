"""Processes we started, remembered by pid and start time, so that only ours are ever ended.

A supervisor that is killed outright leaves its children running. The next start reads the book, ends what
is still there, and touches nothing else: a pid that was given to another process since then has another
start time.
"""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

# The clock may be corrected between two readings of a start time; pids do not come round in a second.
START_TIME_TOLERANCE = 1.0


# PostgreSQL's fast shutdown: it does not wait until its clients have gone.
STOP_SIGNALS = {"postgres": signal.SIGINT}
SERVERS = ("redis", "postgres")


@dataclass(frozen=True)
class Mark:
    """One process: the name we gave it, its pid, its start time in seconds since the epoch, and whether it
    is one we started (`root`) or one that such a process started."""

    name: str
    pid: int
    started: float
    root: bool


def running(process: psutil.Process) -> bool:
    """Whether the process still does anything; a zombie nobody waits for does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def find(mark: Mark) -> psutil.Process | None:
    """The very process that was marked, or None when it is gone or its pid belongs to another by now."""
    try:
        process = psutil.Process(mark.pid)
        same = abs(process.create_time() - mark.started) <= START_TIME_TOLERANCE
    except psutil.Error:
        return None
    return process if same and running(process) else None


def descendants(process: psutil.Process) -> list[psutil.Process]:
    """Everything the process started, directly or not, that still runs."""
    try:
        return [child for child in process.children(recursive=True) if running(child)]
    except psutil.NoSuchProcess:
        return []


def working_in(folder: Path) -> list[psutil.Process]:
    """Database servers whose current folder is this one: their data is in it, so they are of this copy.

    It finds a server whose start was never written into the book, and the children of a killed one.
    """
    found = []
    for process in psutil.process_iter():
        try:
            if process.name().startswith(("postgres", "valkey")) and Path(process.cwd()) == folder:
                found.append(process)
        except psutil.Error:  # it ended meanwhile, or belongs to someone else
            continue
    return [process for process in found if running(process)]


def end(
    processes: Iterable[psutil.Process], *, ask: signal.Signals = signal.SIGTERM, grace: float = 10
) -> None:
    """Ask the processes to end, wait up to `grace` seconds for all of them, then kill the rest and what
    they started."""
    asked = list(processes)
    everyone = {process.pid: process for root in asked for process in [root, *descendants(root)]}
    for process in asked:
        _send(process, ask)
    if not _gone(everyone.values(), within=grace):
        for process in everyone.values():
            _send(process, signal.SIGKILL)
        _gone(everyone.values(), within=5)


def _send(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)  # psutil compares start times first
    except psutil.NoSuchProcess:
        return


def _gone(processes: Iterable[psutil.Process], *, within: float) -> bool:
    deadline = time.monotonic() + within
    remaining = list(processes)
    while remaining := [process for process in remaining if running(process)]:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _children(root: Mark) -> set[Mark]:
    process = find(root)
    marks = set()
    for child in descendants(process) if process else []:
        with contextlib.suppress(psutil.NoSuchProcess):
            marks.add(Mark(root.name, child.pid, child.create_time(), root=False))
    return marks


class ProcessBook:
    """The file that names our running processes, rewritten whole at every change."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._roots: dict[str, Mark] = {}
        self._marks: set[Mark] = set()

    def start(
        self,
        name: str,
        command: Sequence[str],
        *,
        log: Path,
        folder: Path,
        environment: Mapping[str, str] | None = None,
        user: tuple[int, int] | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start a command as a session of its own, so that Ctrl-C in the terminal reaches the supervisor
        alone and it can end things in order. `user` is the (uid, gid) to become."""
        uid, gid = user or (None, None)
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            process = subprocess.Popen(  # noqa: S603 - commands are ours
                command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=uid,
                group=gid,
                extra_groups=[] if user else None,
            )
        self._roots[name] = Mark(name, process.pid, psutil.Process(process.pid).create_time(), root=True)
        self.refresh()
        return process

    def forget(self, name: str) -> None:
        """Strike out a process that ended, having ended whatever it left behind."""
        self.refresh()
        self._roots.pop(name, None)
        end(process for mark in self._marks if mark.name == name and (process := find(mark)))
        self.refresh()

    def refresh(self) -> None:
        """Note the children our processes have by now: a web server's worker outlives its killed parent and
        goes on answering, so it must be known by then."""
        marks = {mark for mark in self._marks if find(mark)} | set(self._roots.values())
        for root in self._roots.values():
            marks |= _children(root)
        if marks != self._marks or not self.path.exists():
            self._marks = marks
            self._write()

    def clear_leftovers(self) -> list[str]:
        """End what an earlier run left behind, what serves first and the databases last; their names."""
        left = {mark: process for mark in self._read() if (process := find(mark))}
        end(process for mark, process in left.items() if mark.name not in SERVERS)
        for name in SERVERS:
            ours = {mark: process for mark, process in left.items() if mark.name == name}
            ask = STOP_SIGNALS.get(name, signal.SIGTERM)
            end((process for mark, process in ours.items() if mark.root), ask=ask)
            end(ours.values())
        self.path.unlink(missing_ok=True)
        return sorted({mark.name for mark in left})

    def _read(self) -> list[Mark]:
        try:
            return [Mark(**entry) for entry in json.loads(self.path.read_text(encoding="utf-8"))]
        except (FileNotFoundError, ValueError, TypeError):
            return []  # never written, or cut short: then working_in() finds the servers

    def _write(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_suffix(".draft")
        draft.write_text(json.dumps([asdict(mark) for mark in self._marks], indent=1), encoding="utf-8")
        os.replace(draft, self.path)
