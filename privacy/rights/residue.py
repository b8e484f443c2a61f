"""Searching for what an erasure left: every table of the database, Redis, files, sessions of staff.

Traces are values that would lead to the person (addresses, codes, numbers, digests), and identifiers of their
rows. Identifiers may stand in what outlives a person as proof; values nowhere.
"""

import json
import re
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar, cast
from uuid import UUID

import redis
from django.apps import apps
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import connection, models, transaction
from django.utils import timezone

from applications.crypto.fields import BlindIndex, encrypted_fields
from applications.crypto.keyring import owners_with_keys
from applications.crypto.sampling import sealed_columns
from applications.declarations import personal_fields
from applications.models import Application, DataSubject
from applications.services.housekeeping import KEY_OWNERS
from applications.subject_data import outlives_its_subject
from privacy.datamap import doors

SHORTEST = 6  # a shorter word stands in many places that have nothing to do with anybody
# Bytes are written as hexadecimal and moments as digits: a number of a document without any other letter
# would be found in ciphertexts and moments of anybody, and nobody could remove it from there.
LIKE_ANYTHING = re.compile(r"[0-9a-f]{1,11}", re.IGNORECASE)
LOOKED_FOR = frozenset(
    {
        "identification.email", "identification.phone", "identification.personal_code",
        "identity_document.document_number", "account.payment_identifier",
    }
)  # fmt: skip
"""The encrypted fields whose values, in plain anywhere, would lead to the person."""
ROWS_AT_ONCE = 2000
PERSONAL_CODE = re.compile(r"\d{6}-\d{5}")
HEXADECIMAL = re.compile(r"[0-9a-f]{12,}")
WORD = re.compile(r"[\w@.+-]{6,}")


@dataclass(frozen=True)
class Traces:
    """What to look for. `values` are texts, `digests` hexadecimal, `identifiers` UUIDs."""

    values: tuple[str, ...]
    digests: tuple[str, ...]
    identifiers: tuple[str, ...]

    def as_data(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "Traces":
        return cls(*(tuple(data[name]) for name in ("values", "digests", "identifiers")))


def traces_of(subject: DataSubject) -> Traces:
    """Gathered while the person's key is still there; of what goes with the person alone. Identifiers are
    those of which people speak, and of what owns a key.
    """
    values: set[str] = {subject.customer_reference, subject.account_number}
    digests: set[str] = set()
    identifiers: set[str] = {str(subject.pk)}
    for door in doors():
        for rows in map(door.erasable, door.rows_of(subject)):
            texts, indexes = _telling_fields(rows.model)
            for row in rows.iterator(chunk_size=200):
                if rows.model is Application or rows.model in KEY_OWNERS:
                    identifiers.add(str(row.pk))
                values |= {value for name in texts if isinstance(value := getattr(row, name), str)}
                digests |= {bytes(held).hex() for name in indexes if (held := getattr(row, name))}
    telling = (one for one in values if len(one) >= SHORTEST and not LIKE_ANYTHING.fullmatch(one))
    return Traces(tuple(sorted(telling)), tuple(sorted(digests)), tuple(sorted(identifiers)))


def _telling_fields(model: type[models.Model]) -> tuple[list[str], list[str]]:
    """The names of a model's fields that lead to a person: values and numbers; blind indexes."""
    texts = [field.attname for field in encrypted_fields(model) if field.label in LOOKED_FOR]
    texts += [one.field.attname for one in personal_fields(model) if one.field.name == "reference"]
    indexes = [field.attname for field in model._meta.concrete_fields if isinstance(field, BlindIndex)]
    return texts, indexes


def search(subject: DataSubject, traces: Traces) -> list[str]:
    """Where something of the person is left: names of tables, beginnings of keys, files. None is good.

    Rows are looked for by what leads from them to the person, which costs the same however many people there
    are; a table that leads to nobody is looked through by `search_tables`.
    """
    places = (_keys_left, _in_sessions, _in_redis, _in_files)
    return [*_rows_left(subject), *(found for place in places for found in place(traces))]


def _keys_left(traces: Traces) -> Iterator[str]:
    if owners_with_keys(UUID(one) for one in traces.identifiers):
        yield "keys"


def _rows_left(subject: DataSubject) -> Iterator[str]:
    for door in doors():
        for rows in map(door.erasable, door.rows_of(subject)):
            if rows.model is not DataSubject and rows.exists():
                yield rows.model._meta.db_table


Whose = TypeVar("Whose", bound=Hashable)


def search_tables(wanted: Mapping[Whose, Traces]) -> dict[Whose, list[str]]:
    """In which tables something of each is left: all rows of every table are read once for all of them.

    Also of tables that no model knows. What is sealed is left out: it holds nothing in plain.
    """
    found: dict[Whose, set[str]] = {whose: set() for whose in wanted}
    models_of = {model._meta.db_table: model for model in apps.get_models()}
    for table in sorted(connection.introspection.table_names()):
        model = models_of.get(table)
        words: dict[str, set[Whose]] = {}
        for whose, traces in wanted.items():
            for written in _written(_expected_nowhere_in(model, traces)):
                words.setdefault(written, set()).add(whose)
        for whose in _whose_words(table, model, words):
            found[whose].add(table)
    return {whose: sorted(tables) for whose, tables in found.items()}


def _whose_words(
    table: str, model: type[models.Model] | None, words: Mapping[str, set[Whose]]
) -> Iterator[Whose]:
    """Whose words stand in the rows of a table, as whole words of a text or anywhere in bytes."""
    sealed = set(sealed_columns(model)) if model else set()
    hexadecimal = [word for word in words if HEXADECIMAL.fullmatch(word)]
    for text in _rows_as_text(table, sealed):
        for word in WORD.findall(text):
            yield from words.get(word.strip(".-+_"), words.get(word, ()))
        if "\\x" in text:
            for word in hexadecimal:
                if word in text:
                    yield from words[word]


def _rows_as_text(table: str, without: Collection[str]) -> Iterator[str]:
    """Each row as PostgreSQL writes its columns, in lower case; bytes as hexadecimal."""
    quote = connection.ops.quote_name
    with transaction.atomic():
        with connection.cursor() as cursor:
            columns = [one.name for one in connection.introspection.get_table_description(cursor, table)]
        texts = [f"{quote(name)}::text" for name in columns if name not in without]
        if not texts:
            return
        with connection.chunked_cursor() as cursor:
            cursor.execute(f"SELECT lower(concat_ws(' ', {', '.join(texts)})) FROM {quote(table)}")  # noqa: S608
            while rows := cursor.fetchmany(ROWS_AT_ONCE):
                yield from (text for (text,) in rows)


def _expected_nowhere_in(model: type[models.Model] | None, traces: Traces) -> Traces:
    """The traces that a table must not hold. The tombstone, what outlives a person as proof, and the log of
    who of the staff changed which row name identifiers. A digest in a table that has blind indexes is that
    of somebody with the same phone or code: the row would name the person.
    """
    if model is None:
        return traces
    if model is DataSubject or outlives_its_subject(model) or model is LogEntry:
        traces = replace(traces, identifiers=())
    return replace(traces, digests=()) if _telling_fields(model)[1] else traces


def _in_sessions(traces: Traces) -> Iterator[str]:
    """Sessions of staff are packed: what somebody was shown last is read out of each."""
    pattern = re.compile(_pattern(traces), re.IGNORECASE)
    for session in Session.objects.filter(expire_date__gt=timezone.now()).iterator():
        if _holds(pattern, session.get_decoded()):
            yield Session._meta.db_table
            return


def forget_in_sessions(traces: Traces) -> None:
    """Sessions of staff remember whom they were shown until they end: whoever decided about the erasure is
    often one of them, and goes on without that.
    """
    pattern = re.compile(_pattern(traces), re.IGNORECASE)
    for session in Session.objects.filter(expire_date__gt=timezone.now()).iterator():
        held = session.get_decoded()
        left = {name: one for name, one in held.items() if not _holds(pattern, {name: one})}
        if left != held:
            # one that its own request is writing at this moment is found by the search, and forgets next time
            known = Session.objects.filter(pk=session.pk, session_data=session.session_data)
            known.update(session_data=SessionStore().encode(left))


def _holds(pattern: re.Pattern[str], data: Mapping[str, Any]) -> bool:
    return pattern.search(json.dumps(data, default=str)) is not None


def _in_redis(traces: Traces) -> Iterator[str]:
    pattern = re.compile(_pattern(traces).encode(), re.IGNORECASE)
    server = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=30)
    try:
        for key in server.scan_iter(count=1000):
            if any(pattern.search(text) for text in (key, *_content(server, key))):
                yield f"redis: {bytes(key).split(b':')[0].decode(errors='replace')[:20]}"
    finally:
        server.close()


