"""manage.py check fails where the code does what the data map does not say, and names the place."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest
from django.apps import apps
from django.core.checks import CheckMessage, run_checks
from django.db import models
from django.test.utils import isolate_apps

from applications import data_policy
from applications.crypto.fields import BlindIndex
from applications.data_policy import POLICIES, Policy
from applications.data_uses import Use
from applications.declarations import Declared, Standing, declared_fields
from applications.flow import STEPS
from applications.form_fields import MARKS
from applications.models import (
    Application,
    AuthenticatorApp,
    Consent,
    DataSubject,
    Identification,
    NoticeVersion,
    Passkey,
    PublicProfile,
    Restriction,
)
from applications.personal import Category, NotPersonal, Personal, Purpose, RecipientKind, Source
from applications.retention_rules import Retention
from joinbaltic import checks as frame_checks
from lenders.adapters import ADAPTERS
from lenders.models import Lender
from privacy import checks, datamap, notices
from privacy.checks import categories, uses
from privacy.checks import notices as checked_notices
from privacy.checks.personal_names import personal_names
from privacy.datamap import all_fields


def _has_own(one: Declared) -> bool:
    """A blind index says what its source says, and has no declaration of its own."""
    return not isinstance(one.field, BlindIndex)


FIELDS = [one for one in all_fields() if not one.model._meta.auto_created]
MARKED = [one for one in FIELDS if one.mark is not None and _has_own(one)]
APART = [one for one in FIELDS if one.standing is Standing.NOT_PERSONAL and _has_own(one)]


@pytest.fixture(autouse=True)
def _read_anew() -> Iterator[None]:
    """Declarations are read once; these tests change them."""
    declared_fields.cache_clear()
    personal_names.cache_clear()
    yield
    declared_fields.cache_clear()
    personal_names.cache_clear()


def found_by(check: Any) -> list[str]:
    return [str(message.msg) for message in check(app_configs=None)]


def test_product_is_in_step_with_its_map() -> None:
    assert run_checks(tags=[checks.TAG]) == []


def test_checks_run_with_every_manage_py_check() -> None:
    """They are registered without a condition, so `manage.py check` runs them."""
    names = {
        check.__name__ for check in checks.__dict__.values() if getattr(check, "tags", None) == (checks.TAG,)
    }
    assert names == set(checks.__all__) - {"TAG"}


# --- fields ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("one", MARKED, ids=str)
def test_personal_field_without_its_entry_is_named(one: Declared, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one.field, "personal", None)
    assert f"{one} is not in the data map." in found_by(checks.check_fields)


@pytest.mark.parametrize("one", APART, ids=str)
def test_field_no_longer_declared_apart_is_named(one: Declared, monkeypatch: pytest.MonkeyPatch) -> None:
    label = one.model._meta.label
    if label in datamap.LIBRARIES:
        declared = datamap.LIBRARIES[label]
        without = [name for name in declared.fields if name != one.field.name]
        monkeypatch.setitem(datamap.LIBRARIES, label, NotPersonal(declared.why, *without))
    else:
        _undeclare(one, monkeypatch)
    assert f"{one} is not in the data map." in found_by(checks.check_fields)


def _undeclare(one: Declared, monkeypatch: pytest.MonkeyPatch) -> None:
    for owner in one.model.__mro__:
        declared = owner.__dict__.get("not_personal")
        if isinstance(declared, NotPersonal) and one.field.name in declared.fields:
            names = [name for name in declared.fields if name != one.field.name]
            monkeypatch.setattr(owner, "not_personal", NotPersonal(declared.why, *names))
            return
    raise AssertionError(f"{one} is declared nowhere")


def test_model_of_a_library_that_is_not_in_the_table_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(datamap.LIBRARIES, "sessions.Session")
    assert "sessions.Session.session_data is not in the data map." in found_by(checks.check_fields)


def test_field_declared_both_ways_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Application, "not_personal", NotPersonal("no", "version", "status"))
    assert any("applications.Application.status is declared" in one for one in found_by(checks.check_fields))


def test_declaration_of_a_field_that_is_gone_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NoticeVersion, "not_personal", NotPersonal("a public text", "colour"))
    assert any(
        "not_personal of applications.NoticeVersion names colour" in one
        for one in found_by(checks.check_fields)
    )


def test_encrypted_field_about_a_person_must_be_personal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Identification._meta.get_field("city"), "personal", None)
    assert any("Identification.city" in one for one in found_by(checks.check_encrypted))


def test_encrypted_field_of_a_model_that_points_at_a_person_must_be_personal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also where the model cannot tell whose its rows are."""
    monkeypatch.setattr(AuthenticatorApp._meta.get_field("factor"), "related_model", DataSubject)
    declared_fields.cache_clear()
    assert any("AuthenticatorApp.secret" in one for one in found_by(checks.check_encrypted))


