"""The notices' texts: files, filled with contacts, published as numbered versions that never change."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from html import escape, unescape
from pathlib import Path

from django.conf import settings
from django.db import transaction

from applications.actors import Actor
from applications.contacts import AUTHORITY, CONSUMER_AUTHORITY, CONTROLLER
from applications.errors import NoticeChanged
from applications.models.notice import NoticeKind, NoticeVersion
from applications.selectors.notices import notice_versions
from applications.services.notices import digest_of, publish_notice

TEXTS = Path(__file__).resolve().parent / "texts"
FACTS: dict[str, object] = {
    "controller": CONTROLLER,
    "authority": AUTHORITY,
    "consumer_authority": CONSUMER_AUTHORITY,
}
FILE_NAME = re.compile(r"(?P<number>[1-9][0-9]*)\.(?P<language>[a-z]{2})\.html")
PLACEHOLDER = re.compile(r"\{\{\s*(?P<fact>[^{}]*?)\s*\}\}")
HEADING = re.compile(r"<h1>(?P<title>[^<>]+)</h1>\n")


class NoticeTextError(Exception):
    """A file of a notice cannot be published; the message says which file and why."""


class Standing(Enum):
    """How a file stands to what is published under its number."""

    NEW = "not published"
    PUBLISHED = "published"
    CHANGED = "differs from the published text"


@dataclass(frozen=True, kw_only=True)
class NoticeText:
    """One text ready to publish: `title` is plain text, `body` is HTML, both filled with contacts."""

    kind: NoticeKind
    number: int
    language: str
    title: str
    body: str

    @property
    def digest(self) -> str:
        return digest_of(self.title, self.body)

    def __str__(self) -> str:
        return f"{self.kind}/{self.number}.{self.language}.html"


def fill(source: str) -> str:
    """Replace each {{ fact.field }} by its value, escaped. Raises NoticeTextError on an unknown one."""

    def value(found: re.Match[str]) -> str:
        name, _, field = found["fact"].partition(".")
        known = getattr(FACTS.get(name), field, None) if field.isidentifier() else None
        if not isinstance(known, str) or not known:
            raise NoticeTextError(f"nothing is known of {{{{ {found['fact']} }}}}")
        return escape(known)

    return PLACEHOLDER.sub(value, source)


def read(path: Path) -> NoticeText:
    """Read <kind>/<number>.<language>.html, whose first line is <h1>Title</h1>.

    Raises NoticeTextError when the file's name, first line or a placeholder is not as agreed.
    """
    name = FILE_NAME.fullmatch(path.name)
    if name is None or name["language"] not in dict(settings.LANGUAGES):
        raise NoticeTextError(f"{path}: the name is <number>.<language>.html")
    if path.parent.name not in NoticeKind.values:
        raise NoticeTextError(f"{path}: there is no notice {path.parent.name!r}")
    try:
        filled = fill(path.read_text(encoding="utf-8"))
    except NoticeTextError as error:
        raise NoticeTextError(f"{path}: {error}") from error
    heading = HEADING.match(filled)
    if heading is None:
        raise NoticeTextError(f"{path}: the first line is <h1>Title</h1>")
    return NoticeText(
        kind=NoticeKind(path.parent.name),
        number=int(name["number"]),
        language=name["language"],
        title=unescape(heading["title"]),
        body=filled[heading.end() :].strip() + "\n",
    )


def texts(root: Path = TEXTS) -> list[NoticeText]:
    """Every text under `root`, by kind, number and language.

    Raises NoticeTextError when one cannot be read, or a number lacks the Latvian text that readers of an
    untranslated language are shown.
    """
    found = [read(path) for path in root.glob("*/*")]
    _require_original(found)
    return sorted(found, key=lambda text: (text.kind, text.number, text.language))


def _require_original(found: Iterable[NoticeText]) -> None:
    languages: dict[tuple[NoticeKind, int], set[str]] = defaultdict(set)
    for text in found:
        languages[text.kind, text.number].add(text.language)
    for (kind, number), written in languages.items():
        if settings.LANGUAGE_CODE not in written:
            raise NoticeTextError(f"{kind} {number} has no text in {settings.LANGUAGE_CODE!r}")


def standing(text: NoticeText) -> Standing:
    """Compare a text with what is published under its number and language."""
    published = notice_versions(text.kind, text.language).filter(number=text.number).first()
    if published is None:
        return Standing.NEW
    return Standing.PUBLISHED if published.digest == text.digest else Standing.CHANGED


def publish_texts(*, actor: Actor, root: Path = TEXTS) -> list[NoticeVersion]:
    """Publish what is new under `root`, all or nothing, and return it; doing so again publishes nothing.

    Raises NoticeTextError for a file that cannot be read, NoticeChanged for one whose text is no longer the
    one published under its number.
    """
    standings = [(text, standing(text)) for text in texts(root)]
    for text, found in standings:
        if found is Standing.CHANGED:
            raise NoticeChanged(f"{text} {found.value}. Undo the change, or write it as a new number.")
    with transaction.atomic():
        return [
            publish_notice(
                kind=text.kind,
                number=text.number,
                language=text.language,
                title=text.title,
                body=text.body,
                actor=actor,
            )
            for text, found in standings
            if found is Standing.NEW
        ]
