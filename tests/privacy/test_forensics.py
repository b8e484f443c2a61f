"""What the disks give away of a person: before an erasure, right after it, and once the key epoch has ended.

An erasure destroys data keys; what they sealed, and the wrapped keys themselves, lie in dead rows and in the
write-ahead log until PostgreSQL happens to write over them. So an erasure is final when the master key of
its epoch is gone, and only then does a certificate say so.
"""

import contextlib
import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings
from django.db import connections
from django.test import override_settings

from applications.actors import SYSTEM
from applications.crypto.keyring import data_key_scope
from applications.models import Application, DataSubject
from applications.personal import Purpose
from applications.services import keys
from privacy.datamap import doors
from privacy.states import RequestStatus
from tests import role
from tests.clock import later
from tests.privacy import rights
from tests.privacy.forensics import LOG, Piece, cluster, envelopes, files, literal, wrapped_keys
from tests.privacy.trails import PARTNER, Trail, own_marks, planted

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "keys", "aside"]),
    pytest.mark.thorough,
    # What others write at the same time keeps old parts of the log alive, and is read along with the rest.
    pytest.mark.alone,
]
DATABASES = ("default", "keys")
SHORTEST_TEXT = 9  # a shorter one is found by chance, and numbers are
CODE = re.compile(rb"[a-z_/]+")  # of a vocabulary, as "employment"
SLOT = f"forensics_{os.getpid()}"


# --- the disks --------------------------------------------------------------------------------------------
def sql(alias: str, statement: str) -> Any:
    with role.superuser(alias), connections[alias].cursor() as cursor:
        cursor.execute(statement)
        row = cursor.fetchone() if cursor.description else None
        return row and row[0]


def database_oid(alias: str) -> int:
    oid: int = sql(alias, "SELECT oid FROM pg_database WHERE datname = current_database()")
    return oid


def statistics_of(alias: str) -> str:
    """The file of samples of columns, by the name that its pieces have."""
    filenode = sql(alias, "SELECT pg_relation_filenode('pg_statistic'::regclass)")
    return f"base/{database_oid(alias)}/{filenode}"


@dataclass(frozen=True)
class Disks:
    """The files of the servers and of the product; of the log what was written since this began."""

    since: int

    def pieces(self) -> list[Piece]:
        """What lies there now, with everything on the disk that a server still had in memory."""
        sql("default", "CHECKPOINT")
        databases = [database_oid(alias) for alias in DATABASES]
        data = Path(sql("default", "SHOW data_directory"))
        return [
            *cluster(data, databases=databases, since=self.since),
            *redis_files(),
            *files(settings.VAR_DIR, name="var", without={"postgres", "redis"}),
            *(files(Path(settings.MEDIA_ROOT)) if settings.MEDIA_ROOT else ()),
        ]


def redis_files() -> list[Piece]:
    with contextlib.closing(redis.Redis.from_url(settings.REDIS_URL)) as client:
        client.config_set("rdbcompression", "no")
        client.save()
        return files(Path(client.config_get("dir")["dir"]), name="redis")


def rewrite_tables(*, with_statistics: bool = True) -> None:
    """Leave no dead row in a file. PostgreSQL keeps samples of columns as well, in pg_statistic."""
    for alias in DATABASES:
        tables = ", ".join(connections[alias].introspection.django_table_names(only_existing=True))
        sql(alias, f"VACUUM (FULL, ANALYZE {with_statistics}) {tables}")
        sql(alias, "VACUUM FULL pg_statistic")


def turn_log() -> None:
    """Write over every segment of the log that there is: a recycled one keeps its bytes until then."""
    let_go_of_log()
    step_log()
    last = sql("default", "SELECT max(name) FROM pg_ls_waldir() WHERE name ~ '^[0-9A-F]{24}$'")
    while sql("default", "SELECT pg_walfile_name(pg_current_wal_lsn())") <= last:
        step_log()


def step_log() -> None:
    sql("default", "SELECT pg_switch_wal()")  # fills the segment with zeros
    sql("default", "CHECKPOINT")


def hold_log() -> None:
    """Keep the log from here on: a checkpoint, also one that another test asks for, removes what it can."""
    sql("default", f"SELECT pg_create_physical_replication_slot('{SLOT}', true, true)")


def let_go_of_log() -> None:
    slot = f"FROM pg_replication_slots WHERE slot_name = '{SLOT}'"
    sql("default", f"SELECT pg_drop_replication_slot(slot_name) {slot}")