def test_declaration_of_a_library_s_field_that_is_gone_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(datamap.LIBRARIES, "auth.Group", NotPersonal("staff", "name", "colour"))
    assert found_by(checks.check_fields) == ["LIBRARIES of auth.Group names colour, which it does not have."]


def test_declaration_of_a_library_s_model_that_is_gone_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(datamap.LIBRARIES, "auth.Guild", NotPersonal("staff", "name"))
    assert found_by(checks.check_fields) == ["LIBRARIES names the model auth.Guild, which is not there."]


def test_uuid_of_another_row_as_primary_key_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """It was not made for the row, so it can be a person's."""
    monkeypatch.setattr(Lender._meta.get_field("id"), "default", models.NOT_PROVIDED)
    assert "lenders.Lender.id is not in the data map." in found_by(checks.check_fields)


# --- links --------------------------------------------------------------------------------------------
def test_model_that_points_at_a_person_and_declares_nothing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Passkey._meta.get_field("factor"), "related_model", DataSubject)
    assert found_by(checks.check_links) == [
        "applications.Passkey.factor points at a person, and is neither exported nor erased."
    ]


def test_model_that_points_at_a_holder_and_declares_nothing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Passkey._meta.get_field("factor"), "related_model", Application)
    assert any("applications.Passkey.factor points" in one for one in found_by(checks.check_links))


