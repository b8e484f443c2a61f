"""Planted personal data through the whole product: none of it reaches a log, Redis, a URL, an error page or
a table in the clear."""

import base64
import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings
from django.core import mail as django_mail
from django.db import connection, connections
from django.test import Client
from django.urls import reverse

from applications.crypto.errors import DecryptionError
from applications.models import Application, ConsumerSession, Identification
from applications.tasks import deliver_due_mail
from applications.views import steps as steps_view
from tests import factories
from tests.applications.pages import Elements, Walk

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.django_db(databases=["default", "keys", "aside"], transaction=True),
]

WORD = "zqxcanary"
PLANTED: dict[str, Any] = {
    "given_name": f"{WORD.title()}anna",
    "surname": f"{WORD.title()}berzina",
    "personal_code": "329876-54321",
    "document_number": "ZQXCANARY77",
    "phone": "+37129876501",
    "street_address": f"{WORD} iela 1",
    "city": f"{WORD.title()}pils",
    "keyword": f"{WORD}-keyword",
    "employer": f"SIA {WORD.title()}",
    "monthly_income_cents": 87_654_32,
    "pep_status": "family_member",
    "pep_relation": "grandchild",
    "pep_office": f"Office of {WORD}",
}
EMAIL = f"{WORD}.anna@piemers.lv"
NEEDLES = [WORD, "329876", "54321-", "32987654321", "29876501", "8765432", "87654,32", "87654.32"]


def found_in(text: bytes | str) -> list[str]:
    """The planted values that stand in the text, whatever their case."""
    haystack = (text if isinstance(text, bytes) else text.encode(errors="replace")).lower()
    return [needle for needle in NEEDLES if needle.encode() in haystack]


@pytest.fixture
def log_lines() -> Iterator[io.StringIO]:
    """Everything the product's handler writes, at the most talkative level."""
    root, stream = logging.getLogger(), io.StringIO()
    handler = logging.StreamHandler(stream)
    own = next(one for one in root.handlers if type(one) is logging.StreamHandler)
    handler.setFormatter(own.formatter)
    level = root.level
    root.setLevel(logging.DEBUG)
    root.addHandler(handler)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.fixture
def walk(client: Client, log_lines: io.StringIO) -> Walk:
    redis.Redis.from_url(settings.REDIS_URL).flushdb()
    found = Walk(client, email=EMAIL, **PLANTED)
    found.all()
    deliver_due_mail()
    return found


def rows_of(alias: str) -> Iterator[tuple[str, bytes]]:
    """Every value of every table of a database, as the bytes that are stored."""
    database = connections[alias]
    with database.cursor() as cursor:
        for table in database.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - a name from the catalogue
            for row in cursor.fetchall():
                for value in row:
                    plain = isinstance(value, bytes | memoryview)
                    yield table, bytes(value) if plain else str(value).encode()


def redis_values() -> Iterator[bytes]:
    """Every key and value in Redis, and what Celery wraps in base64."""
    client = redis.Redis.from_url(settings.REDIS_URL)
    readers: dict[bytes, Any] = {
        b"string": client.get, b"list": lambda key: client.lrange(key, 0, -1), b"set": client.smembers,
        b"hash": client.hgetall, b"zset": lambda key: client.zrange(key, 0, -1),
        b"stream": client.xrange,
    }  # fmt: skip
    for key in client.scan_iter():
        value = readers[client.type(key)](key)
        yield key + repr(value).encode()
        for message in value if isinstance(value, list) else []:
            yield base64.b64decode(json.loads(message)["body"])


def test_canary_stays_where_it_belongs(walk: Walk) -> None:
    """One walk, many looks: walking anew for each would take minutes."""
    where_it_may_be(walk)
    in_no_table_in_the_clear()
    not_in_redis()
    in_no_address_of_a_page(walk)
    in_no_cookie(walk)
    not_in_the_servers_own_logs()
    not_in_the_representation_of_rows()
    not_in_the_admin()


