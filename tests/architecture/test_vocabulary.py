"""Categories, purposes, bases and recipients have one vocabulary: nothing writes one as a bare string."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from applications.personal import Basis, Category, Mask, Purpose, RecipientKind, Source
from applications.retention_rules import Retention

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ("applications", "lenders", "privacy", "joinbaltic")
VOCABULARY = (ROOT / "applications/personal.py", ROOT / "applications/retention_rules.py")
SOURCES = [
    path
    for floor in FLOORS
    for path in (ROOT / floor).rglob("*.py")
    if "migrations" not in path.parts and path not in VOCABULARY
]
# Words that mean nothing else; the others ("lender", "family", "account") are names of many things.
UNMISTAKABLE = {*Purpose.values, *Basis.values} - {"contract", "consent"}
# Where one of the vocabulary is meant, whatever the word; so in a lookup of a query ("category__in").
MEANT = {
    "purpose",
    "purposes",
    "basis",
    "category",
    "categories",
    "recipient_kind",
    "retention",
    "mask",
}
# What takes words of the vocabulary without naming them.
TAKERS = {"Personal", "personal", "Use", "Policy"}
WORDS = {
    word for one in (Basis, Category, Mask, Purpose, RecipientKind, Retention, Source) for word in one.values
}


def strings(node: ast.AST) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            yield inner.value


def _is_vocabulary(node: ast.AST) -> bool:
    return isinstance(node, ast.ClassDef) and any("TextChoices" in ast.unparse(base) for base in node.bases)


def bare_words(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and word of each bare string where one of the vocabulary is meant.

    A vocabulary of another kind (the kinds of assessments) may have the same words.
    """
    words_of_others = {id(node) for own in ast.walk(tree) if _is_vocabulary(own) for node in ast.walk(own)}
    for node in (node for node in ast.walk(tree) if id(node) not in words_of_others):
        if isinstance(node, ast.Constant) and node.value in UNMISTAKABLE:
            yield node.lineno, str(node.value)
        for place in _places(node):
            for word in strings(place):
                if word in WORDS:
                    yield place.lineno, word


def _places(node: ast.AST) -> Iterator[ast.expr | ast.pattern]:
    """Where, right at this node, one of the vocabulary is meant."""
    match node:
        case ast.keyword(arg=str() as name, value=value) if _is_meant(name):
            yield from _themselves(value)
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=args) if name in TAKERS:
            for value in args:
                yield from _themselves(value)
        case ast.Dict(keys=keys, values=values):
            for key, value in zip(keys, values, strict=True):
                if isinstance(key, ast.Constant) and _is_meant(str(key.value)):
                    yield from _themselves(value)
        case ast.Assign(targets=targets, value=value) if any(_is_meant(_name(one)) for one in targets):
            yield from _themselves(value)
        case ast.AnnAssign(target=target, value=ast.expr() as value) if _is_meant(_name(target)):
            yield from _themselves(value)
        case ast.Compare(left=left, comparators=right) if any(_is_meant(_name(x)) for x in (left, *right)):
            yield from (left, *right)
        case ast.Match(subject=subject, cases=cases) if _is_meant(_name(subject)):
            yield from (case.pattern for case in cases)


def _themselves(value: ast.expr) -> Iterator[ast.expr]:
    """The words that a value is, or that a collection consists of; what is handed to a call is its own."""
    if isinstance(value, ast.Tuple | ast.List | ast.Set):
        for one in value.elts:
            yield from _themselves(one)
    elif isinstance(value, ast.Call) and _name(value.func) in {"frozenset", "set", "tuple", "list"}:
        for one in value.args:
            yield from _themselves(one)
    elif isinstance(value, ast.IfExp):
        yield from (*_themselves(value.body), *_themselves(value.orelse))
    elif isinstance(value, ast.Constant):
        yield value


def _is_meant(name: str) -> bool:
    """A field's name, a constant's (CATEGORIES), or a lookup of a query."""
    return any(part in MEANT for part in name.lower().split("__"))


def _name(node: ast.expr) -> str:
    """The last name of an expression: row.category and row["category"] are called category."""
    match node:
        case (
            ast.Attribute(attr=name) | ast.Name(id=name) | ast.Subscript(slice=ast.Constant(value=str(name)))
        ):
            return name
    return ""


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_source_names_the_vocabulary_by_its_names(path: Path) -> None:
    assert list(bare_words(ast.parse(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize(
    "line",
    [
        "f(purpose='run_service')",
        "x = 'pass_to_lenders'",
        "row.category == 'pep'",
        "f(recipient_kind='lender')",
        "Personal('family')",
        "personal(field, 'family')",
        "Personal(Category.FAMILY, 'lender')",
        "Use(purpose, 'family')",
        "f(categories=('pep',))",
        "f(categories=frozenset({'pep'}))",
        "x = {'category': 'pep'}",
        "rows.filter(category__in=['pep'])",
        "rows.filter(entry__category='pep')",
        "category = 'pep'",
        "row.category = 'pep'",
        "row['category'] = 'pep'",
        "category: str = 'pep'",
        "CATEGORIES = ['pep']",
        "category = 'pep' if x else None",
        "match row.category:\n    case 'loan' | 'pep': pass",
        "category == 'pep'",
        "'pep' == row.category",
        "row['category'] in ('pep',)",
    ],
)
def test_net_catches_a_bare_word(line: str) -> None:
    assert list(bare_words(ast.parse(line)))


@pytest.mark.parametrize(
    "line",
    [
        "f(name='family')",
        "x = {'kind': 'lender'}",
        "category = Category.PEP",
        "category = label('family')",
        "match row.kind:\n    case 'lender': pass",
    ],
)
def test_net_lets_the_same_words_of_other_things_through(line: str) -> None:
    assert list(bare_words(ast.parse(line))) == []


def test_templates_compare_with_no_word_of_the_vocabulary() -> None:
    written = re.compile(r"\b(?:purpose|category|basis|recipient_kind)\s*==\s*[\"'](\w+)")
    found = {
        path.name: written.findall(path.read_text(encoding="utf-8"))
        for path in (ROOT / "templates").rglob("*.*")
        if path.is_file()
    }
    assert {name: words for name, words in found.items() if words} == {}
