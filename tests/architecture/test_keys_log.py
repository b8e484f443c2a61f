"""The recipe of docs/backups.md for the log of the keys' server, word by word: nothing is lost, and what was
destroyed stays destroyed."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from joinbaltic.embedded import claim
from joinbaltic.embedded_places import client_programs
from joinbaltic.embedded_postgres import PORT, ROLE, PostgresServer

pytestmark = pytest.mark.slow
RECIPE = (Path(__file__).resolve().parents[2] / "docs/backups.md").read_text(encoding="utf-8")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PostgresServer]:
    with claim(tmp_path) as book:
        found = PostgresServer(tmp_path, book=book)
        try:
            found.start()
            found.stop()
            yield found
        finally:
            found.stop()
            found.remove()


def words(name: str, place: Path) -> list[str]:
    """A setting as the recipe has it, with the folder of this test."""
    return [line.replace("/keys-archive", str(place)) for line in re.findall(rf"^{name} = .*$", RECIPE, re.M)]


def keys(server: PostgresServer) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(
        host=str(server.socket), port=PORT, user=ROLE, dbname="joinbaltic_keys", autocommit=True
    )


def own(path: Path, server: PostgresServer) -> None:
    """The server's account owns a folder with all that is in it."""
    if server.user:
        for one in [path, *path.rglob("*")]:
            os.chown(one, *server.user)


def set_up(server: PostgresServer, archive: Path) -> None:
    (archive / "log").mkdir(parents=True)
    own(archive, server)
    settings = [
        line
        for name in ("wal_level", "archive_mode", "archive_timeout", "archive_command")
        for line in words(name, archive)
    ]
    assert len(settings) == 4
    with (server.data / "postgresql.conf").open("a") as file:
        file.write("\n".join(["", *settings, ""]))
    with (server.data / "pg_hba.conf").open("a") as file:
        file.write("local replication all peer map=client\n")


def base_backup(server: PostgresServer, folder: Path) -> None:
    options = re.search(r"^pg_basebackup --pgdata \S+ \S+ (.*)$", RECIPE, re.M)
    assert options
    subprocess.run(
        [client_programs() / "pg_basebackup", "--pgdata", folder, *options[1].split(), "--no-password",
         "--dbname", f"host={server.socket} port={PORT} user={ROLE}"],
        check=True, capture_output=True,
    )  # fmt: skip


def archived(server: PostgresServer) -> None:
    """Wait until the log up to now lies in the archive."""
    with keys(server) as connection:
        row = connection.execute("SELECT pg_walfile_name(pg_switch_wal())").fetchone()
        assert row
        until(connection, "SELECT last_archived_wal FROM pg_stat_archiver", row[0])


def until(connection: psycopg.Connection[tuple[object, ...]], question: str, answer: object) -> None:
    deadline = time.monotonic() + 30
    while connection.execute(question).fetchone() != (answer,):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_keys_made_and_destroyed_after_the_base_are_there_and_gone_again(server: PostgresServer) -> None:
    archive = server.private / "keys-archive"
    set_up(server, archive)
    server.start()
    with keys(server) as connection:
        connection.execute("CREATE TABLE crypto_datakey (owner_id text PRIMARY KEY, wrapped bytea)")
        connection.execute("INSERT INTO crypto_datakey VALUES ('early', 'x'), ('erased', 'x')")
    base = server.private / "base"
    base_backup(server, base)
    with keys(server) as connection:
        connection.execute("INSERT INTO crypto_datakey VALUES ('late', 'x')")
        connection.execute("UPDATE crypto_datakey SET wrapped = NULL WHERE owner_id = 'erased'")
    archived(server)

    server.kill()
    shutil.rmtree(server.data)
    shutil.copytree(base, server.data)
    with (server.data / "postgresql.conf").open("a") as file:
        file.write("\n".join(["", *words("restore_command", archive), ""]))
    (server.data / "recovery.signal").touch()
    own(server.data, server)
    server.data.chmod(0o700)
    server.start()
    with keys(server) as connection:
        until(connection, "SELECT NOT pg_is_in_recovery()", True)
        found = connection.execute(
            "SELECT owner_id, wrapped IS NULL FROM crypto_datakey ORDER BY 1"
        ).fetchall()
    assert found == [("early", False), ("erased", True), ("late", False)]
