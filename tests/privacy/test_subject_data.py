"""The two doors through which everything about a person comes out, or goes."""

from collections import Counter
from typing import Any

import pytest

from applications.actors import Actor
from applications.crypto import keyring
from applications.crypto.fields import BlindIndex
from applications.crypto.keyring import data_key_scope
from applications.declarations import personal_fields
from applications.errors import ProcessingRestricted
from applications.models import (
    Application,
    AuditEntry,
    DataSubject,
    EmailChallenge,
    MilestoneReached,
    OutboundMail,
    RestrictionGround,
)
from applications.personal import Category, Purpose
from applications.services.processing import restrict
from applications.subject_data import ExportedRow, is_a_copy, outlives_its_subject
from applications.uploads import Upload
from privacy.datamap import doors, explain
from privacy.models import Identity, Right, RightsRequest, Way
from privacy.services import receiving
from tests import factories
from tests.planted import plant

pytestmark = pytest.mark.django_db(databases=["default", "keys", "aside"])
HOLDERS = [model for door in doors() for model in door.holders()]


@data_key_scope()
def exported(subject: DataSubject) -> list[ExportedRow]:
    return [row for door in doors() for row in door.export(subject, purpose=Purpose.DATA_SUBJECT_RIGHTS)]


def said(rows: list[ExportedRow]) -> str:
    return " ".join(str(value) for row in rows for value in row.values.values()).lower()


def erase(subject: DataSubject) -> None:
    for door in doors():
        door.erase(subject)


@pytest.fixture
def anna() -> DataSubject:
    return plant("zqxqzanna")


def test_every_model_that_holds_personal_data_is_exported(anna: DataSubject) -> None:
    assert {row.model for row in exported(anna)} == {model for model in HOLDERS if not is_a_copy(model)}


def test_every_personal_field_is_exported_with_its_value(anna: DataSubject) -> None:
    labels: dict[str, list[Any]] = {}
    for row in exported(anna):
        for label, value in row.values.items():
            labels.setdefault(label, []).append(value)
    given = [model for model in HOLDERS if not is_a_copy(model)]
    declared = {one.label for model in given for one in personal_fields(model)}
    assert labels.keys() == declared
    empty = {label for label, values in labels.items() if all(value in (None, "") for value in values)}
    # What had no occasion to be filled yet.
    assert empty == {
        "application.closed_at", "application.emptied_at", "submission.offer_digest",
        "complaint.closed_at", "communication.closed_at", "consent.withdrawn_at",
        "consumersession.ended_at", "contract.end", "contract.ended_at", "datasubject.erased_at",
        "objection.overruled_at", "objection.withdrawn_at", "outboundmail.sent_at", "pep.pep_office",
        "pep.pep_relation", "rightsrequest.paused_on", "submission.decline_reason",
        "submission.signing_claim", "thirdpartyrecord.told_at",
    }  # fmt: skip


def test_address_is_exported_and_not_the_digest_by_which_it_is_found(anna: DataSubject) -> None:
    [row] = [row for row in exported(anna) if row.model is DataSubject]
    assert row.values["identification.email"] == "zqxqzanna@piemers.lv"
    indexed = {"identification.email", "identification.personal_code", "identification.phone"}
    found = [value for row in exported(anna) for label, value in row.values.items() if label in indexed]
    assert found
    assert not any(isinstance(value, bytes | memoryview) for value in found)


def test_every_category_is_exported(anna: DataSubject) -> None:
    found = {one.mark.category for row in exported(anna) for one in row.fields if one.mark}
    assert found == set(Category)


def test_export_holds_nothing_of_anybody_else(anna: DataSubject) -> None:
    other = plant("zqxqzother")
    assert "zqxqzother" not in said(exported(anna))
    assert "zqxqzanna" not in said(exported(other))
    assert "zqxqzanna" in said(exported(anna))


def test_erasing_leaves_no_row_but_the_tombstone_and_what_is_proof(anna: DataSubject) -> None:
    for door in doors():
        door.erase(anna)
    left = {rows.model for door in doors() for rows in door.rows_of(anna) if rows.exists()}
    assert left == {DataSubject} | {model for model in HOLDERS if outlives_its_subject(model)}
    assert AuditEntry in left
    assert DataSubject.objects.filter(pk=anna.pk, email__isnull=True, email_index__isnull=True).exists()


