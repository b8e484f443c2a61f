"""Every code that is stored of a lender has words for staff."""

import ast
from pathlib import Path

import pytest

from applications.crypto.errors import CURABLE
from applications.errors import ProcessingRefused
from lenders.adapters.base import ErrorCode
from lenders.outcomes import IN_WORDS, in_words
from lenders.services.settling import ENDS_AS

SERVICES = Path(__file__).resolve().parents[2] / "lenders/services"


def refusals(kind: type[ProcessingRefused] = ProcessingRefused) -> set[str]:
    return {code for one in kind.__subclasses__() for code in {one.code, *refusals(one)}}


@pytest.mark.parametrize("code", sorted({*ErrorCode, *ENDS_AS, *CURABLE, *refusals()}))
def test_code_has_words(code: str) -> None:
    assert code in IN_WORDS


@pytest.mark.parametrize("name", ["deliveries", "ingest"])
def test_code_that_a_service_returns_has_words(name: str) -> None:
    """Functions that answer with a code answer with one of the list."""
    tree = ast.parse((SERVICES / f"{name}.py").read_text(encoding="utf-8"))
    said = {
        node.value
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        and function.returns is not None
        and "str" in ast.unparse(function.returns)
        for back in ast.walk(function)
        if isinstance(back, ast.Return) and back.value is not None
        for node in ast.walk(back.value)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value
    }
    assert said
    assert {one for one in said if one not in IN_WORDS} == set()


def test_nothing_stored_means_nothing_known_and_a_strange_code_is_no_error() -> None:
    assert in_words("") != in_words("a_code_of_tomorrow")
