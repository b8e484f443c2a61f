"""What a person can take elsewhere is a rule over the data map; format and vocabulary follow from it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from applications.data_policy import recipients_of, uses_of
from applications.form_fields import BY_LABEL
from applications.models import DataSubject
from applications.personal import Basis, Category, Personal, Purpose, RecipientKind, Source
from applications.retention_rules import Retention
from privacy.datamap import Entry, entries
from privacy.portability import schema
from privacy.portability.scope import RECORDS, Why, judged, may_be_passed_on, portable_fields
from privacy.portability.vocabulary import BASES, CATEGORIES, FINER, PURPOSES, purposes_in_use

KEPT = Path(__file__).resolve().parents[2] / "docs" / "portability.schema.json"
FIELD = next(one for one in portable_fields() if one.model is DataSubject)
MARKS = st.builds(
    Personal,
    st.sampled_from(Category),
    st.sampled_from(Source),
    retention=st.none() | st.sampled_from(Retention),
    purposes=st.none() | st.frozensets(st.sampled_from(Purpose)),
    other_sources=st.lists(st.sampled_from(Source), max_size=2).map(tuple),
    third_persons=st.booleans(),
)


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: str(entry.declared))
def test_every_field_of_the_data_map_is_in_or_out_by_the_rule(entry: Entry) -> None:
    why = judged(entry.declared, entry.mark)
    portable = (
        set(entry.mark.sources) <= {Source.FORM, Source.CONSUMER, Source.BROWSER}
        and bool({Basis.CONTRACT, Basis.CONSENT} & set(entry.uses.values()))
        and entry.retention not in RECORDS
        and not entry.mark.third_persons
    )
    if why is not Why.TWICE and not getattr(entry.declared.model, "outlives_its_subject", False):
        assert (why is Why.PORTABLE) == portable


def test_every_answer_of_the_form_can_be_taken_elsewhere() -> None:
    labels = {one.label for one in portable_fields()}
    assert BY_LABEL.keys() | {"identification.email"} <= labels


@pytest.mark.parametrize(
    "label",
    ["account.note", "transactions.third_party_text", "location.ip_address", "communications.text",
     "request.text", "account.consents", "arrival.content", "marketing.text"],
)  # fmt: skip
def test_what_others_wrote_what_rests_on_another_ground_and_records_stay(label: str) -> None:
    assert label in {entry.label for entry in entries()}
    assert label not in {one.label for one in portable_fields()}


@given(MARKS)
def test_nothing_that_somebody_else_wrote_or_that_has_no_such_ground_is_portable(mark: Personal) -> None:
    if judged(FIELD, mark) is Why.PORTABLE:
        assert not {Source.STAFF, Source.LENDER, Source.SYSTEM, Source.MAILBOX} & set(mark.sources)
        assert {Basis.CONTRACT, Basis.CONSENT} & set(uses_of(mark).values())
        assert not mark.third_persons


def test_only_what_the_data_map_gives_to_other_controllers_is_passed_on() -> None:
    for one in portable_fields():
        assert one.mark
        assert may_be_passed_on(one) == (RecipientKind.CONTROLLER in recipients_of(one.mark))
    assert any(not may_be_passed_on(one) for one in portable_fields())


def test_every_word_of_ours_has_a_term_of_the_dpv() -> None:
    assert CATEGORIES.keys() == set(Category)
    assert PURPOSES.keys() == purposes_in_use()
    assert BASES.keys() == {Basis.CONTRACT, Basis.CONSENT}
    assert FINER.keys() <= {one.label for one in portable_fields()}
    terms = (*CATEGORIES.values(), *FINER.values(), *PURPOSES.values(), *BASES.values())
    assert all(re.fullmatch(r"(pd|dpv|eu-gdpr):[A-Za-z0-9-]+", term) for term in terms)


def test_kept_schema_is_that_of_the_data_map() -> None:
    """`make docs` writes it anew."""
    assert json.loads(KEPT.read_text(encoding="utf-8")) == schema.schema()


def test_schema_is_one_of_2020_12_and_names_every_field_that_is_portable() -> None:
    made = schema.schema()
    Draft202012Validator.check_schema(made)
    values = made["properties"]["records"]["items"]["properties"]["values"]["properties"]
    assert values.keys() == {one.label for one in portable_fields()}


@pytest.mark.parametrize("broken", [None, [], {}, {"version": "2.0"}, "text"])
def test_what_is_no_file_is_refused(broken: Any) -> None:
    with pytest.raises(schema.NotOfTheFormat):
        schema.check(broken)