# --- what happens -----------------------------------------------------------------------------------------
def erase(subject: DataSubject) -> None:
    """As the product does it, from the request to the certificate; no lender answers in these tests."""
    with contextlib.closing(redis.Redis.from_url(settings.REDIS_URL)) as broker:
        broker.delete(settings.CELERY_TASK_DEFAULT_QUEUE)  # as a worker does, which takes every message
    with later(days=28):
        request = rights.run(rights.approved(subject))
    assert (request.status, request.trouble) == (RequestStatus.COMPLETED, ""), request.erasure.residue


@contextlib.contextmanager
def next_epoch() -> Iterator[dict[str, bytes]]:
    """Rotate and retire; in the block the master keys that remain are those of the new epoch."""
    old, new = settings.MASTER_KEYS, {"epoch-next": secrets.token_bytes(32)}
    with override_settings(MASTER_KEYS=old | new):
        assert keys.rotate(actor=SYSTEM).is_complete
        for epoch in old:
            keys.retire_epoch(epoch=epoch, actor=SYSTEM)
    with override_settings(MASTER_KEYS=new):
        yield new


@data_key_scope()
def exported(subject: DataSubject) -> str:
    rows = [row for door in doors() for row in door.export(subject, purpose=Purpose.DATA_SUBJECT_RIGHTS)]
    return " ".join(str(sorted(row.values.items(), key=str)) for row in rows)


@pytest.fixture
def disks(transactional_db: None) -> Iterator[Disks]:
    hold_log()
    yield Disks(since=sql("default", "SELECT (pg_current_wal_lsn() - '0/0')::bigint"))
    let_go_of_log()


def unheard_of(word: str) -> str:
    """A word that no other test has left on a disk."""
    return word + "".join(secrets.choice("bdfgklmnprstv") for _ in range(6))


@pytest.fixture
def anna(disks: Disks) -> Trail:
    return planted(unheard_of("zqxqzanna"))


@pytest.fixture
def bystander(anna: Trail) -> Trail:
    return planted(unheard_of("zqxqzother"))


# --- before the erasure -----------------------------------------------------------------------------------
def test_every_data_key_of_a_person_is_found_in_table_and_log(disks: Disks, anna: Trail) -> None:
    opened = wrapped_keys(disks.pieces(), anna.owner_ids, settings.MASTER_KEYS)
    for in_log in (True, False):
        assert {key.owner_id for key in opened if (key.place.source == LOG) is in_log} == anna.owner_ids


def test_statistics_of_columns_hold_no_data_key(disks: Disks, anna: Trail) -> None:
    sql("keys", "ANALYZE crypto_datakey")  # as autovacuum does
    opened = wrapped_keys(disks.pieces(), anna.owner_ids, settings.MASTER_KEYS)
    assert opened
    assert statistics_of("keys") not in {key.place.source for key in opened}


def test_every_encrypted_value_of_a_person_is_read_off_table_and_log(disks: Disks, anna: Trail) -> None:
    rewrite_tables()  # logs whole rows: an UPDATE leaves out what stood there before, and be it the last byte
    pieces = disks.pieces()
    opened = wrapped_keys(pieces, anna.owner_ids, settings.MASTER_KEYS)
    values = envelopes(pieces, opened, anna.sealings)
    for in_log in (True, False):
        assert {value.sealing for value in values if (value.place.source == LOG) is in_log} >= anna.filled
    assert f"{anna.word}@piemers.lv".encode() in {value.plaintext for value in values}


def test_numbers_and_digests_of_a_person_are_found(disks: Disks, anna: Trail, bystander: Trail) -> None:
    marks = own_marks(anna, bystander)
    assert {anna.subject.customer_reference.encode(), bytes(anna.subject.email_index)} < set(marks.values())
    assert literal(disks.pieces(), marks).keys() == marks.keys()


# --- from the beginning to the end ------------------------------------------------------------------------
def test_no_planted_word_ever_stands_in_plain(disks: Disks, anna: Trail) -> None:
    look_for = partial(literal, wanted={"word": anna.word, "partner": PARTNER})
    assert look_for(disks.pieces()).keys() == {"partner"}
    erase(anna.subject)
    with next_epoch():
        assert look_for(disks.pieces()).keys() == {"partner"}


