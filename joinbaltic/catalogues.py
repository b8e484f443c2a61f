"""The message catalogues: what the product says in English, and what locale/ holds for the other languages.

A catalogue changes only when a text does: its entries are in alphabetical order and carry neither line
numbers nor dates. Babel and polib are needed for this alone: a running product never imports it.
"""

import ast
import difflib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import django
import polib  # type: ignore[import-untyped]
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.utils.translation.template import templatize

PACKAGES = ("applications", "joinbaltic", "lenders", "privacy")
TEMPLATE_SUFFIXES = {".html", ".txt"}
# Which arguments are the singular and the plural; "c" marks a context.
_PLURAL, _CONTEXT, _BOTH = (1, 2), ((1, "c"), 2), ((1, "c"), 2, 3)
KEYWORDS = (
    {"_": None, "gettext": None, "gettext_lazy": None, "gettext_noop": None}
    | {"ngettext": _PLURAL, "ngettext_lazy": _PLURAL}
    | {"pgettext": _CONTEXT, "pgettext_lazy": _CONTEXT}
    | {"npgettext": _BOTH, "npgettext_lazy": _BOTH}
)
# What a translation takes over unchanged: %(name)s, %s, %%, {name}, tags. A stray % is found as well.
KEPT = re.compile(r"%\(\w+\)[sd]|%[sd%]|%|\{\w*\}|</?[a-z][^>]*>")
PERCENT_FORMAT = re.compile(r"%\(\w+\)[sd]|%[sd%]")
LINE = 110
SIMILAR = 0.8  # from here on a translation that lost its text is offered for a new one, marked fuzzy

Key = tuple[str, str]


class CatalogueError(Exception):
    """The texts cannot be collected, or a language is unknown to Django; the message says where and why."""


@dataclass
class Message:
    """One text of the product; `context` and `plural` are empty where it has none."""

    text: str
    plural: str = ""
    context: str = ""
    sources: set[str] = field(default_factory=set)
    comments: set[str] = field(default_factory=set)

    @property
    def key(self) -> Key:
        return self.context, self.text


Messages = dict[Key, Message]


# --- collecting -----------------------------------------------------------------------------------------
def collect(root: Path) -> Messages:
    """Every text under `root` that is marked for translation, in Python and in templates.

    Raises CatalogueError when a file cannot be read or one text stands with two different plurals.
    """
    found: Messages = {}
    for path in _sources(root):
        for message in _messages_in(path, path.relative_to(root).as_posix()):
            known = found.setdefault(message.key, message)
            if known.plural and message.plural and known.plural != message.plural:
                raise CatalogueError(f"{path}: {message.text!r} has another plural elsewhere.")
            known.plural = known.plural or message.plural
            known.sources |= message.sources
            known.comments |= message.comments
    return found


def _sources(root: Path) -> Iterator[Path]:
    for package in PACKAGES:
        modules = sorted((root / package).rglob("*.py"))
        yield from (path for path in modules if "migrations" not in path.parts)
    templates = sorted((root / "templates").rglob("*"))
    yield from (path for path in templates if path.suffix in TEMPLATE_SUFFIXES)


def _messages_in(path: Path, name: str) -> Iterator[Message]:
    try:
        code = _as_python(path)
    except SyntaxError as error:
        raise CatalogueError(f"{path}: {error}") from error
    for _line, texts, comments, context in extract(
        "python", BytesIO(code.encode()), KEYWORDS, comment_tags=["Translators:"]
    ):
        text, plural = texts if isinstance(texts, tuple) else (texts, "")
        if text:
            yield Message(text, plural, context or "", {name}, set(comments))


def _as_python(path: Path) -> str:
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        ast.parse(source)  # Babel stops quietly at a broken line, and the texts after it would seem gone
        return source
    # Django writes its tags as calls of gettext and the rest as XXX, which makes no sense when indented.
    return "\n".join(line.strip() for line in templatize(source, origin=path.name).splitlines())


# --- keeping --------------------------------------------------------------------------------------------
def catalogue_path(root: Path, language: str) -> Path:
    """Where the translations into `language` are kept."""
    return root / "locale" / language / "LC_MESSAGES" / "django.po"


def updated(path: Path, language: str, messages: Messages) -> str:
    """The text of the catalogue at `path` brought up to date: new texts without a translation, old ones gone.

    A new text that resembles an old one gets its translation, marked fuzzy: nobody sees it until the mark
    is taken away. A missing file counts as empty.
    """
    old = {_key(entry): entry for entry in _read(path)}
    lost = {key[1]: entry for key, entry in old.items() if key not in messages}
    catalogue = polib.POFile(wrapwidth=LINE)
    catalogue.metadata = _header(language)
    forms = _number_of_forms(catalogue)
    for key in sorted(messages):
        entry = _entry(messages[key], forms)
        _translate(entry, old.get(key), lost)
        catalogue.append(entry)
    return f"{catalogue}"


