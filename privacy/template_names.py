"""Which names a template reads: walked off what Django compiled, so that no spelling hides one."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.template import engines
from django.template.base import FilterExpression, Node, Variable


def paths_read(source: str) -> set[tuple[str, ...]]:
    """Every variable of a template as its lookups: {{ a.b|default:c }} reads ("a", "b") and ("c",)."""
    compiled = engines["django"].from_string(source).template  # type: ignore[attr-defined]
    seen: set[int] = set()
    return {path for node in compiled.nodelist.get_nodes_by_type(Node) for path in _paths(node, seen)}


def _paths(found: Any, seen: set[int]) -> Iterator[tuple[str, ...]]:
    if isinstance(found, dict):
        found = found.values()
    if isinstance(found, Iterable) and not isinstance(found, str | Node):
        for one in found:
            yield from _paths(one, seen)
    elif isinstance(found, Variable):
        if found.lookups:
            yield tuple(found.lookups)
    elif isinstance(found, FilterExpression):
        yield from _paths((found.var, found.filters), seen)
    elif type(found).__module__.startswith("django.template") and id(found) not in seen:
        seen.add(id(found))  # nodes point at each other; all of them outlive the walk
        yield from _paths(getattr(found, "__dict__", {}), seen)