def test_join_table_that_points_at_a_person_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is in which group: a many-to-many field has rows of its own."""
    joins = apps.get_model("applications", "StaffUser_groups")
    monkeypatch.setattr(joins._meta.get_field("staffuser"), "related_model", DataSubject)
    assert any(
        "applications.StaffUser_groups.staffuser points" in one for one in found_by(checks.check_links)
    )


def test_person_s_model_without_a_personal_field_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("ground", "since", "ends_on", "lifted_at")
    for name in names:
        monkeypatch.setattr(Restriction._meta.get_field(name), "personal", None)
    monkeypatch.setattr(Restriction, "not_personal", NotPersonal("no", *names), raising=False)
    declared_fields.cache_clear()
    assert found_by(checks.check_links) == [
        "applications.Restriction.subject points at a person, and is neither exported nor erased."
    ]


def test_model_that_says_nothing_of_anybody_can_be_listed_with_the_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Passkey._meta.get_field("factor"), "related_model", DataSubject)
    monkeypatch.setitem(datamap.NO_HOLDERS, "applications.Passkey", "a key of the house")
    assert found_by(checks.check_links) == []


def test_listed_model_that_points_at_nobody_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(datamap.NO_HOLDERS, "applications.Passkey", "a key of the house")
    assert any("NO_HOLDERS names applications.Passkey" in one for one in found_by(checks.check_links))


# --- categories -----------------------------------------------------------------------------------------
def test_category_without_a_policy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(categories, "POLICIES", {k: v for k, v in POLICIES.items() if k is not Category.PEP})
    assert "The category pep has no policy or no retention rule." in found_by(checks.check_categories)


def test_category_without_a_retention_rule_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(categories, "RULES", {})
    assert len([one for one in found_by(checks.check_categories) if "no retention rule" in one]) == 14


def test_category_without_a_purpose_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    policy = POLICIES[Category.PEP]
    useless = Policy(policy.holds, {}, policy.recipients, policy.retention)
    monkeypatch.setattr(categories, "POLICIES", {**POLICIES, Category.PEP: useless})
    assert "The category pep has no policy or no retention rule." in found_by(checks.check_categories)


def test_category_that_no_field_holds_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    without = datamap.by_category() | {Category.IMAGES: []}
    monkeypatch.setattr(categories, "by_category", lambda: without)
    assert "No field holds the category images." in found_by(checks.check_categories)


def test_model_that_is_neither_exported_nor_erased_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(categories, "doors", lambda: datamap.doors()[:1])  # the lenders floor has no door
    assert any(
        "lenders.Offer holds transactions and is neither" in one for one in found_by(checks.check_categories)
    )


def test_model_that_cannot_tell_whose_its_rows_are_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    door = SimpleNamespace(holders=lambda: [NoticeVersion])
    monkeypatch.setattr(categories, "doors", lambda: [*datamap.doors(), door])
    assert any(
        "NoticeVersion holds personal data and cannot tell" in one
        for one in found_by(checks.check_categories)
    )


def test_field_that_its_person_could_not_be_shown_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    mark = Personal(Category.INTERESTS, Source.STAFF, purposes=frozenset({Purpose.SERVE_CUSTOMERS}))
    monkeypatch.setattr(PublicProfile._meta.get_field("shown"), "personal", mark)
    assert any("PublicProfile.shown cannot be shown" in one for one in found_by(checks.check_categories))


# --- uses -----------------------------------------------------------------------------------------------
def test_adapter_with_a_place_for_what_no_lender_may_have_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    mark = PublicProfile._meta.get_field("shown").personal  # type: ignore[union-attr]
    monkeypatch.setitem(MARKS, "interests.shown", mark)
    monkeypatch.setattr(uses, "KNOWN_LABELS", frozenset(MARKS))
    curious = SimpleNamespace(slug="curious", supported_labels={"loan.amount_cents", "interests.shown"})
    monkeypatch.setattr(uses, "ADAPTERS", {**ADAPTERS, "curious": curious})
    assert found_by(checks.check_adapters) == [
        "The adapter curious has a place for interests.shown, which the map gives to no lender."
    ]


@pytest.mark.parametrize(
    "mark",
    [
        Personal(Category.FAMILY, purposes=frozenset({Purpose.PASS_TO_LENDERS}), recipients=frozenset()),
        Personal(Category.FAMILY, purposes=frozenset(set(Purpose) - {Purpose.PASS_TO_LENDERS})),
    ],
    ids=["not the recipient", "not the purpose"],
)
def test_adapter_needs_both_the_purpose_and_the_recipient(
    mark: Personal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(MARKS, "family.dependants", mark)
    curious = SimpleNamespace(slug="curious", supported_labels={"family.dependants"})
    monkeypatch.setattr(uses, "ADAPTERS", {"curious": curious})
    assert len(found_by(checks.check_adapters)) == 1


def test_adapter_with_a_place_for_an_unknown_label_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    odd = SimpleNamespace(slug="odd", supported_labels={"identification.shoe_size"})
    monkeypatch.setattr(uses, "ADAPTERS", {"odd": odd})
    assert any("identification.shoe_size" in one for one in found_by(checks.check_adapters))


def test_form_that_asks_for_what_the_map_does_not_know_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    form = type("ShoeForm", (), {"base_fields": {"shoe_size": None}})
    monkeypatch.setattr(uses, "STEPS", (*STEPS, SimpleNamespace(slug="shoe", form=form)))
    assert any("The step shoe asks for shoe_size" in one for one in found_by(checks.check_forms))


def test_form_that_asks_for_what_does_not_come_from_the_form_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(MARKS, "family.dependants", Personal(Category.FAMILY, Source.LENDER))
    field = uses.FORM_FIELDS["dependants"]
    changed = type(field)(field.name, field.label, field.model, MARKS["family.dependants"], field.noun)
    monkeypatch.setitem(uses.FORM_FIELDS, "dependants", changed)
    assert any("asks for family.dependants" in one for one in found_by(checks.check_forms))


def test_form_that_asks_for_what_does_not_serve_the_application_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mark = Personal(Category.FAMILY, why="so", purposes=frozenset({Purpose.DATA_SUBJECT_RIGHTS}))
    monkeypatch.setitem(MARKS, "family.dependants", mark)
    assert any("asks for family.dependants" in one for one in found_by(checks.check_forms))


def test_form_beside_the_steps_that_asks_for_what_it_does_not_say_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("applications.data_uses.FORMS", {})
    assert found_by(checks.check_other_forms) == [
        "The form applications.forms.EmailForm asks for email and does not say so."
    ]


def test_form_beside_the_steps_that_asks_against_the_map_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    use = Use(Purpose.IMPROVE_SERVICE, Category.IDENTIFICATION)
    monkeypatch.setattr("applications.data_uses.FORMS", {"applications.forms.EmailForm": use})
    assert found_by(checks.check_other_forms) == [
        "applications.forms.EmailForm asks for identification for improve_service, "
        "which the map does not give."
    ]


def test_question_that_does_not_say_why_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    field = uses.FORM_FIELDS["city"]
    silent = type(field)(field.name, field.label, field.model, Personal(Category.IDENTIFICATION), field.noun)
    monkeypatch.setitem(uses.FORM_FIELDS, "city", silent)
    assert "identification.city does not say why the form asks for it." in found_by(checks.check_forms)


@pytest.mark.parametrize("relation", ["ForeignKey", "OneToOneField", "ManyToManyField"])
def test_model_that_only_points_at_a_person_is_named(relation: str) -> None:
    options: dict[str, Any] = {} if relation == "ManyToManyField" else {"on_delete": models.CASCADE}
    with isolate_apps("applications"):
        liking = type(
            "Liking",
            (models.Model,),
            {
                "__module__": "applications.models",
                "Meta": type("Meta", (), {"app_label": "applications"}),
                "who": getattr(models, relation)(DataSubject, related_name="+", **options),
            },
        )
    with mock.patch.object(apps, "get_models", return_value=[liking]):
        assert any("Liking.who points at a person" in one for one in found_by(checks.check_links))


@pytest.mark.parametrize(
    "wider",
    [
        {"purposes": frozenset({Purpose.PASS_TO_LENDERS})},
        {"recipients": frozenset({RecipientKind.LENDER})},
        {"retention": "for ever"},
    ],
)
def test_field_that_widens_its_category_is_named(wider: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    field = PublicProfile._meta.get_field("shown")
    monkeypatch.setattr(field, "personal", Personal(Category.INTERESTS, Source.STAFF, **wider))
    assert any("PublicProfile.shown names a purpose" in one for one in found_by(checks.check_narrowing))


def test_what_outlives_its_person_must_not_be_encrypted(monkeypatch: pytest.MonkeyPatch) -> None:
    for model in (Consent, Identification):
        monkeypatch.setattr(model, "outlives_its_subject", True, raising=False)
    assert [one.split()[0] for one in found_by(checks.check_audit_outlives)] == [
        "applications.Identification"
    ]


# --- notices --------------------------------------------------------------------------------------------
POLICY = POLICIES[Category.IMAGES]
LESS = {purpose: basis for purpose, basis in POLICY.uses.items() if purpose is not Purpose.INFORM_PUBLIC}
CHANGES = {
    "recipients": Policy(
        POLICY.holds, POLICY.uses, POLICY.recipients - {RecipientKind.PARTNER}, POLICY.retention
    ),
    "retention": Policy(POLICY.holds, POLICY.uses, POLICY.recipients, Retention.EVIDENCE),
    "purposes": Policy(POLICY.holds, LESS, POLICY.recipients, POLICY.retention),
    "words": Policy("something else", POLICY.uses, POLICY.recipients, POLICY.retention),
}


@pytest.mark.parametrize("changed", CHANGES.values(), ids=CHANGES)
def test_changed_map_without_a_new_edition_fails(changed: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(data_policy.POLICIES, Category.IMAGES, changed)  # type: ignore[arg-type]
    found: list[CheckMessage] = checks.check_notices(app_configs=None)
    assert {message.id for message in found} == {"privacy.E018"}
    assert any("privacy/source.lv.html" in str(message.msg) for message in found)


def test_purpose_taken_from_every_field_of_a_category_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    for entry in datamap.by_category()[Category.PEP]:
        narrow = replace(entry.mark, purposes=frozenset(entry.uses) - {Purpose.SERVE_CUSTOMERS})
        monkeypatch.setattr(entry.declared.field, "personal", narrow)
    declared_fields.cache_clear()
    assert {message.id for message in checks.check_notices(app_configs=None)} == {"privacy.E018"}


def test_catalogues_that_are_not_compiled_are_a_warning(tmp_path: Path, settings: Any) -> None:
    settings.LOCALE_PATHS = [tmp_path]
    assert [message.id for message in checks.check_notices(app_configs=None)] == ["privacy.W001"]


def test_catalogue_older_than_its_texts_is_a_warning(tmp_path: Path, settings: Any) -> None:
    for language in ("lv", "ru"):
        folder = tmp_path / language / "LC_MESSAGES"
        folder.mkdir(parents=True)
        (folder / "django.mo").write_bytes(b"")
        os.utime(folder / "django.mo", (1, 1))
        (folder / "django.po").write_text("")
    settings.LOCALE_PATHS = [tmp_path]
    assert [message.id for message in checks.check_notices(app_configs=None)] == ["privacy.W001"]


def test_source_with_an_unknown_block_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "terms").mkdir()
    (tmp_path / "terms/source.lv.html").write_text("<h1>T</h1>\n{{ map.shoes }}\n", encoding="utf-8")
    monkeypatch.setattr(checked_notices, "outdated", lambda: notices.outdated(tmp_path))
    assert any("map.shoes" in str(message.msg) for message in checks.check_notices(app_configs=None))


def test_every_model_is_looked_at() -> None:
    looked_at = {one.model for one in all_fields()}
    assert looked_at == set(apps.get_models(include_auto_created=True))
    assert all(issubclass(model, models.Model) for model in looked_at)


# --- logs -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("key", ["surname", "identification.personal_code", "employer"])
def test_log_key_that_the_map_hides_is_named(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame_checks, "ALLOWED_KEYS", frozenset({"event", key}))
    assert found_by(frame_checks.check_log_keys) == [
        f"The log filter lets {key} through, which the data map hides."
    ]