def test_no_encrypted_text_stands_in_plain_as_well(disks: Disks, anna: Trail) -> None:
    pieces = disks.pieces()
    opened = wrapped_keys(pieces, anna.owner_ids, settings.MASTER_KEYS)
    texts = {value.plaintext for value in envelopes(pieces, opened, anna.sealings)}
    telling = {str(text): text for text in texts if len(text) >= SHORTEST_TEXT and not CODE.fullmatch(text)}
    assert {b"321234-56789", b"+37121234567", b"1990-01-01", b"LV1234567", b"192.0.2.1"} < set(
        telling.values()
    )
    assert literal(pieces, telling) == {}


def test_redis_and_files_of_the_product_hold_ids_of_rows_alone(disks: Disks, anna: Trail) -> None:
    application = Application.objects.get(subject=anna.subject)
    pieces = [one for one in disks.pieces() if one.source.startswith(("redis/", "var/", "media/"))]
    wanted = anna.marks | anna.wrapped | {"word": anna.word, "id": str(application.pk)}
    assert literal(pieces, wanted).keys() == {"id"}


# --- after the erasure ------------------------------------------------------------------------------------
def test_old_master_key_opens_the_person_until_it_is_destroyed(disks: Disks, anna: Trail) -> None:
    erase(anna.subject)
    pieces = disks.pieces()
    opened = wrapped_keys(pieces, anna.owner_ids, settings.MASTER_KEYS)
    assert {key.owner_id for key in opened} == anna.owner_ids
    assert {value.sealing for value in envelopes(pieces, opened, anna.sealings)} >= anna.filled


def test_nothing_of_the_person_opens_once_the_epoch_has_ended(
    disks: Disks, anna: Trail, bystander: Trail
) -> None:
    ended = settings.MASTER_KEYS
    sql("keys", "ANALYZE")
    erase(anna.subject)
    with next_epoch() as remaining:
        pieces = disks.pieces()
    everybody = anna.owner_ids | bystander.owner_ids
    opened = wrapped_keys(pieces, everybody, remaining, epochs=ended.keys())
    values = envelopes(pieces, opened, anna.sealings | bystander.sealings)
    assert {key.owner_id for key in opened}.isdisjoint(anna.owner_ids)
    assert {value.sealing for value in values} == bystander.readable
    # It is the missing master key that keeps them shut: they lie there still.
    assert literal(pieces, anna.wrapped).keys() == anna.wrapped.keys()
    assert {key.owner_id for key in wrapped_keys(pieces, anna.owner_ids, ended)} == anna.owner_ids


def test_end_of_the_epoch_takes_nothing_from_anybody_else(anna: Trail, bystander: Trail) -> None:
    before = exported(bystander.subject)
    erase(anna.subject)
    with next_epoch():
        assert exported(bystander.subject) == before


# --- what no key protects ---------------------------------------------------------------------------------
def test_numbers_and_digests_lie_in_dead_rows_after_an_erasure(
    disks: Disks, anna: Trail, bystander: Trail
) -> None:
    marks = own_marks(anna, bystander)
    erase(anna.subject)
    with next_epoch():
        assert literal(disks.pieces(), marks).keys() == marks.keys()


def test_column_statistics_keep_numbers_when_tables_are_rewritten_and_no_blind_index(
    disks: Disks, anna: Trail, bystander: Trail
) -> None:
    sql("default", "ANALYZE")  # as autovacuum does
    erase(anna.subject)
    rewrite_tables(with_statistics=False)
    turn_log()
    found = literal(disks.pieces(), own_marks(anna, bystander))
    assert f"datasubject.customer_reference {anna.subject.pk}" in found
    assert f"datasubject.email_index {anna.subject.pk}" not in found
    assert {place.source for places in found.values() for place in places} == {statistics_of("default")}


def test_rewritten_tables_new_statistics_and_a_turned_log_keep_nothing(
    disks: Disks, anna: Trail, bystander: Trail
) -> None:
    sql("default", "ANALYZE")
    erase(anna.subject)
    rewrite_tables()
    turn_log()
    pieces = disks.pieces()
    assert literal(pieces, own_marks(anna, bystander) | anna.wrapped) == {}
    opened = wrapped_keys(pieces, anna.owner_ids | {bystander.subject.pk}, settings.MASTER_KEYS)
    assert {key.owner_id for key in opened} == {bystander.subject.pk}
