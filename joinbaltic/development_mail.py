"""A mailbox to read in development, where mail is written to files: the newest messages first."""

import email
import email.policy
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

NEWEST = 20
SEPARATOR = b"-" * 79


@never_cache
@require_safe
def mailbox(request: HttpRequest) -> HttpResponse:
    """The newest messages that the file backend wrote."""
    files = sorted(Path(settings.MAIL_DIR).glob("*.log"), key=lambda path: path.stat().st_mtime, reverse=True)
    messages = [message for path in files[:NEWEST] for message in reversed(_messages(path))]
    context = {"messages": messages[:NEWEST], "mailbox": settings.PRIVACY_MAILBOX}
    return render(request, "development_mail.html", context)


def _messages(path: Path) -> list[dict[str, str]]:
    parts = [part.strip() for part in path.read_bytes().split(SEPARATOR) if part.strip()]
    parsed = [email.message_from_bytes(part, policy=email.policy.default) for part in parts]
    return [
        {
            "to": str(message["to"]),
            "title": str(message["subject"]),
            "date": str(message["date"]),
            "body": message.get_content(),
        }
        for message in parsed
    ]
