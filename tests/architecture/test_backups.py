"""Copies: whole or not there, of one database only, of one moment, and put back into empty ones alone."""

import errno
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection, models, transaction

from applications.models import AuditEntry, LedgerEntry, NoticeVersion
from joinbaltic.backups import making, manifest, postgres
from joinbaltic.backups.making import copies, expire
from joinbaltic.backups.manifest import DUMP, NAME, Kind
from joinbaltic.backups.postgres import make_role, refuse_unless_empty
from tests import factories, restoring, role, services
from tests.restoring import Place, look_again, server_parameters

ROOT = Path(__file__).resolve().parents[2]
RUNBOOK = (ROOT / "docs/backups.md").read_text(encoding="utf-8")
committed = pytest.mark.django_db(transaction=True, databases=["default", "keys", "aside"])


@pytest.fixture
def place(transactional_db: None, tmp_path: Path) -> Iterator[Place]:
    with restoring.own_databases(tmp_path) as found:
        yield found


def refusal(place: Place, command: str, **options: Any) -> str:
    with pytest.raises(CommandError) as refused:
        place.run(command, **options)
    return str(refused.value)


# --- making one -----------------------------------------------------------------------------------------
@committed
def test_copy_says_what_it_is(place: Place) -> None:
    made = place.back_up()
    facts = json.loads((made / NAME).read_text())
    assert sorted(one.name for one in made.iterdir()) == [DUMP, NAME]
    assert (facts["kind"], facts["format"], facts["product"]) == ("main", 1, manifest.product_version())
    assert facts["postgres"].startswith("18")
    assert facts["files"][0]["bytes"] == (made / DUMP).stat().st_size
    assert facts["migrations"]["applications"][-1].startswith("00")
    assert abs(datetime.fromisoformat(facts["moment"]) - datetime.now(UTC)) < timedelta(minutes=2)


@committed
def test_copy_names_the_last_ledger_entry_that_is_in_it(place: Place) -> None:
    first = place.back_up()
    time.sleep(1)  # each has the second in its name
    second = place.back_up()
    assert [manifest.read(made).ledger for made in (first, second)] == [0, 1]
    assert LedgerEntry.objects.count() == 2


@committed
def test_nobody_else_on_the_machine_reads_a_copy(place: Place) -> None:
    made = place.back_up()
    assert (made.stat().st_mode & 0o777, made.parent.stat().st_mode & 0o777) == (0o700, 0o700)
    assert (made / DUMP).stat().st_mode & 0o777 == 0o600


@committed
def test_copy_of_the_main_database_holds_no_key_and_nothing_of_a_person_in_plain(place: Place) -> None:
    word = "qvxplainword"
    subject = factories.subject(f"{word}@piemers.lv")
    made = place.back_up()
    plain = subprocess.run(
        [Path(os.environ["POSTGRES_PROGRAMS"]) / "pg_restore", "--file=-", made / DUMP],
        capture_output=True,
        check=True,
    ).stdout
    assert subject.customer_reference.encode() in plain
    assert b"crypto_datakey" not in plain
    assert word.encode() not in plain


@committed
def test_database_and_keys_are_not_copied_into_one_place(place: Place) -> None:
    place.back_up()
    place.back_up_keys()
    for options in (
        {"keys": True, "to": str(place.main_copies)},
        {"to": str(place.keys_copies)},
    ):
        assert "a folder of their own" in refusal(place, "backup", **options)


@pytest.mark.parametrize("keys", ["copies", "copies/keys", "."])
@committed
def test_one_folder_does_not_lie_in_the_other(place: Place, settings: Any, tmp_path: Path, keys: str) -> None:
    settings.BACKUP_DIR, settings.KEYS_BACKUP_DIR = str(tmp_path / "copies"), str(tmp_path / keys)
    for options in ({"keys": True}, {}):
        assert "a folder of their own" in refusal(place, "backup", **options)
    assert not (tmp_path / "copies").exists()


def test_without_a_folder_the_command_asks_for_one(settings: Any) -> None:
    settings.BACKUP_DIR = settings.KEYS_BACKUP_DIR = ""
    for options, name in (({}, "BACKUP_DIR"), ({"keys": True}, "KEYS_BACKUP_DIR")):
        with pytest.raises(CommandError, match=name):
            call_command("backup", **options)


def test_program_that_is_not_there_is_said(settings: Any, tmp_path: Path) -> None:
    settings.POSTGRES_PROGRAMS = str(tmp_path)
    with pytest.raises(CommandError, match="POSTGRES_PROGRAMS"):
        call_command("backup", to=str(tmp_path / "copies"))
    assert copies(Kind.MAIN, tmp_path / "copies") == []