def _content(server: redis.Redis, key: bytes) -> Iterator[bytes]:
    """What a key of any kind holds."""
    kind = cast(bytes, server.type(key))
    readers: Mapping[bytes, Callable[[], Any]] = {
        b"string": lambda: [server.get(key)],
        b"list": lambda: server.lrange(key, 0, -1),
        b"set": lambda: server.smembers(key),
        b"zset": lambda: server.zrange(key, 0, -1),
        b"hash": lambda: chain.from_iterable(server.hgetall(key).items()),
        b"stream": lambda: [repr(server.xrange(key)).encode()],
    }
    return (text for text in readers.get(kind, list)() if text is not None)


def _in_files(traces: Traces) -> Iterator[str]:
    """The directory for files of people, where there is one. Uploads are encrypted rows, not files."""
    if not settings.MEDIA_ROOT:
        return
    pattern = re.compile(_pattern(traces).encode(), re.IGNORECASE)
    for path in sorted(Path(settings.MEDIA_ROOT).rglob("*")):
        if path.is_file() and (pattern.search(path.name.encode()) or pattern.search(path.read_bytes())):
            yield f"files: {path.relative_to(settings.MEDIA_ROOT).parts[0][:20]}"


def _written(traces: Traces) -> set[str]:
    """Every way in which a trace may be written, in lower case."""
    written = {value.lower() for value in traces.values}
    written |= {value.replace("-", "").lower() for value in traces.values if PERSONAL_CODE.fullmatch(value)}
    written |= {value.encode().hex() for value in traces.values} | set(traces.digests)
    return written | set(traces.identifiers) | {UUID(one).hex for one in traces.identifiers}


def _pattern(traces: Traces) -> str:
    """One expression for all of them."""
    return "|".join(sorted(map(re.escape, _written(traces))))
