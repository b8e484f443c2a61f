"""docs/lenders/xml.md says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lenders.adapters.base import Offered
from lenders.adapters.xml_v1 import XmlAdapter
from lenders.adapters.xml_v1_answers import KEPT_BECAUSE, PROBLEM_TYPES, REASONS
from lenders.adapters.xml_v1_fields import PLACES
from tests.lenders.lender_examples import NOW
from tests.lenders.xml_examples import ENDPOINT, SCHEMA, reply

PAGE = (Path(__file__).resolve().parents[2] / "docs/lenders/xml.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```xml\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_example_keeps_to_the_schema(number):
    SCHEMA.validate(EXAMPLES[number])


def test_example_of_an_offer_is_one():
    assert isinstance(XmlAdapter().parse(reply(EXAMPLES[1].encode()), ENDPOINT, now=NOW), Offered)


def test_every_place_stands_in_the_table():
    table = dict(re.findall(r"^\| `([a-z_.]+)` \| `([A-Za-z/]+)` \|", PAGE, re.MULTILINE))
    assert table == {label: f"{place.group}/{place.element}" for label, place in PLACES.items()}


def test_every_word_is_said():
    table = dict(re.findall(r"^\| `([A-Z_]+)` \| `([a-z_]+)` \|", PAGE, re.MULTILINE))
    assert table == REASONS
    assert dict(re.findall(r"`([A-Z]+)` `([a-z_]+)` ·", PAGE)) == KEPT_BECAUSE
    assert all(f"`{word}`" in PAGE for word in PROBLEM_TYPES)