@committed
def test_no_secret_stands_in_a_command_line(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody on the machine can read one."""
    seen: list[list[str]] = []
    real = subprocess.run

    def run(command: Any, **options: Any) -> Any:
        seen.append([str(part) for part in command])
        return real(command, **options)

    monkeypatch.setattr(postgres.subprocess, "run", run)
    given = postgres._parameters

    monkeypatch.setattr(postgres, "_parameters", lambda alias: given(alias) | {"password": "qvxsecret"})
    place.back_up()
    assert any("--format=custom" in command for command in seen)
    assert "qvxsecret" not in str(seen)
    monkeypatch.setattr(postgres, "_parameters", lambda alias: given(alias) | {"sslpassword": "qvxsecret"})
    assert "sslpassword" in refusal(place, "backup", keys=True, to=str(place.keys_copies))
    assert "qvxsecret" not in str(seen)


@committed
def test_program_older_than_the_server_is_said(place: Place, settings: Any, tmp_path: Path) -> None:
    program = tmp_path / "old" / "pg_dump"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho pg_dump '(PostgreSQL)' 13.4\n")
    program.chmod(0o700)
    settings.POSTGRES_PROGRAMS = str(program.parent)
    assert "of version 13, and the server of version 18" in refusal(
        place, "backup", to=str(place.main_copies)
    )


@committed
def test_copy_that_fails_leaves_nothing_on_a_full_disk_and_says_why(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(manifest.Manifest, "write", full)
    assert "No space left" in refusal(place, "backup", to=str(place.main_copies))
    assert [one.name for one in place.main_copies.iterdir()] == [".lock"]


@committed
def test_copy_is_in_the_ledger_before_it_can_be_restored(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However early whoever makes it is killed."""

    def killed(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(making, "expire", killed)
        with pytest.raises(KeyboardInterrupt):
            place.back_up()
    assert len(copies(Kind.MAIN, place.main_copies)) == LedgerEntry.objects.count() == 1


@pytest.mark.slow
@committed
def test_killed_copy_leaves_nothing_that_looks_whole(place: Place) -> None:
    program = place.main_copies.parent / "slow" / "pg_dump"
    program.parent.mkdir()
    real = Path(os.environ["POSTGRES_PROGRAMS"]) / "pg_dump"
    program.write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && exec {real} --version\n{real} "$@"\nexec sleep 60\n'
    )
    program.chmod(0o700)
    killed = subprocess.Popen(
        [sys.executable, "manage.py", "backup", "--to", str(place.main_copies)],
        cwd=ROOT,
        env=services.process_environment() | {"POSTGRES_PROGRAMS": str(program.parent)},
        process_group=0,
    )
    deadline = time.monotonic() + 60
    while not list(place.main_copies.glob(f".*{making.PARTIAL}/{DUMP}")):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.killpg(killed.pid, 9)
    killed.wait()
    assert copies(Kind.MAIN, place.main_copies) == []
    made = place.back_up()
    left = sorted(one.name for one in place.main_copies.iterdir())
    assert left == [".lock", made.name]  # what the killed one left is gone


@committed
def test_rows_written_meanwhile_are_in_it_whole_or_not_at_all(place: Place) -> None:
    """What one transaction writes in two tables is in a copy together."""
    begun, stop = threading.Event(), threading.Event()
    numbers = iter(range(1, 10_000))

    def write() -> None:
        while not stop.is_set():
            with transaction.atomic():
                factories.notice(number=next(numbers))
            begun.set()
        connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert begun.wait(timeout=20)
        made = place.back_up()
    finally:
        stop.set()
        writer.join()
    place.lose("default")
    place.run("restore", main=str(made))
    published = AuditEntry.objects.filter(action="notice.published").values_list("object_id", flat=True)
    notices = {str(one) for one in NoticeVersion.objects.values_list("pk", flat=True)}
    assert set(published) == notices != set()


# --- old ones -------------------------------------------------------------------------------------------
def laid(folder: Path, kind: Kind, *ages: int) -> list[str]:
    names = [f"{kind}-{datetime.now(UTC) - timedelta(days=age):%Y%m%dT%H%M%SZ}" for age in ages]
    for name in names:
        (folder / name).mkdir(parents=True)
    return names


@pytest.mark.parametrize("kind", list(Kind))
def test_copies_that_are_too_old_go(tmp_path: Path, kind: Kind) -> None:
    names = laid(tmp_path, kind, 30, 8, 6, 0)
    assert expire(kind, tmp_path, days=7) == 2
    assert [one.name for one in copies(kind, tmp_path)] == names[2:]


def test_newest_copy_stays_however_old_it_is(tmp_path: Path) -> None:
    names = laid(tmp_path, Kind.MAIN, 90, 80)
    assert expire(Kind.MAIN, tmp_path, days=7) == 1
    assert [one.name for one in copies(Kind.MAIN, tmp_path)] == names[1:]


def test_copies_of_keys_live_no_longer_than_a_master_key(settings: Any) -> None:
    assert 1 <= settings.KEYS_ARCHIVE_DAYS <= settings.MASTER_KEY_DAYS


# --- putting one back -----------------------------------------------------------------------------------
@committed
def test_nothing_is_written_over(place: Place) -> None:
    subject = factories.subject()
    made = place.back_up()
    said = refusal(place, "restore", main=str(made))
    assert "is not empty" in said
    assert f"CREATE DATABASE {place.names['default']}" in said
    subject.refresh_from_db()


@committed
def test_spoilt_copy_is_refused_before_anything_is_touched(place: Place) -> None:
    made, keys = place.back_up(), place.back_up_keys()
    with (made / DUMP).open("r+b") as file:
        file.seek(1000)
        file.write(b"spoilt")
    place.lose("default", "keys")
    assert "is not what was written there" in refusal(place, "restore", main=str(made), keys=str(keys))
    refuse_unless_empty("keys")


@committed
def test_copy_of_the_other_database_is_refused(place: Place) -> None:
    assert "of the other database" in refusal(place, "restore", main=str(place.back_up_keys()))


@committed
def test_copy_of_a_newer_version_is_refused(place: Place) -> None:
    made = place.back_up()
    facts = json.loads((made / NAME).read_text())
    facts["migrations"]["applications"].append("9999_of_tomorrow")
    (made / NAME).write_text(json.dumps(facts))
    assert "newer version" in refusal(place, "restore", main=str(made))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 2}', '{"format": 1, "kind": "other"}'])