def where_it_may_be(walk: Walk) -> None:
    """Otherwise every other look would find nothing for the wrong reason."""
    assert any(found_in(page.text) for page in walk.pages)
    assert any(found_in(message.to[0]) for message in django_mail.outbox)
    assert Identification.objects.get().surname == PLANTED["surname"]


def in_no_table_in_the_clear() -> None:
    for alias in ("default", "keys"):
        values = list(rows_of(alias))
        assert len(values) > 10
        assert [(table, hits) for table, value in values if (hits := found_in(value))] == []


def not_in_redis() -> None:
    values = list(redis_values())
    assert any(b"lenders.tasks.dispatch" in value for value in values)
    assert [hits for value in values if (hits := found_in(value))] == []


def in_no_address_of_a_page(walk: Walk) -> None:
    for page in walk.pages:
        assert found_in(page.response.headers.get("Location", "")) == [], page.name
        assert found_in(page.response.request["PATH_INFO"]) == [], page.name
        assert found_in(page.response.request["QUERY_STRING"]) == [], page.name
        for _tag, attributes in Elements(page.text).found:
            for name in ("href", "src", "action"):
                assert found_in(attributes.get(name, "")) == [], page.name


def in_no_cookie(walk: Walk) -> None:
    for page in walk.pages:
        assert found_in(page.response.cookies.output()) == [], page.name


def test_canary_is_in_no_log_line_and_on_no_error_page_whatever_breaks(
    walk: Walk, log_lines: io.StringIO, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = break_everything(monkeypatch)
    assert [response.status_code for response in pages] == [500, 403, 400, 404, 400, 500]
    assert [hits for response in pages if (hits := found_in(response.content))] == []
    written = log_lines.getvalue()
    assert '"exception": "RuntimeError"' in written
    assert found_in(written) == []
    assert found_in("".join(capfd.readouterr())) == []


def break_everything(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """A fault in a view, a form without its token, too many fields, a stranger's page, a host not ours, a
    broken envelope."""
    typed = {"given_name": PLANTED["given_name"], "surname": PLANTED["surname"], "email": EMAIL}
    browser = Client(raise_request_exception=False)
    Walk(browser, email=EMAIL).sign_in()
    browser.post(reverse("applications:begin"))
    name = reverse("applications:step", args=["name"])

    def fail(**answers: Any) -> None:
        raise RuntimeError(f"Key (surname)=({answers}) already exists.")

    with monkeypatch.context() as patched:
        patched.setattr(steps_view, "save_answers", fail)
        fault = browser.post(name, typed)
    strict = Client(enforce_csrf_checks=True)
    token = strict.post(reverse("applications:start"), typed)
    many = browser.post(name, typed | {f"{WORD}{number}": "" for number in range(1100)})
    application = Application.objects.exclude(status="draft").get()
    stranger = Client()
    Walk(stranger).sign_in()
    closed = stranger.get(reverse("lenders:offers", args=[application.pk]))
    nowhere = browser.get(name, headers={"host": f"{WORD}.example"})
    browser.post(name, typed)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE applications_identification SET surname = given_name")
    broken = browser.get(name)
    assert isinstance(broken.exc_info[1], DecryptionError)
    return [fault, token, many, closed, nowhere, broken]


def not_in_the_servers_own_logs() -> None:
    logs = list(Path(settings.VAR_DIR, "log").glob("*.log"))
    assert [log.name for log in logs if found_in(log.read_bytes())] == []


def not_in_the_admin() -> None:
    staff = factories.sign_in_staff(Client(), factories.root())
    application = Application.objects.exclude(status="draft").get()
    index = staff.get(reverse("admin:index")).content.decode()
    links = {
        attributes["href"]
        for tag, attributes in Elements(index).found
        if tag == "a" and attributes.get("href", "").startswith("/admin/")
    }
    detail = reverse("admin:applications_application_change", args=[application.pk])
    assert len(links) > 5
    for link in [*sorted(links), detail]:
        response = staff.get(link, follow=True)
        assert found_in(response.content) == [], link


def not_in_the_representation_of_rows() -> None:
    for model in (Application, Identification, ConsumerSession):
        for row in model._default_manager.all():
            assert found_in(f"{row} {row!r} {vars(row)!r}") == []
