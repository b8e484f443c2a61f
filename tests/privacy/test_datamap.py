"""The map itself: what it prints, and what it says where it matters most."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from applications import each_app
from applications.data_policy import (
    POLICIES,
    NotInPolicy,
    bases_of,
    recipients_of,
    require_allowed,
    retention_of,
    uses_of,
)
from applications.models import AuditEntry
from applications.personal import Basis, Category, Personal, Purpose, PurposeGroup, RecipientKind, Source
from applications.retention_rules import RULES, Clock, Retention
from privacy import datamap
from privacy.datamap import by_category, entries
from tests import factories


def printed(*arguments: str) -> str:
    out = StringIO()
    call_command("datamap", *arguments, stdout=out)
    return out.getvalue()


def test_map_is_printed_as_json_with_every_field() -> None:
    data: dict[str, Any] = json.loads(printed("--format", "json"))
    assert [one["category"] for one in data["categories"]] == Category.values
    fields = [field for one in data["categories"] for field in one["fields"]]
    assert len(fields) == len(entries())
    assert all(field["uses"] and field["retention"] and field["sources"] for field in fields)


def test_map_is_printed_for_people_with_every_field() -> None:
    text = printed("--format", "md")
    assert all(f"| {entry.declared} |" in text for entry in entries())


def test_map_is_printed_in_the_language_asked_for() -> None:
    assert "## Ģimene" in printed("--language", "lv")


@pytest.mark.django_db(databases=["default", "keys", "aside"])
def test_person_is_explained_by_reference_and_it_is_written_down() -> None:
    subject = factories.subject()
    application = factories.sent_application(subject)
    for reference in (subject.customer_reference, subject.account_number, application.reference):
        text = printed("--explain", reference)
        assert f"# What is held about {subject.customer_reference}" in text
        assert "identification: 1" in text
        assert "Contract (Art. 6(1)(b))" in text
        assert "Anna" not in text
    assert AuditEntry.objects.filter(action="subject.explained", subject_id=subject.pk).count() == 3


@pytest.mark.django_db
def test_unknown_reference_is_told() -> None:
    with pytest.raises(CommandError, match="Nobody is known"):
        printed("--explain", "C-NOBODY")


# --- what the policy promises -----------------------------------------------------------------------------
@pytest.mark.parametrize("category", Category)
def test_every_category_is_held_somewhere(category: Category) -> None:
    assert by_category()[category]


def test_interests_go_to_no_lender() -> None:
    """Directive (EU) 2023/2225, Art. 18(3)."""
    assert all(RecipientKind.LENDER not in entry.recipients for entry in by_category()[Category.INTERESTS])
    assert Purpose.PASS_TO_LENDERS not in POLICIES[Category.INTERESTS].uses


def test_marketing_rests_on_consent_alone() -> None:
    assert bases_of(Purpose.INFORM_PUBLIC) == {Basis.CONSENT}


@pytest.mark.parametrize("category", Category)
def test_every_category_can_be_shown_to_its_person_and_answered_for(category: Category) -> None:
    uses = POLICIES[category].uses
    assert {Purpose.DATA_SUBJECT_RIGHTS, Purpose.LEGAL_CLAIMS, Purpose.INFORM_AUTHORITIES} <= uses.keys()


@pytest.mark.parametrize("purpose", Purpose)
def test_every_purpose_has_a_group_and_a_basis(purpose: Purpose) -> None:
    assert purpose.group in PurposeGroup
    assert bases_of(purpose)


def test_field_can_narrow_its_category_and_never_widen_it() -> None:
    narrow = Personal(
        Category.USAGE,
        Source.BROWSER,
        purposes=frozenset({Purpose.PASS_TO_LENDERS, Purpose.IMPROVE_SERVICE}),
        recipients=frozenset({RecipientKind.LENDER, RecipientKind.PROCESSOR}),
    )
    assert uses_of(narrow) == {Purpose.IMPROVE_SERVICE: Basis.CONSENT}
    assert recipients_of(narrow) == {RecipientKind.PROCESSOR}
    assert retention_of(narrow) is Retention.USAGE


def test_use_that_the_map_does_not_give_is_refused() -> None:
    mark = Personal(Category.INTERESTS, Source.STAFF)
    require_allowed([mark], Purpose.SERVE_CUSTOMERS)
    with pytest.raises(NotInPolicy):
        require_allowed([mark], Purpose.PASS_TO_LENDERS)
    with pytest.raises(NotInPolicy):
        require_allowed([mark], Purpose.SERVE_CUSTOMERS, RecipientKind.LENDER)


@pytest.mark.parametrize("rule", Retention)
def test_every_rule_has_a_period_or_ends_with_its_clock(rule: Retention) -> None:
    found = RULES[rule]
    assert (found.months > 0) + (found.days > 0) + (found.clock is Clock.WITHDRAWN) >= 1
    assert str(found.text)


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (Retention.DRAFT, "30 days after the last save"),
        (Retention.CODE, "1 day after they are recorded"),
        (Retention.USAGE, "13 months after they are recorded"),
        (Retention.EVIDENCE, "10 years after the contract to use the solution ends"),
        (Retention.IMAGES, "until the consent is withdrawn, and 3 years at most"),
    ],
)
def test_period_reads_well(rule: Retention, text: str) -> None:

    with translation.override("en"):
        assert str(RULES[rule].text) == text


def test_module_that_does_not_import_is_not_taken_for_one_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An app whose door is broken would else have nothing to export or erase."""

    def broken(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(each_app, "import_module", broken)
    with pytest.raises(ImportError):
        datamap.doors()


def test_every_kind_of_row_about_a_person_has_a_name_for_people() -> None:
    """The DPO reads them in explanations; Django would make one from the name of the class, in English."""
    nameless = [
        model._meta.label
        for door in datamap.doors()
        for model in door.holders()
        if not {"verbose_name", "verbose_name_plural"} <= model._meta.original_attrs.keys()
    ]
    assert nameless == []
