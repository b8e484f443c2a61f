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
# Where one of the vocabulary is meant, whatever the word.
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
        elif isinstance(node, ast.keyword) and node.arg in MEANT:
            if isinstance(node.value, ast.Constant) and node.value.value in WORDS:
                yield node.value.lineno, str(node.value.value)
        elif (
            isinstance(node, ast.Compare) and isinstance(node.left, ast.Attribute) and node.left.attr in MEANT
        ):
            for word in (word for side in node.comparators for word in strings(side)):
                if word in WORDS:
                    yield node.lineno, word


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
    ],
)
def test_net_catches_a_bare_word(line: str) -> None:
    assert list(bare_words(ast.parse(line)))


def test_templates_compare_with_no_word_of_the_vocabulary() -> None:
    written = re.compile(r"\b(?:purpose|category|basis|recipient_kind)\s*==\s*[\"'](\w+)")
    found = {
        path.name: written.findall(path.read_text(encoding="utf-8"))
        for path in (ROOT / "templates").rglob("*.*")
        if path.is_file()
    }
    assert {name: words for name, words in found.items() if words} == {}
