"""The notices' texts: files, completed with facts of the data map and contacts, published as versions.

<kind>/source.<language>.html is what people write. Its {{ map.… }} blocks are rendered from the data map into
<kind>/<edition>.<language>.html, which never changes again. Publishing fills in the contacts and gives the
text the next number: a new edition is a new version, and so is the same edition with another contact.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from html import escape, unescape
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import translation

from applications.actors import Actor
from applications.contacts import PRODUCT
from applications.errors import NoticeChanged
from applications.models import Contact, ContactRole
from applications.models.notice import NoticeKind, NoticeVersion
from applications.selectors.contacts import stored_contacts
from applications.selectors.notices import notice_versions
from applications.services.notices import digest_of, publish_notice
from privacy import notice_facts

TEXTS = Path(__file__).resolve().parent / "texts"
ROLES = {
    "controller": ContactRole.CONTROLLER,
    "dpo": ContactRole.DPO,
    "authority": ContactRole.AUTHORITY,
    "consumer_authority": ContactRole.CONSUMER_AUTHORITY,
}
FILE_NAME = re.compile(r"(?P<edition>[1-9][0-9]*|source)\.(?P<language>[a-z]{2})\.html")
PLACEHOLDER = re.compile(r"\{\{\s*(?P<fact>[^{}]*?)\s*\}\}")
MAP_BLOCK = re.compile(r"\{\{\s*map\.(?P<name>[a-z_]+)\s*\}\}")
HEADING = re.compile(r"<h1>(?P<title>[^<>]+)</h1>\n")


class NoticeTextError(Exception):
    """A file of a notice cannot be published; the message says which file and why."""


@dataclass(frozen=True, kw_only=True)
class NoticeText:
    """One text ready to publish: `title` is plain text, `body` is HTML, both filled with contacts."""

    kind: NoticeKind
    edition: int
    language: str
    title: str
    body: str
    source_digest: str

    @property
    def digest(self) -> str:
        return digest_of(self.title, self.body)

    def __str__(self) -> str:
        return f"{self.kind}/{self.edition}.{self.language}.html"


@dataclass(frozen=True)
class Planned:
    """A text and the number it is published under next."""

    number: int
    text: NoticeText

    def __str__(self) -> str:
        return f"{self.text.kind} {self.number} {self.text.language}"


# --- from source to edition -------------------------------------------------------------------------------
def written_out(source: str, language: str) -> str:
    """A source with the blocks of the data map in place, in its language. Raises NoticeTextError."""

    def block(found: re.Match[str]) -> str:
        try:
            return notice_facts.rendered(found["name"])
        except KeyError:
            raise NoticeTextError(f"the data map has no {{{{ map.{found['name']} }}}}") from None

    with translation.override(language):
        return MAP_BLOCK.sub(block, source)


def sources(root: Path = TEXTS) -> dict[NoticeKind, dict[str, Path]]:
    """The sources under `root`: kind → language → file."""
    found: dict[NoticeKind, dict[str, Path]] = defaultdict(dict)
    for path in sorted(root.glob("*/source.*.html")):
        found[NoticeKind(path.parent.name)][path.name.split(".")[1]] = path
    return found


def newest_edition(kind: NoticeKind, root: Path = TEXTS) -> int:
    """The number of the newest edition of a notice; 0 when there is none."""
    names = (FILE_NAME.fullmatch(path.name) for path in (root / kind).glob("*.html"))
    return max((int(name["edition"]) for name in names if name and name["edition"] != "source"), default=0)


def outdated(root: Path = TEXTS) -> list[Path]:
    """Sources that, with the data map as it is, no longer say what the newest edition says."""
    return [
        path
        for kind, by_language in sources(root).items()
        for language, path in by_language.items()
        if not _says(root / kind / f"{newest_edition(kind, root)}.{language}.html", path, language)
    ]


def _says(edition: Path, source: Path, language: str) -> bool:
    text = written_out(source.read_text(encoding="utf-8"), language)
    return edition.exists() and edition.read_text(encoding="utf-8") == text


def write_editions(*, root: Path = TEXTS, in_place: bool = False) -> list[Path]:
    """Write the next edition of each notice whose source says something new; the files written.

    `in_place` writes over the newest edition instead: only before anybody has published it.
    """
    written = []
    for kind in {NoticeKind(path.parent.name) for path in outdated(root)}:
        number = newest_edition(kind, root) + (0 if in_place else 1)
        for language, path in sources(root)[kind].items():
            target = root / kind / f"{number}.{language}.html"
            target.write_text(written_out(path.read_text(encoding="utf-8"), language), encoding="utf-8")
            written.append(target)
    return sorted(written)


# --- from edition to version ------------------------------------------------------------------------------
def fill(source: str, contacts: dict[str, Contact]) -> str:
    """Replace each {{ contact.field }} by its value, escaped. Raises NoticeTextError on an unknown one."""

    def value(found: re.Match[str]) -> str:
        name, _, field = found["fact"].partition(".")
        if (name, field) == ("controller", "product"):
            return escape(PRODUCT)
        known = getattr(contacts.get(name), field, None) if field.isidentifier() else None
        if not isinstance(known, str) or not known:
            raise NoticeTextError(f"nothing is known of {{{{ {found['fact']} }}}}")
        return escape(known)

    return PLACEHOLDER.sub(value, source)


def named(by_role: Mapping[str, Contact]) -> dict[str, Contact]:
    """The contacts that notices name, by the names that they use."""
    return {name: by_role[role] for name, role in ROLES.items() if role in by_role}


def read(path: Path, contacts: dict[str, Contact]) -> NoticeText:
    """Read <kind>/<edition>.<language>.html, whose first line is <h1>Title</h1>.

    Raises NoticeTextError when the file's name, first line or a placeholder is not as agreed.
    """
    name = FILE_NAME.fullmatch(path.name)
    if name is None or name["language"] not in dict(settings.LANGUAGES):
        raise NoticeTextError(f"{path}: the name is <edition>.<language>.html")
    if path.parent.name not in NoticeKind.values:
        raise NoticeTextError(f"{path}: there is no notice {path.parent.name!r}")
    source = path.read_text(encoding="utf-8")
    try:
        filled = fill(source, contacts)
    except NoticeTextError as error:
        raise NoticeTextError(f"{path}: {error}") from error
    heading = HEADING.match(filled)
    if heading is None:
        raise NoticeTextError(f"{path}: the first line is <h1>Title</h1>")
    return NoticeText(
        kind=NoticeKind(path.parent.name),
        edition=int(name["edition"]),
        language=name["language"],
        title=unescape(heading["title"]),
        body=filled[heading.end() :].strip() + "\n",
        source_digest=sha256(source.encode()).hexdigest(),
    )


def texts(contacts: dict[str, Contact], root: Path = TEXTS) -> list[NoticeText]:
    """Every edition under `root`, by kind, edition and language.

    Raises NoticeTextError when one cannot be read, or an edition lacks the Latvian text that readers of an
    untranslated language are shown.
    """
    files = [path for path in root.glob("*/*.html") if not path.name.startswith("source.")]
    found = sorted(
        (read(path, contacts) for path in files), key=lambda text: (text.kind, text.edition, text.language)
    )
    languages: dict[tuple[NoticeKind, int], set[str]] = defaultdict(set)
    for text in found:
        languages[text.kind, text.edition].add(text.language)
    for (kind, edition), written in languages.items():
        if settings.LANGUAGE_CODE not in written:
            raise NoticeTextError(f"{kind} {edition} has no text in {settings.LANGUAGE_CODE!r}")
    return found


def to_publish(root: Path = TEXTS) -> list[Planned]:
    """What publishing would add now; nothing when the versions in force say what they should.

    Raises NoticeTextError for a file that cannot be read, NoticeChanged for an edition that no longer says
    what was published from it.
    """
    by_kind: dict[NoticeKind, dict[int, list[NoticeText]]] = defaultdict(lambda: defaultdict(list))
    for text in texts(named(stored_contacts()), root):
        by_kind[text.kind][text.edition].append(text)
    return [planned for kind, editions in by_kind.items() for planned in _plan(kind, editions)]


def _plan(kind: NoticeKind, editions: dict[int, list[NoticeText]]) -> Iterator[Planned]:
    published = list(notice_versions(kind))
    last = max((version.number for version in published), default=0)
    for edition, written in editions.items():
        rows = [version for version in published if version.edition == edition]
        _require_unchanged(rows, written)
        number = max((version.number for version in rows), default=0)
        standing = {version.language: version.digest for version in rows if version.number == number}
        outdated = edition == max(editions) and any(
            standing.get(text.language, text.digest) != text.digest for text in written
        )
        if not rows or outdated:
            last = number = last + 1
            standing = {}
        yield from (Planned(number, text) for text in written if text.language not in standing)


def _require_unchanged(rows: list[NoticeVersion], written: list[NoticeText]) -> None:
    digests = {version.language: version.source_digest for version in rows}
    for text in written:
        if digests.get(text.language, text.source_digest) != text.source_digest:
            raise NoticeChanged(
                f"{text} is not what was published from it. Undo the change, or write a new edition."
            )


def publish_texts(*, actor: Actor, root: Path = TEXTS) -> list[NoticeVersion]:
    """Publish what is new under `root`, all or nothing, and return it; doing so again publishes nothing.

    Raises NoticeTextError and NoticeChanged as `to_publish`.
    """
    with transaction.atomic():
        return [
            publish_notice(
                kind=planned.text.kind,
                number=planned.number,
                language=planned.text.language,
                title=planned.text.title,
                body=planned.text.body,
                edition=planned.text.edition,
                source_digest=planned.text.source_digest,
                actor=actor,
            )
            for planned in to_publish(root)
        ]
