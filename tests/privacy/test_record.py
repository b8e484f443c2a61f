"""The record of processing: every point of Art. 30(1), in three forms, and the one in docs/."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import translation

from applications.actors import SYSTEM
from applications.data_policy import POLICIES
from applications.declarations import declared_fields
from applications.models import Contact, ContactRole
from applications.personal import Category, Purpose, RecipientKind
from applications.retention_rules import Retention
from applications.services.contacts import save_contact
from privacy.datamap import by_category
from privacy.record import Section, record_of_processing
from privacy.record_formats import as_csv, as_json
from tests.privacy import dpo

DOCS = Path(__file__).resolve().parents[2] / "docs" / "record-of-processing.md"
TODAY = date(2026, 11, 24)


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    with translation.override("en"):
        yield


def general() -> dict[str, Section]:
    return {one.key: one for one in record_of_processing(with_register=False, today=TODAY)}


def command(*words: str) -> str:
    said = io.StringIO()
    call_command("record_of_processing", *words, stdout=said)
    return said.getvalue()


# --- what it says ---------------------------------------------------------------------------------------
def test_every_point_of_the_article_is_there_in_order() -> None:
    letters = [one.letter for one in record_of_processing(with_register=False, today=TODAY)]
    assert letters == sorted(letters)
    assert set(letters) == set("abcdefg")


def test_every_purpose_has_its_bases() -> None:
    rows = general()["purposes"].rows
    assert [row["purpose"] for row in rows] == [purpose.label for purpose in Purpose]
    assert all(row["bases"] for row in rows)


def test_purpose_taken_from_every_field_of_a_category_is_not_in_the_record(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for entry in by_category()[Category.PEP]:
        narrow = replace(entry.mark, purposes=frozenset(entry.uses) - {Purpose.SERVE_CUSTOMERS})
        monkeypatch.setattr(entry.declared.field, "personal", narrow)
    declared_fields.cache_clear()
    found = {row["purpose"]: row["categories"] for row in general()["purposes"].rows}
    monkeypatch.undo()
    declared_fields.cache_clear()
    assert str(Category.PEP.label) not in found[str(Purpose.SERVE_CUSTOMERS.label)]
    assert str(Category.PEP.label) in found[str(Purpose.HANDLE_APPLICATIONS.label)]


def test_every_category_is_named_with_what_it_holds_and_its_time_limit() -> None:
    found = general()
    names = [category.label for category in Category]
    assert [row["category"] for row in found["categories"].rows] == names
    assert [row["holds"] for row in found["categories"].rows] == [
        str(POLICIES[one].holds) for one in Category
    ]
    assert [row["category"] for row in found["time_limits"].rows][: len(names)] == names
    assert all(row["kept"] for row in found["time_limits"].rows)


def test_no_retention_rule_is_left_out() -> None:
    rows = general()["time_limits"].rows
    text = " ".join(f"{row['category']} {row['kept']}" for row in rows)
    assert [rule for rule in Retention if str(rule.label) not in text] == []


def test_time_limits_await_the_confirmation_of_the_dpo() -> None:
    assert "await" in general()["time_limits"].note


def test_every_kind_of_recipient_is_named() -> None:
    assert [row["recipient"] for row in general()["recipients"].rows] == [
        kind.label for kind in RecipientKind
    ]


def test_lenders_get_no_interests_and_no_usage() -> None:
    lender = general()["recipients"].rows[0]["categories"]
    assert str(Category.IDENTIFICATION.label) in lender
    assert not [one for one in (Category.INTERESTS, Category.USAGE) if str(one.label) in lender]


def test_nothing_goes_to_third_countries() -> None:
    assert general()["transfers"].rows[0]["transfer"].startswith("None")


@pytest.mark.django_db
def test_register_adds_recipients_by_name_and_how_they_stand() -> None:
    dpo.recipient("fit")
    dpo.recipient("late", review_due_on=date(2026, 2, 1))
    found = {one.key: one for one in record_of_processing(with_register=True, today=TODAY)}
    standing = {row["name"]: row["standing"] for row in found["named_recipients"].rows}
    assert standing["Company fit"] == "May receive data"
    assert "overdue" in standing["Company late"]
    assert "named_recipients" not in general()


@pytest.mark.django_db(transaction=True)
def test_register_has_the_contacts_as_they_are_kept() -> None:
    row = Contact.objects.get(role=ContactRole.DPO)
    row.phone, before = "+371 67111111", row.phone
    save_contact(contact=row, changed=["phone"], actor=SYSTEM)
    found = {one.key: one for one in record_of_processing(with_register=True, today=TODAY)}
    assert found["controller"].rows[1]["phone"] == "+371 67111111"
    assert general()["controller"].rows[1]["phone"] == ""
    row.phone = before
    save_contact(contact=row, changed=["phone"], actor=SYSTEM)


# --- its forms ------------------------------------------------------------------------------------------
def test_json_keeps_its_keys_in_every_language() -> None:
    written = {}
    for language in ("en", "lv"):
        with translation.override(language):
            data = json.loads(as_json(record_of_processing(with_register=False, today=TODAY)))
        written[language] = [
            (section["point"], section["key"], [sorted(row) for row in section["rows"]])
            for section in data["record_of_processing"]
        ]
    assert written["en"] == written["lv"]


def test_csv_holds_every_value_under_five_columns() -> None:
    sections = record_of_processing(with_register=False, today=TODAY)
    lines = list(csv.reader(io.StringIO(as_csv(sections))))
    assert {len(line) for line in lines} == {5}
    held = {line[4] for line in lines} | {line[2] for line in lines}
    assert {cell for one in sections for row in one.rows for cell in row.values()} <= held


@pytest.mark.parametrize("cell", ["=1+1", "+371 67000000", "-1", "@SUM(A1)", "\tx", "\n=1+1", " =1+1"])
def test_csv_holds_no_formula(cell: str) -> None:
    section = Section(
        "a", "x", "X", {"name": "Name", "value": "Value"}, [{"name": cell, "value": cell}], cell
    )
    lines = list(csv.reader(io.StringIO(as_csv([section]))))[1:]
    assert {line[4] for line in lines} == {f"'{cell}"}
    assert lines[0][2] == f"'{cell}"


def test_command_writes_each_form(tmp_path: Path) -> None:
    assert command("--without-register").startswith("# Record of processing activities\n")
    assert json.loads(command("--without-register", "--format", "json"))
    assert command("--without-register", "--format", "csv").startswith("GDPR,Section")
    assert command("--without-register", "--output", str(tmp_path / "record.md")) == ""
    assert (tmp_path / "record.md").read_text(encoding="utf-8") == command("--without-register")


def test_record_in_docs_is_what_the_command_writes() -> None:
    """Run `make docs` when this fails. It asks no database: this test has none."""
    assert DOCS.read_text(encoding="utf-8") == command("--without-register")
