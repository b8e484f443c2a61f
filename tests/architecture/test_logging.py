"""What may stand in a log line: fixed words and allowed keys, never a value or the text of an error."""

import asyncio
import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from celery import Celery
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils.log import log_response

from applications.views import sign_in
from joinbaltic.logging import ALLOWED_KEYS

ROOT = Path(__file__).resolve().parents[2]
PLANTED = "anna.berzina@piemers.lv"
log = structlog.get_logger("applications.tests")


class Lines(io.StringIO):
    """What the product's own handler writes."""

    def last(self) -> dict[str, Any]:
        line: dict[str, Any] = json.loads(self.getvalue().splitlines()[-1])
        return line


@pytest.fixture
def lines() -> Iterator[Lines]:
    stream = Lines()
    handler = logging.StreamHandler(stream)
    own = next(one for one in logging.getLogger().handlers if type(one) is logging.StreamHandler)
    handler.setFormatter(own.formatter)
    logging.getLogger().addHandler(handler)
    yield stream
    logging.getLogger().removeHandler(handler)


def fail() -> None:
    raise ValueError(f"duplicate key (email)=({PLANTED})")


def test_line_is_one_json_object(lines: Lines) -> None:
    log.info("thing.done", count=3)
    assert lines.last() | {"timestamp": ""} == {
        "event": "thing.done", "count": 3, "level": "info", "logger": "applications.tests", "timestamp": "",
    }  # fmt: skip


@pytest.mark.parametrize("key", ["email", "name", "value", "address", "extra", "body", "detail"])
def test_key_that_is_not_allowed_is_not_written(lines: Lines, key: str) -> None:
    log.warning("thing.done", **{key: PLANTED})
    assert set(lines.last()) == {"event", "level", "logger", "timestamp"}


@pytest.mark.parametrize(
    "key", ["email", "given_name", "surname", "personal_code", "phone", "keyword", "url"]
)
def test_no_allowed_key_is_made_for_personal_data(key: str) -> None:
    assert key not in ALLOWED_KEYS


def test_bound_context_is_under_the_same_rule(lines: Lines) -> None:
    with structlog.contextvars.bound_contextvars(email=PLANTED, request_id="1"):
        log.info("thing.done")
    assert PLANTED not in lines.getvalue()
    assert lines.last()["request_id"] == "1"


def test_exception_is_a_class_and_a_place(lines: Lines) -> None:
    try:
        fail()
    except ValueError:
        log.exception("thing.failed")
    assert lines.last()["exception"] == "ValueError"
    assert lines.last()["where"].startswith("test_logging.py:")
    assert PLANTED not in lines.getvalue()


def test_cause_of_an_exception_is_not_written(lines: Lines) -> None:
    try:
        try:
            fail()
        except ValueError as error:
            raise RuntimeError("outer") from error
    except RuntimeError:
        log.exception("thing.failed")
    assert PLANTED not in lines.getvalue()


def test_library_message_keeps_its_template_only(lines: Lines) -> None:
    logging.getLogger("some.library").error("cannot store %s", PLANTED)
    assert lines.last()["event"] == "cannot store %s"


def test_message_about_a_connection_is_written_out(lines: Lines) -> None:
    logging.getLogger("celery.worker.consumer.connection").warning("Connected to %s", "redis://somewhere")
    assert lines.last()["event"] == "Connected to redis://somewhere"


def test_library_exception_in_place_of_a_message_is_its_class(lines: Lines) -> None:
    logging.getLogger("some.library").error(ValueError(PLANTED))
    assert lines.last()["event"] == "ValueError"


def test_library_exception_keeps_class_and_place_only(lines: Lines) -> None:
    try:
        fail()
    except ValueError:
        logging.getLogger("django.request").exception("Internal Server Error: %s", f"/{PLANTED}")
    assert lines.last()["exception"] == "ValueError"
    assert PLANTED not in lines.getvalue()


