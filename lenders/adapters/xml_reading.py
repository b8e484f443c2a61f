"""Strict reading of XML from a lender: the bytes as a `reading.Document`, and texts as figures.

What the parser is given may be hostile. A document type declaration is refused where it begins, so that no
entity, internal or external, is ever declared, let alone expanded or fetched; depth and number of elements
are capped while reading. No error carries the text it is about, and nothing is chained to one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from xml.parsers import expat

from lenders.adapters import reading
from lenders.adapters.errors import malformed
from lenders.adapters.reading import Document

DEEPEST = 16
MOST_ELEMENTS = 20_000
MIXED = object()
"""Text beside elements: no value that anything of ours is read from."""
_SPACE = " \t\r\n"
_INTEGER = re.compile(r"[0-9]{1,9}")
_MONEY = re.compile(r"[0-9]{1,9}(\.[0-9]{1,2})?")
_DATE = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}")
_BOOLEANS: Mapping[str, bool] = {"true": True, "1": True, "false": False, "0": False}


def document(body: bytes, namespace: str) -> tuple[str, Document]:
    """The root's name and what stands in it, as far as it is of that namespace; other elements are left out.

    A key is an element's name, "@" with an attribute's. A value is the text of an element without children,
    else a Document; a list where the name is repeated. Raises LenderError(malformed_answer).
    """
    if len(body) > reading.LONGEST_BODY:
        raise malformed("size")
    builder = _Builder(namespace)
    try:
        builder.parse(body.decode())
        root = builder.root
    except (ValueError, expat.ExpatError):
        root = None
    if root is None:
        raise malformed("XML")
    return root


class _Builder:
    """Takes what the parser finds and keeps what is of the namespace. Raises ValueError, ExpatError."""

    def __init__(self, namespace: str) -> None:
        self.root: tuple[str, Document] | None = None
        self._prefix = namespace + " "
        self._open: list[_Open] = []
        self._count = 0

    def parse(self, text: str) -> None:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.XmlDeclHandler = self._declared
        parser.StartDoctypeDeclHandler = _refuse_doctype
        parser.StartElementHandler = self._started
        parser.CharacterDataHandler = self._said
        parser.EndElementHandler = self._ended
        parser.Parse(text, True)

    def _declared(self, _version: str, encoding: str | None, _standalone: int) -> None:
        """The bytes were UTF-8; a declaration of anything else makes them ambiguous."""
        if encoding is not None and encoding.upper() != "UTF-8":
            raise ValueError

    def _started(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if len(self._open) == DEEPEST or self._count > MOST_ELEMENTS:
            raise ValueError
        self._open.append(_Open(attributes))

    def _said(self, text: str) -> None:
        self._open[-1].texts.append(text)

    def _ended(self, name: str) -> None:
        element = self._open.pop()
        ours = name.startswith(self._prefix)
        if self._open:
            self._open[-1].add(name.removeprefix(self._prefix) if ours else "", element.value())
        elif ours and not element.text:
            self.root = name.removeprefix(self._prefix), element.mapping()


class _Open:
    """An element whose end has not been read."""

    def __init__(self, attributes: dict[str, str]) -> None:
        self.texts: list[str] = []
        self._attributes = attributes
        self._found: dict[str, list[Any]] = {}

    def add(self, name: str, value: Any) -> None:
        self._found.setdefault(name, []).append(value)

    @property
    def text(self) -> str:
        return "".join(self.texts).strip(_SPACE)

    def value(self) -> Any:
        if not self._found:
            return self.text
        return MIXED if self.text else self.mapping()

    def mapping(self) -> Document:
        children = {
            name: values[0] if len(values) == 1 else values for name, values in self._found.items() if name
        }
        return children | {f"@{name}": value for name, value in self._attributes.items()}


def _refuse_doctype(*_declaration: object) -> None:
    raise ValueError


def children(source: Document, key: str, *, most: int) -> list[Document]:
    """The elements of that name, one to `most`."""
    value = source.get(key)
    found = value if isinstance(value, list) else [value]
    if len(found) > most:
        raise malformed(key)
    return [reading.as_document(entry) for entry in found]


def words(source: Document, key: str, *, most: int) -> list[Any]:
    """The texts of the elements of that name, one to `most`, unjudged."""
    value = source.get(key)
    found = value if isinstance(value, list) else [value]
    return reading.items({key: found}, key, most=most)


def integer(source: Document, key: str, *, least: int, most: int) -> int:
    """Plain digits, no sign."""
    return reading.integer({key: int(_matching(_INTEGER, source, key))}, key, least=least, most=most)


def cents(source: Document, key: str, *, least: int, most: int) -> int:
    """An amount in euros with a dot and at most two decimals ("560.00"), in cents."""
    amount = Decimal(_matching(_MONEY, source, key)) * 100
    return reading.integer({key: int(amount)}, key, least=least, most=most)


def boolean(source: Document, key: str) -> bool:
    value = source.get(key)
    return reading.boolean({key: _BOOLEANS.get(value) if isinstance(value, str) else None}, key)


def day(source: Document, key: str) -> date:
    """An ISO date without a zone."""
    text = _matching(_DATE, source, key)
    try:
        found: date | None = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None:
        raise malformed(key)
    return found


def _matching(pattern: re.Pattern[str], source: Document, key: str) -> str:
    value = source.get(key)
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise malformed(key)
    return value
