"""`make run`: the whole product on one machine, from nothing, until Ctrl-C.

It prepares servers, databases and demo, starts what the product is made of, waits until it is ready, says
where everything is, and ends all of it. It reads no Django settings: it makes the environment they come from.
"""

import json
import os
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from joinbaltic import commands
from joinbaltic.development_environment import kept_secrets, write
from joinbaltic.embedded import (
    AlreadyRunningError,
    EmbeddedServerError,
    Services,
    claim,
    free_port,
    remove,
    run_servers,
)
from joinbaltic.embedded_places import client_programs
from joinbaltic.embedded_redis import port_is_free
from joinbaltic.supervision import StartError, StopRequest, StopRequestedError, Supervisor, say

ROOT = Path(__file__).resolve().parent.parent
FIRST_PORT = 8000
PORTS_TO_TRY = 100
READY_SECONDS = 180
LOOK_SECONDS = 0.25
ADDRESSES = ("DATABASE_URL", "KEYS_DATABASE_URL", "REDIS_URL")


def main() -> int:
    """Run until asked to end; 0 then, 1 when the product could not be started."""
    stop = StopRequest(also=make_gave_up)
    var = Path(os.environ.get("VAR_DIR") or ROOT / "var").absolute()
    try:
        if sys.argv[1:] == ["--remove"]:  # make clean
            remove(var)
            return 0
        run(var=var, stop=stop)
    except StopRequestedError:
        say("Ended.")
    except (AlreadyRunningError, EmbeddedServerError, StartError) as error:
        say(str(error))
        return 1
    return 0


def run(*, var: Path, stop: StopRequest) -> None:
    """Everything between the first line and the last."""
    given = {name: value for name in ADDRESSES if (value := os.environ.get(name))}
    if ("DATABASE_URL" in given) != ("KEYS_DATABASE_URL" in given):
        raise StartError("Set DATABASE_URL and KEYS_DATABASE_URL together, or neither.")
    with claim(var) as book:
        if left := book.clear_leftovers():
            say(f"Ended what an earlier run had left: {', '.join(left)}.")
        keep_old_logs(var / "log")
        path = var / "development.env"
        secrets = kept_secrets(path)
        with claimed_port(os.environ.get("PORT", "")) as port:
            say("Starting PostgreSQL and Redis ...")
            wanted = {"postgres": "DATABASE_URL" not in given, "redis": "REDIS_URL" not in given}
            with run_servers(var, book, redis_password=secrets["REDIS_PASSWORD"], **wanted) as running:
                known = secrets | running.environment | given
                ours = environment(known, var, port=port, sandbox_ports=(free_port(), free_port()))
                write(path, ours)
                try:
                    serve(running, ours, var=var, port=port, stop=stop)
                finally:
                    write(path, {name: ours[name] for name in secrets})


def serve(running: Services, ours: dict[str, str], *, var: Path, port: int, stop: StopRequest) -> None:
    """Prepare the databases, start the processes, watch over them, and end them."""
    granian = {"GRANIAN_HOST": "127.0.0.1", "GRANIAN_PORT": str(port), "GRANIAN_LOG_ACCESS_ENABLED": "true"}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    supervisor = Supervisor(root=ROOT, var=var, book=running.book, environment=inherited | ours | granian)
    places: dict[str, Any] = {
        "var": var,
        "sandbox_url": ours["SANDBOX_URL"],
        "sandbox_tls_url": ours["SANDBOX_TLS_URL"],
    }
    try:
        say("Preparing databases and demo ...")
        for name, command in commands.PREPARATION.items():
            supervisor.run_to_end(name, commands.words(command, **places), stop=stop)
        say("Starting web, worker, beat and the sandbox lenders ...")
        for name, server in (("postgres", running.postgres), ("redis", running.redis)):
            if server:
                supervisor.adopt(name, server)
        for name, command in commands.PROCESSES.items():
            supervisor.start(name, commands.words(command, **places))
        wait_until_ready(supervisor, port=port, stop=stop)
        say(banner(ours, var=var))
        say("ready")
        while not stop:
            supervisor.look()
            time.sleep(LOOK_SECONDS)
        say("Ending ...")
    finally:
        supervisor.stop()


def environment(
    known: dict[str, str], var: Path, *, port: int, sandbox_ports: tuple[int, int]
) -> dict[str, str]:
    """What every process of this installation needs; a secret the caller exported wins over a made one.

    The sandbox lenders listen at two ports: without and with TLS.
    """
    plain, secure = sandbox_ports
    exported = {name: os.environ[name] for name in known if os.environ.get(name)}
    return {
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        **known,
        **exported,
        "ENVIRONMENT": "development",
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "SANDBOX_URL": f"http://127.0.0.1:{plain}",
        "SANDBOX_TLS_URL": f"https://127.0.0.1:{secure}",
        "VAR_DIR": str(var),
        "POSTGRES_PROGRAMS": os.environ.get("POSTGRES_PROGRAMS") or str(client_programs()),
        "LOCAL_LENDERS": os.environ.get("LOCAL_LENDERS", ""),
    }