@pytest.mark.django_db
def test_suspicious_request_is_named_without_what_it_said(lines: Lines, client: Client) -> None:
    assert client.get("/lv/", headers={"host": f"{PLANTED}.example"}).status_code == 400
    assert PLANTED not in lines.getvalue()
    assert lines.last()["event"] == "request.suspicious"
    assert lines.last()["logger"] == "django.security.DisallowedHost"
    assert lines.last()["exception"] == "DisallowedHost"


@pytest.mark.django_db
def test_failed_request_is_its_status_and_the_name_of_its_page(
    lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_in, "render", lambda *_: fail())
    address = f"{reverse('applications:start')}?next={PLANTED}"
    assert Client(raise_request_exception=False).get(address).status_code == 500
    assert lines.last() | {"timestamp": "", "where": ""} == {
        "event": "request.failed", "status": 500, "method": "GET", "path_name": "applications:start",
        "exception": "ValueError", "where": "", "level": "error", "logger": "django.request", "timestamp": "",
    }  # fmt: skip
    assert PLANTED not in lines.getvalue()


def test_failed_request_says_neither_its_address_nor_its_reason(lines: Lines) -> None:
    request = RequestFactory().generic(PLANTED, f"/{PLANTED}/")  # the resolver found no page for it
    response = HttpResponse(status=503, reason=PLANTED)
    log_response("%s: %s", PLANTED, request.path, response=response, request=request)
    assert lines.last() | {"timestamp": ""} == {
        "event": "request.failed", "status": 503, "level": "error", "logger": "django.request",
        "timestamp": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "known"),
    [
        (f"/a/b/thing.py:12: UserWarning: {PLANTED}\n  x", {"kind": "UserWarning", "where": "thing.py:12"}),
        (f"thing.py:12: Warning: /{PLANTED}.py:1: {PLANTED}: x", {"kind": "Warning", "where": "thing.py:12"}),
        (f"of another form: {PLANTED}", {}),
    ],
)  # fmt: skip
def test_warning_is_a_class_and_a_place(lines: Lines, text: str, known: dict[str, str]) -> None:
    logging.getLogger("py.warnings").warning(text)
    assert lines.last() | {"timestamp": ""} == {
        "event": "warning", "level": "warning", "logger": "py.warnings", "timestamp": "", **known,
    }  # fmt: skip


def test_warnings_of_a_process_are_lines_like_all_others() -> None:
    warn = f"import joinbaltic.settings, warnings; warnings.warn('{PLANTED}', UserWarning)"
    process = subprocess.run(
        [sys.executable, "-W", "always", "-c", warn], cwd=ROOT, text=True, capture_output=True, check=True
    )
    line = json.loads(process.stderr.splitlines()[-1])
    assert (line["event"], line["kind"], line["where"]) == ("warning", "UserWarning", "<string>:1")
    assert PLANTED not in process.stderr


def test_failed_celery_task_is_named_without_its_error(lines: Lines) -> None:
    app = Celery("tests", set_as_current=False)
    app.conf.task_always_eager = True

    @app.task(name="tests.failing")
    def failing() -> None:
        fail()

    failing.apply()
    assert PLANTED not in lines.getvalue()
    assert lines.last()["task"] == "tests.failing"
    assert lines.last()["exception"] == "ValueError"


def test_asyncio_task_that_failed_unseen_does_not_show_its_error(lines: Lines) -> None:
    async def forget_a_failing_task() -> None:
        async def failing() -> None:
            fail()

        task = asyncio.create_task(failing())
        await asyncio.wait([task])
        del task
        await asyncio.sleep(0)

    asyncio.run(forget_a_failing_task())
    assert "Task exception was never retrieved" in lines.getvalue()
    assert PLANTED not in lines.getvalue()


def test_what_was_cancelled_unseen_is_no_error(lines: Lines) -> None:
    async def forget_a_cancelled_future() -> None:
        asyncio.get_running_loop().create_future().set_exception(asyncio.CancelledError())

    asyncio.run(forget_a_cancelled_future())
    assert lines.getvalue() == ""


def test_django_has_no_handler_of_its_own() -> None:
    names = [name for name in logging.root.manager.loggerDict if name.startswith("django")]
    assert [name for name in names if logging.getLogger(name).handlers] == []
