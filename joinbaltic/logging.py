"""JSON logs with an allow-list of keys: what is not on it is not written.

Personal data cannot reach a log line by a forgotten argument: messages are fixed event names, values are
only written under the keys below, and an exception is written as its class and place, never its text
(a database error quotes the offending row).
"""

import asyncio
import logging
import logging.config
import re
import sys
import traceback
from http import HTTPMethod
from typing import Any

import structlog

ALLOWED_KEYS = frozenset(
    {
        "event", "level", "logger", "timestamp",
        "application", "attempt", "attempts", "code", "count", "database", "delivery", "duration_ms",
        "exception", "head", "job", "kind", "label", "lender", "method", "outcome", "path_name",
        "request_id", "row", "seconds", "status", "submission", "task", "version", "where", "worker",
    }
)  # fmt: skip
# These write about connections, processes and schedules. Other loggers of Celery quote the error of a task.
PLAIN_MESSAGE_OF = (
    "celery.apps", "celery.beat", "celery.worker.consumer", "celery.worker.strategy", "granian",
    "django.server", "kombu",
)  # fmt: skip

# These give an error's text for a message, such as a wrong Host header. Their names say which error.
SUSPICIOUS = "django.security"
# This one quotes the address of the page, or what an error said.
REQUESTS = "django.request"
# A warning of Python: the place and the class stand before its text, which may quote a value.
WARNINGS = "py.warnings"
WARNING = re.compile(r"(?:[^:\n]*/)?(?P<file>[^/:\n]+):(?P<line>\d+): (?P<kind>\w+): ")


def is_no_cancellation(record: logging.LogRecord) -> bool:
    """A browser that leaves cancels what was done for it. Where nobody waits for that any more asyncio calls
    it an error, and it is none."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, asyncio.CancelledError)


def _exception(exc: BaseException) -> tuple[str, str]:
    frames = traceback.extract_tb(exc.__traceback__)
    place = f"{frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}" if frames else ""
    return type(exc).__name__, place


def allow_listed(_logger: Any, _name: str, event: dict[str, Any]) -> dict[str, Any]:
    """Keep allowed keys only; an exception becomes its class and the line that raised it."""
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    elif isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event["exception"], event["where"] = _exception(error)
    return {key: value for key, value in event.items() if key in ALLOWED_KEYS}


def foreign_event(_logger: Any, _name: str, event: dict[str, Any]) -> dict[str, Any]:
    """A library's record: its message may quote data (a URL, a row), so only its template is kept."""
    if event["_from_structlog"]:
        return event
    record, arguments = event["_record"], event.pop("positional_args")
    if record.name.startswith(SUSPICIOUS):
        event["event"] = "request.suspicious"
    elif record.name == REQUESTS:
        event |= _request(record)
    elif record.name == WARNINGS:
        event |= _warning(record.getMessage())
    elif not record.name.startswith(PLAIN_MESSAGE_OF):
        event["event"] = _template(record.msg)
    if record.name == "celery.app.trace" and isinstance(arguments, dict):
        event["task"] = arguments.get("name")
    return event


def _request(record: logging.LogRecord) -> dict[str, Any]:
    """A failed request is its status, its method and the name of its page: words of ours. The method as sent,
    the address and the reason can hold anything."""
    request, status = getattr(record, "request", None), getattr(record, "status_code", None)
    page, method = getattr(request, "resolver_match", None), getattr(request, "method", None)
    known = {
        "status": status,
        "method": method if method in set(HTTPMethod) else None,
        "path_name": page.view_name if page else None,
    }
    return {"event": "request.failed", **{key: value for key, value in known.items() if value is not None}}


def _warning(text: str) -> dict[str, str]:
    found = WARNING.match(text)
    known = {"kind": found["kind"], "where": f"{found['file']}:{found['line']}"} if found else {}
    return {"event": "warning", **known}


def _template(message: object) -> str:
    """The first line: asyncio writes what happened there, and below it the task with its error's text. An
    exception given in place of a message is its class alone."""
    return type(message).__name__ if isinstance(message, BaseException) else str(message).partition("\n")[0]


def logging_config(*, level: str) -> None:
    """Configure structlog and the standard library to one stream of JSON lines on stderr."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": shared,
        "pass_foreign_args": True,
        "processors": [
            foreign_event,
            allow_listed,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    }
    logging.captureWarnings(True)
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"json": formatter},
            "filters": {"no_cancellation": {"()": lambda: is_no_cancellation}},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
            "root": {"handlers": ["stderr"], "level": level},
            "loggers": {
                "django.request": {"level": "ERROR"},
                "django.security": {"level": "ERROR"},
                "asyncio": {"level": "WARNING", "filters": ["no_cancellation"]},
                "fido2": {"level": "WARNING"},  # it writes which passkey was used into its messages
                "imapclient": {"level": "WARNING"},  # and this one what it reads
            },
        }
    )