def test_manifest_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / NAME).write_text(text)
    with pytest.raises(CommandError, match="manifest"):
        call_command("restore", main=str(tmp_path))


def test_folder_without_a_manifest_is_no_copy(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="is no copy"):
        call_command("restore", main=str(tmp_path))


def test_manifest_cannot_lead_elsewhere(tmp_path: Path) -> None:
    document = {
        "format": 1, "kind": "main", "moment": "2026-11-26T00:00:00+00:00", "product": "1", "postgres": "18",
        "migrations": {}, "ledger": 0, "files": [{"name": "../other", "bytes": 1, "sha256": ""}],
    }  # fmt: skip
    (tmp_path / NAME).write_text(json.dumps(document))
    with pytest.raises(CommandError, match="does not name"):
        call_command("restore", main=str(tmp_path))


@pytest.mark.slow
@committed
def test_runbook_leads_back_word_by_word(place: Place) -> None:
    subject, name = factories.subject(), place.names["default"]
    made = place.back_up()
    restoring.close()
    block = re.search(r"put aside, not dropped:\n\n```\n(.*?)```", RUNBOOK, re.S)
    assert block
    script = re.sub(r"\bjoinbaltic(_before)?\b", rf"{name}\1", block[1])
    script = script.replace("/backups/main/main-20261126T194200Z", str(made))
    script = script.replace("python manage.py", f"{sys.executable} manage.py")
    environment = services.process_environment()
    environment["PATH"] = f"{environment['POSTGRES_PROGRAMS']}:{environment['PATH']}"
    for variable, value in server_parameters().items():
        environment[f"PG{variable.upper()}"] = str(value)
    try:
        done = subprocess.run(
            ["sh", "-e", "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert "the product serves again" in done.stdout
        assert look_again() is None
        subject.refresh_from_db()
    finally:
        restoring.close()
        with restoring.server() as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}_before" (FORCE)')


# --- files ----------------------------------------------------------------------------------------------
def test_no_model_keeps_files_outside_the_databases() -> None:
    """A copy of the two databases is a copy of everything."""
    outside = [
        field
        for model in apps.get_models()
        for field in model._meta.local_fields
        if isinstance(field, models.FileField)
    ]
    assert outside == []


# --- a server that has never seen the product -----------------------------------------------------------
@committed
def test_role_that_copies_name_is_made_and_taken_on_where_it_is_not() -> None:
    name = f"role_of_a_new_server_{os.getpid()}"
    try:
        for _again in range(2):
            make_role("default", name)
        with role.superuser(), connection.cursor() as cursor:
            cursor.execute(f"SET ROLE {name}")
            cursor.execute("SELECT rolcanlogin, rolsuper FROM pg_roles WHERE rolname = current_user")
            assert cursor.fetchone() == (False, False)
    finally:
        with role.superuser(), connection.cursor() as cursor:
            cursor.execute(f"DROP ROLE {name}")
