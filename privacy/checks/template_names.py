"""Which names a template reads: walked off what Django compiled, so that no spelling hides one."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from django.template import Engine, Variable
from django.template.base import FilterExpression, Node, NodeList, Token, TokenType
from django.template.smartif import TokenBase

Lookups = tuple[str, ...]
# Under which attributes a node keeps the names that it gives to values for what stands inside it.
GIVEN_NAMES = ("extra_context", "loopvars", "countervar")


@cache
def lookups_in(engine: Engine, path: Path, changed: int) -> frozenset[Lookups]:
    """Every variable of a template file as its lookups: {{ a.b|default:c }} reads ("a", "b") and ("c",).

    A name that the template itself gave ({% with %}, {% for %}) is left out where it stands alone: what it
    was given to is there as well. `changed` is the file's age, for a file may change while it is remembered.
    """
    text = path.read_text(encoding="utf-8")
    return frozenset(_lookups(engine.from_string(text).nodelist, frozenset()))


def _lookups(part: Any, given: frozenset[str]) -> Iterator[Lookups]:
    if isinstance(part, Variable):
        yield from _asked(part.lookups or (), given)
    elif isinstance(part, FilterExpression):
        yield from _lookups((part.var, part.filters), given)
    elif isinstance(part, Token):
        if part.token_type is TokenType.VAR:  # inside {% blocktranslate %}
            yield from _asked(part.contents.split("|")[0].split("."), given)
    elif isinstance(part, Node):
        inside = given | _given_by(part)
        for value in vars(part).values():
            yield from _lookups(value, inside if _is_inside(value) else given)
    elif isinstance(part, TokenBase):  # of {% if %}
        yield from _lookups(list(vars(part).values()), given)
    elif isinstance(part, dict):
        yield from _lookups(list(part.values()), given)
    elif isinstance(part, list | tuple):
        for value in part:
            yield from _lookups(value, given)


def _asked(parts: Any, given: frozenset[str]) -> Iterator[Lookups]:
    if len(parts) > 1 or (parts and parts[0] not in given):
        yield tuple(parts)


def _given_by(node: Node) -> frozenset[str]:
    found = (getattr(node, attribute, None) or () for attribute in GIVEN_NAMES)
    return frozenset(name for names in found for name in ((names,) if isinstance(names, str) else names))


def _is_inside(value: Any) -> bool:
    """Whether this is what stands between a node's beginning and its end."""
    return isinstance(value, NodeList) or (
        isinstance(value, list) and bool(value) and isinstance(value[0], Token)
    )