@contextmanager
def claimed_port(wanted: str) -> Iterator[int]:
    """A loopback port for the pages: the wanted one, or else the first free one from 8000 on.

    The web server shares its port with anybody (SO_REUSEPORT), so two copies could take the same one and
    answer each other's visitors. Between copies the claim is a UDP socket of the same number: the system
    gives it to one process of the machine and takes it back when that process ends.
    """
    if wanted and not (wanted.isdecimal() and 0 < int(wanted) < 65536):
        raise StartError(f"PORT={wanted} is not a port number.")
    candidates = [int(wanted)] if wanted else range(FIRST_PORT, FIRST_PORT + PORTS_TO_TRY)
    for port in candidates:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as claim:
            try:
                claim.bind(("127.0.0.1", port))
            except OSError:
                continue
            if port_is_free(port):
                yield port
                return
    raise StartError(
        f"Port {candidates[0]} is in use; choose another: make run PORT=8100"
        if wanted
        else f"No port from {FIRST_PORT} to {FIRST_PORT + PORTS_TO_TRY - 1} is free; choose one with PORT="
    )


def wait_until_ready(supervisor: Supervisor, *, port: int, stop: StopRequest) -> None:
    """Return when /readyz answers 200."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # never by way of a proxy
    deadline = time.monotonic() + READY_SECONDS
    said = "no answer"
    while time.monotonic() < deadline:
        stop.check()
        supervisor.look(starting=True)
        try:
            with opener.open(f"http://127.0.0.1:{port}/readyz", timeout=5):
                return
        except urllib.error.HTTPError as error:
            said = f"{error.code} {error.read(500).decode(errors='replace')}"
        except OSError as error:
            said = str(error)
        time.sleep(LOOK_SECONDS)
    raise StartError(f"Not ready after {READY_SECONDS} s; /readyz said: {said}\nLogs: {supervisor.logs}")


def banner(ours: dict[str, str], *, var: Path) -> str:
    """Addresses, demo log-ins, and where mailed codes appear, as one block."""
    url = ours["PUBLIC_URL"]
    report = demo_report(var / "run" / "demo.json")
    lines = ["", "JO1N Baltic financing, for development on this machine", ""]
    lines += [f"  {'Apply':<10}{url}/"]
    # Passkeys need a host name, not an address in numbers.
    lines += [f"  {'Staff':<10}{url.replace('127.0.0.1', 'localhost')}/admin/"]
    lines += [f"  {'Codes':<10}{url}/dev/codes/   (second factor of the demo log-ins)"]
    lines += [f"  {'Mail':<10}{url}/dev/mail/   (every mailed code appears here)"]
    lines += [f"  {'Lenders':<10}{ours['SANDBOX_URL']}/<name>/   (sandbox)"]
    lines += [f"  {'Logs':<10}{var / 'log'}", ""]
    lines += [
        f"  {'Log in as' if number == 0 else '':<10}{login['user']:<10}{login['password']}"
        for number, login in enumerate(report.get("logins", []))
    ]
    return "\n".join([*lines, "", "  Ctrl-C ends everything; the data stay in var/.", ""])


def demo_report(path: Path) -> dict[str, Any]:
    """What load_demo wrote: {"logins": [{"role", "user", "password"}]}."""
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def keep_old_logs(folder: Path) -> None:
    """Begin new logs; those of the last run stay beside them as name.log.1."""
    for log in folder.glob("*.log"):
        log.replace(log.with_name(f"{log.name}.1"))


def make_gave_up() -> bool:
    """Whether the `make` that started us has gone, or was interrupted by itself.

    Ctrl-C reaches make and us alike. A signal sent to make alone does not: make would wait for us for ever,
    inside its handler, where it blocks the signal (Linux shows that in /proc).
    """
    if "MAKELEVEL" not in os.environ:
        return False
    if os.getppid() != PARENT:
        return True
    try:
        status = Path(f"/proc/{PARENT}/status").read_text(encoding="utf-8")
        return psutil.Process(PARENT).name() == "make" and bool(blocked_signals(status) & 0b10)
    except (OSError, psutil.Error):
        return False


def blocked_signals(status: str) -> int:
    """The mask of blocked signals out of a /proc status file; bit 1 is SIGINT."""
    return next((int(line.split()[1], 16) for line in status.splitlines() if line.startswith("SigBlk:")), 0)


PARENT = os.getppid()

if __name__ == "__main__":
    sys.exit(main())