def test_erasing_again_touches_nobody_else(anna: DataSubject) -> None:
    """An erasure that resumes knows no address any more: every used code of everybody has none either."""
    other = factories.subject()
    used = EmailChallenge.objects.filter(address_index__isnull=True).count()
    assert used >= 2
    for _ in range(2):
        erase(anna)
        anna.refresh_from_db()
    assert EmailChallenge.objects.filter(address_index__isnull=True).count() == used
    assert DataSubject.objects.get(pk=other.pk).erased_at is None


def test_person_whose_key_is_gone_can_be_erased(anna: DataSubject) -> None:
    keyring.destroy_key(anna.pk)
    fresh = DataSubject.objects.get(pk=anna.pk)
    erase(fresh)
    assert not Application.objects.filter(subject=anna).exists()


def test_code_on_its_way_goes_with_its_mail_and_its_key(anna: DataSubject) -> None:
    (challenge,) = EmailChallenge.rows_of(anna)
    erase(anna)
    assert not EmailChallenge.objects.filter(pk=challenge.pk).exists()
    assert not OutboundMail.objects.filter(owner_id=challenge.pk).exists()
    assert not keyring._keys().filter(owner_id=challenge.pk).exists()


def test_tombstone_leads_nobody_to_the_person(anna: DataSubject) -> None:
    erase(anna)
    row = DataSubject.objects.get(pk=anna.pk)
    assert row.erased_at
    assert {row.customer_reference, row.account_number}.isdisjoint(
        {anna.customer_reference, anna.account_number}
    )


def test_export_obeys_the_rights_of_the_person(anna: DataSubject) -> None:
    restrict(subject_id=anna.pk, ground=RestrictionGround.ACCURACY, actor=Actor.consumer(anna.pk))
    with pytest.raises(ProcessingRestricted):
        list(doors()[0].export(anna, purpose=Purpose.SERVE_CUSTOMERS))


@pytest.mark.parametrize("purpose", [Purpose.LEGAL_CLAIMS, Purpose.INFORM_AUTHORITIES])
def test_export_leaves_out_what_the_map_does_not_give_for_its_purpose(
    anna: DataSubject, purpose: Purpose
) -> None:
    with data_key_scope():
        found = [row for door in doors() for row in door.export(anna, purpose=purpose)]
    assert found
    assert MilestoneReached not in {row.model for row in found}


def test_erasing_counts_what_went(anna: DataSubject) -> None:
    expected: Counter[str] = Counter()
    for door in doors():
        for rows in door.rows_of(anna):
            if not outlives_its_subject(rows.model):
                expected[rows.model._meta.label] += rows.count()
    counts: Counter[str] = Counter()
    for door in doors():
        counts += door.erase(anna)
    assert counts == +expected


def test_erasing_one_person_leaves_the_others_whole(anna: DataSubject) -> None:
    other = plant("zqxqzother")
    before = said(exported(other))
    for door in doors():
        door.erase(anna)
    assert said(exported(other)) == before


def test_milestones_are_found_while_their_month_can_be_resolved(anna: DataSubject) -> None:
    assert MilestoneReached.rows_of(anna).exists()


def test_explanation_counts_every_kind_of_row_and_gives_its_grounds(anna: DataSubject) -> None:
    held = explain(anna)
    assert {one.model for one in held} == set(HOLDERS)
    assert all(one.count and one.categories and one.grounds and one.retention for one in held)


@pytest.mark.parametrize("model", HOLDERS, ids=lambda model: model.__name__)
def test_blind_index_goes_with_what_it_indexes(model: Any) -> None:
    for one in personal_fields(model):
        if isinstance(one.field, BlindIndex):
            source = next(other for other in personal_fields(model) if other.field.name == one.field.source)
            assert one.mark == source.mark


@pytest.mark.parametrize(("identity", "is_theirs"), [(Identity.NONE, False), (Identity.CONTACT, True)])
def test_words_are_exported_to_whom_they_are_known_to_come_from(identity, is_theirs):
    """Somebody may write who knows another person's code, and be taken for that person."""
    anna = factories.subject()
    receiving.receive(
        right=Right.OBJECTION, way=Way.MAILBOX, language="lv", actor=Actor.staff(1), subject_id=anna.pk,
        identity=identity, contact="zqxqz@piemers.lv", text="zqxqzwritten",
        files=[Upload("application/pdf", b"%PDF-x %%EOF")],
    )  # fmt: skip
    rows = exported(anna)
    assert ("zqxqz" in said(rows)) is is_theirs
    assert any(row.model is RightsRequest for row in rows)
