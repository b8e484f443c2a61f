"""What changed between two texts, block by block and word by word, for a person to read. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import Enum
from html.parser import HTMLParser
from itertools import groupby

BLOCKS = frozenset({"caption", "dd", "div", "dt", "h2", "h3", "h4", "li", "ol", "p", "table", "tr", "ul"})
LONG_STRETCH = 3
WORD = re.compile(r"\s*\S+")
SCHEME = re.compile(r"^(mailto:|tel:|https?://)")
ADDRESS = re.compile(r" ⟨[^⟩]*⟩")  # what a link leads to: read only where it changed


class Change(Enum):
    """What became of a piece of text."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True)
class Piece:
    """A run of words that shares one fate."""

    change: Change
    text: str


@dataclass(frozen=True)
class Block:
    """A paragraph, list item, heading or row of a table."""

    pieces: tuple[Piece, ...]

    @property
    def changed(self) -> bool:
        return any(piece.change is not Change.SAME for piece in self.pieces)


@dataclass(frozen=True)
class Run:
    """Blocks that follow each other; `folded` when they are all unchanged and too many to read past."""

    blocks: tuple[Block, ...]
    folded: bool


class _Blocks(HTMLParser):
    """All the text of a document, block by block; what a link leads to stands behind its words, unless they
    are that address."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._open: list[str] = []
        self._leads_to = ""
        self._link_begins = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in BLOCKS:
            self.flush()
        elif tag in {"td", "th"} and self._open:
            self._open.append(" · ")
        elif tag == "a":
            self._leads_to = dict(attrs).get("href") or ""
            self._link_begins = len(self._open)

    def handle_endtag(self, tag: str) -> None:
        if tag in BLOCKS:
            self.flush()
        elif tag == "a" and self._leads_to and not self._is_its_own_address():
            self._open.append(f" ⟨{self._leads_to}⟩")

    def _is_its_own_address(self) -> bool:
        words = "".join(self._open[self._link_begins :]).strip()
        return words == SCHEME.sub("", self._leads_to).removesuffix("/")

    def handle_data(self, data: str) -> None:
        self._open.append(data)

    def flush(self) -> None:
        text = " ".join("".join(self._open).split())
        if text:
            self.found.append(text)
        self._open = []


def blocks_of(html: str) -> list[str]:
    """The readable blocks of a notice's HTML, in order, as plain text."""
    parser = _Blocks()
    parser.feed(html)
    parser.close()
    parser.flush()
    return parser.found


def difference(older: str, newer: str) -> list[Block]:
    """Every block of both texts in reading order, changed ones with their words marked."""
    before, after = blocks_of(older), blocks_of(newer)
    found: list[Block] = []
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for kind, start, end, new_start, new_end in matcher.get_opcodes():
        if kind == "equal":
            found += [Block((_same(text),)) for text in before[start:end]]
        else:
            found += _replaced(before[start:end], after[new_start:new_end])
    return found


def runs(blocks: list[Block]) -> list[Run]:
    """The same blocks in order, each stretch of unchanged ones together."""
    found = []
    for changed, stretch in groupby(blocks, key=lambda block: block.changed):
        together = tuple(stretch)
        found.append(Run(together, folded=not changed and len(together) >= LONG_STRETCH))
    return found


def _replaced(removed: list[str], added: list[str]) -> Iterator[Block]:
    """Blocks in place of others: those that resemble each other are compared word by word."""
    left = list(removed)
    for text in added:
        like = next((one for one in left if _alike(one, text)), None)
        while like is not None and left:
            first = left.pop(0)
            if first is like:
                break
            yield Block((Piece(Change.REMOVED, first),))
        yield Block(tuple(_words(like, text))) if like is not None else Block((Piece(Change.ADDED, text),))
    for text in left:
        yield Block((Piece(Change.REMOVED, text),))


def _alike(one: str, other: str) -> bool:
    return SequenceMatcher(None, one.split(), other.split(), autojunk=False).ratio() >= 0.5


def _words(older: str, newer: str) -> Iterator[Piece]:
    before, after = WORD.findall(older), WORD.findall(newer)
    for kind, start, end, new_start, new_end in SequenceMatcher(None, before, after, False).get_opcodes():
        if kind == "equal":
            yield _same("".join(before[start:end]))
            continue
        if start != end:
            yield Piece(Change.REMOVED, "".join(before[start:end]))
        if new_start != new_end:
            yield Piece(Change.ADDED, "".join(after[new_start:new_end]))


def _same(text: str) -> Piece:
    return Piece(Change.SAME, ADDRESS.sub("", text))
