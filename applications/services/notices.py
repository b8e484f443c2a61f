"""Publishing notices: a number, once published, keeps its text."""

import hashlib

from applications.actors import Actor
from applications.errors import NoticeChanged
from applications.models import NoticeVersion
from applications.services import audit


def digest_of(title: str, body: str) -> str:
    """SHA-256 of a notice's title and body, in hexadecimal."""
    return hashlib.sha256(f"{title}\n{body}".encode()).hexdigest()


def publish_notice(
    *,
    kind: str,
    number: int,
    language: str,
    title: str,
    body: str,
    actor: Actor,
    edition: int = 1,
    source_digest: str = "",
) -> NoticeVersion:
    """Publish one text; publishing the same text again changes nothing.

    Raises NoticeChanged when this kind, number and language already stand for another text.
    """
    digest = digest_of(title, body)
    notice, created = NoticeVersion.objects.get_or_create(
        kind=kind,
        number=number,
        language=language,
        defaults={
            "title": title,
            "body": body,
            "digest": digest,
            "edition": edition,
            "source_digest": source_digest,
        },
    )
    if notice.digest != digest:
        raise NoticeChanged
    if created:
        audit.record(actor=actor, action="notice.published", row=notice, kind=kind, number=number)
    return notice