def compile_catalogue(path: Path) -> Path:
    """Write the binary form, which Django reads, beside the text form and return where it is."""
    target = path.with_suffix(".mo")
    with path.open("rb") as source, target.open("wb") as compiled:
        write_mo(compiled, read_po(source))
    return target


def _read(path: Path) -> list[polib.POEntry]:
    return list(polib.pofile(str(path))) if path.is_file() else []


def _key(entry: polib.POEntry) -> Key:
    return entry.msgctxt or "", entry.msgid


def _header(language: str) -> dict[str, str]:
    """Plurals follow Django's own rule for the language, so that a number takes one form on a whole page."""
    django_po = Path(django.__file__).parent / "conf/locale" / language / "LC_MESSAGES/django.po"
    if not django_po.is_file():
        raise CatalogueError(f"Django does not know the language {language!r}.")
    return {
        "Language": language,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": polib.pofile(str(django_po)).metadata["Plural-Forms"],
    }


def _number_of_forms(catalogue: polib.POFile) -> int:
    return int(re.findall(r"nplurals=(\d+)", catalogue.metadata["Plural-Forms"])[0])


def _entry(message: Message, forms: int) -> polib.POEntry:
    entry = polib.POEntry(
        msgid=message.text,
        msgctxt=message.context or None,
        comment="\n".join(sorted(message.comments)),
        occurrences=[(source, "") for source in sorted(message.sources)],
    )
    if message.plural:
        entry.msgid_plural = message.plural
        entry.msgstr_plural = dict.fromkeys(range(forms), "")
    if PERCENT_FORMAT.search(message.text + message.plural):
        entry.flags.append("python-format")
    return entry


def _translate(entry: polib.POEntry, known: polib.POEntry | None, lost: dict[str, polib.POEntry]) -> None:
    fuzzy = known is not None and known.fuzzy
    if known is None:
        similar = difflib.get_close_matches(entry.msgid, lost, n=1, cutoff=SIMILAR)
        known, fuzzy = (lost[similar[0]], True) if similar else (None, False)
    if known is None:
        return
    entry.tcomment = known.tcomment
    if entry.msgid_plural:
        entry.msgstr_plural |= known.msgstr_plural
    else:
        entry.msgstr = known.msgstr
    if fuzzy and entry.translated():
        entry.flags.append("fuzzy")


# --- checking -------------------------------------------------------------------------------------------
def problems(path: Path, messages: Messages, *, complete: bool) -> list[str]:
    """What is wrong with a catalogue, a sentence each; `complete` asks for a translation of every text.

    An incomplete one may lack translations, but what it has must be usable.
    """
    if not path.is_file():
        return [f"{path} is missing."]
    catalogue = polib.pofile(str(path))
    found = {_key(entry): entry for entry in catalogue if not entry.obsolete}
    forms = _number_of_forms(catalogue)
    wrong = [f"not in the catalogue: {text!r}" for _, text in sorted(messages.keys() - found.keys())]
    wrong += [f"obsolete: {text!r}" for _, text in sorted(found.keys() - messages.keys())]
    wrong += [f"obsolete: {entry.msgid!r}" for entry in catalogue.obsolete_entries()]
    for key in sorted(messages.keys() & found.keys()):
        wrong += _problems_of(found[key], messages[key], forms, complete)
    return wrong


def _problems_of(entry: polib.POEntry, message: Message, forms: int, complete: bool) -> Iterator[str]:
    name = repr(message.text)
    if (entry.msgid_plural or "") != message.plural:
        yield f"the plural is not that of the source: {name}"
        return
    if message.plural and set(entry.msgstr_plural) != set(range(forms)):
        yield f"plural forms are not those of the language: {name}"
        return
    translations = list(entry.msgstr_plural.values()) if message.plural else [entry.msgstr]
    if entry.fuzzy and complete:
        yield f"fuzzy: {name}"
    if not all(translations):
        if complete:
            yield f"not translated: {name}"
        elif any(translations):
            yield f"some plural forms are not translated: {name}"
        return
    source = message.plural or message.text
    for translation in translations:
        if kept(translation) != kept(source):
            yield f"placeholders, tags or line breaks differ: {name} → {translation!r}"


def kept(text: str) -> tuple[frozenset[str], Counter[str], bool, bool]:
    """What a translation must have in common with its source.

    The named placeholders and tags, how often each unnamed one occurs, and a line break at either end.
    """
    found = KEPT.findall(text)
    named = frozenset(one for one in found if len(one) > 2)
    unnamed = Counter(one for one in found if len(one) <= 2 and one != "%%")
    return named, unnamed, text.startswith("\n"), text.endswith("\n")
