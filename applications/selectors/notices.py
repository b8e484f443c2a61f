"""Reading notices."""

from collections.abc import Collection
from itertools import groupby

from django.conf import settings
from django.db.models import QuerySet

from applications.models import NoticeVersion


def notice_versions(kind: str, language: str | None = None) -> QuerySet[NoticeVersion]:
    """All versions of a notice, newest first; in one language, or in all."""
    versions = NoticeVersion.objects.filter(kind=kind).order_by("-number", "language")
    return versions.filter(language=language) if language else versions


def current_notice(kind: str, language: str) -> NoticeVersion | None:
    """The version in force, in the best language for a reader of `language`."""
    newest = notice_versions(kind).values("number")[:1]
    return best(list(notice_versions(kind).filter(number=newest)), language)


def readable(kind: str, language: str) -> list[NoticeVersion]:
    """Each version once, newest first, in the best language for a reader of `language`."""
    by_number = groupby(notice_versions(kind), key=lambda text: text.number)
    found = (best(list(texts), language) for _number, texts in by_number)
    return [text for text in found if text is not None]


def comparable(
    kind: str, older: int, newer: int, language: str
) -> tuple[NoticeVersion, NoticeVersion] | None:
    """Two versions in the best language that both are written in: two languages cannot be compared."""
    texts = {(text.number, text.language): text for text in notice_versions(kind)}
    after = best(
        [text for (number, code), text in texts.items() if number == newer and (older, code) in texts],
        language,
    )
    return None if after is None else (texts[older, after.language], after)


def best(texts: Collection[NoticeVersion], language: str) -> NoticeVersion | None:
    """The text in `language`, else the one in Latvian, in which all are written."""
    preference = {language: 0, settings.LANGUAGE_CODE: 1}
    return min(texts, key=lambda text: (preference.get(text.language, 2), text.language), default=None)
