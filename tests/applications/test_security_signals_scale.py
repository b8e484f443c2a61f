"""Security signals among 50,000 rows of each kind: found by indexes, whatever else the tables hold."""

import re
from collections.abc import Iterator

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from applications.personal import Purpose
from applications.selectors.security_signals import RULES, Signal, facts
from tests import role

DATABASES = ["default", "keys", "aside"]
pytestmark = [pytest.mark.django_db(databases=DATABASES, transaction=True), pytest.mark.slow]
ROWS = 50_000
SEALED = "decode(repeat('ab', 80), 'hex')"  # as long as an encrypted name

# Table → columns and their values for row n. A code is shared by three people, a network by six.
FILLED = {
    "datasubject": (
        "id, customer_reference, account_number, email, language, created_at",
        f"md5('s' || n)::uuid, 'C' || n, 'A' || n, {SEALED}, 'lv', now()",
    ),
    "application": (
        "id, subject_id, reference, status, version, language, created_at, saved_at, submitted_at",
        "md5('a' || n)::uuid, md5('s' || n)::uuid, 'JB' || n, 'submitted', 1, 'lv', now(), now(), "
        "now() - n * interval '5 minutes'",
    ),
    "identification": (
        "id, subject_id, application_id, saved_at, given_name, surname, street_address, personal_code_index",
        f"md5('i' || n)::uuid, md5('s' || n)::uuid, md5('a' || n)::uuid, now(), {SEALED}, {SEALED}, "
        f"{SEALED}, decode('01' || md5('code' || n / 3), 'hex')",
    ),
    "consent": (
        "id, subject_id, application_id, purpose, wording, language, given_at",
        "md5('k' || n)::uuid, md5('s' || n)::uuid, md5('a' || n)::uuid, 'pass_to_lenders', "
        "repeat('word ', 30), 'lv', now()",
    ),
    "consumersession": (
        "id, subject_id, token_hash, network_index, created_at, last_seen_at, expires_at",
        "md5('t' || n)::uuid, md5('s' || n)::uuid, sha256(n::text::bytea), "
        "decode('01' || md5('network' || n / 6), 'hex'), now() - n * interval '10 minutes', now(), now()",
    ),
    "emailchallenge": (
        "id, address, address_index, network_index, browser_hash, code_hash, tries, language, created_at, "
        "expires_at",
        f"md5('c' || n)::uuid, {SEALED}, decode('01' || md5('address' || n), 'hex'), "
        "decode('01' || md5('from' || n), 'hex'), sha256(n::text::bytea), sha256(n::text::bytea), n % 6, "
        "'lv', now() - n * interval '2 seconds', now()",
    ),
    "restriction": (
        "id, subject_id, ground, since, lifted_at",
        "md5('r' || n)::uuid, md5('s' || n)::uuid, 'accuracy', now(), CASE WHEN n % 100 > 0 THEN now() END",
    ),
    "signintry": (
        "kind, name_index, network_index, created_at",
        "'password', decode('01' || md5('name' || n), 'hex'), decode('01' || md5('door' || n), 'hex'), "
        "now() - n * interval '1 minute'",
    ),
    "auditentry": (
        "at, actor_kind, actor_identifier, action, object_type, object_id, detail",
        "now() - n * interval '10 minutes', 'consumer', '', 'session.opened', '', '', '{}'",
    ),
}  # fmt: skip


@pytest.fixture
def crowded() -> None:
    with role.superuser(), connection.cursor() as cursor:
        for table, (columns, values) in FILLED.items():
            cursor.execute(
                f"INSERT INTO applications_{table} ({columns}) "  # noqa: S608
                f"SELECT {values} FROM generate_series(1, {ROWS}) n"
            )
        # What the server does by itself in time: how full a table is, which pages an index can answer for.
        cursor.execute("VACUUM ANALYZE")


def plans(statements: list[str]) -> Iterator[str]:
    with connection.cursor() as cursor:
        for sql in statements:
            cursor.execute(f"EXPLAIN {sql}")
            yield "\n".join(row[0] for row in cursor.fetchall())


@pytest.mark.usefixtures("crowded")
def test_no_long_table_is_read_from_end_to_end() -> None:
    with CaptureQueriesContext(connection) as asked:
        found = facts(purpose=Purpose.INFORMATION_SECURITY)
    assert found[Signal.SAME_CODE]
    assert found[Signal.SAME_NETWORK]
    assert len(asked) > len(RULES)
    long = "|".join(FILLED)
    for plan in plans([query["sql"] for query in asked.captured_queries]):
        assert not re.search(rf"Seq Scan on applications_({long})\b", plan), plan
