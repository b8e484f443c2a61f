"""The DPO's registers: what the database itself holds, and that every change is on record."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, ProgrammingError, connection, models, transaction
from django.test import override_settings
from django.utils import timezone

from applications.actors import SYSTEM
from applications.models import AuditEntry, Contact, ContactRole, Recipient
from applications.personal import Purpose
from applications.selectors.contacts import contact
from applications.services.contacts import save_contact
from privacy.models import HAPPENED, Assessment, AssessmentKind, Breach
from privacy.services.registers import save_assessment, save_breach
from tests.privacy import dpo

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def refused(constraint: str) -> Any:
    return pytest.raises(IntegrityError, match=constraint)


# --- recipients -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("country", ["US", "GB", "CH", ""])
def test_database_itself_refuses_a_country_outside_the_eea(country: str) -> None:
    row = dpo.recipient()
    with refused("recipient_in_the_eea"), transaction.atomic():
        Recipient.objects.filter(pk=row.pk).update(country=country)
    with refused("recipient_in_the_eea"), transaction.atomic():
        dpo.recipient("elsewhere", country=country)
    with refused("recipient_in_the_eea"), transaction.atomic():
        dpo.recipient("kept-elsewhere", hosting_country=country)
    assert not AuditEntry.objects.filter(object_id=str(row.pk), action="recipient.changed").exists()


@pytest.mark.parametrize(
    "half",
    [
        {"licence_number": ""},
        {"licence_authority": ""},
        {"licence_number": "", "licence_authority": "", "licence_until": date(2099, 1, 1)},
    ],
)
def test_half_a_licence_is_refused(half: dict[str, Any]) -> None:
    with refused("a_licence_has_a_number_and_an_authority"), transaction.atomic():
        dpo.recipient(**half)


def test_entering_and_changing_a_recipient_are_in_the_audit_by_the_names_of_fields() -> None:
    row = dpo.recipient()
    dpo.save_recipient(recipient=row, changed=["review_due_on"], actor=SYSTEM)
    entries = AuditEntry.objects.filter(object_id=str(row.pk)).order_by("id")
    assert [(entry.action, entry.detail) for entry in entries] == [
        ("recipient.entered", {"fields": []}),
        ("recipient.changed", {"fields": ["review_due_on"]}),
    ]


# --- contacts -------------------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_changed_contact_is_shown_at_once() -> None:
    assert contact(ContactRole.CONTROLLER).phone == ""
    row = Contact.objects.get(role=ContactRole.CONTROLLER)
    row.phone = "+371 67000000"
    save_contact(contact=row, changed=["phone"], actor=SYSTEM)
    assert contact(ContactRole.CONTROLLER).phone == "+371 67000000"
    row.phone = ""
    save_contact(contact=row, changed=["phone"], actor=SYSTEM)
    assert AuditEntry.objects.filter(action="contact.changed", detail={"fields": ["phone"]}).count() == 2


@pytest.mark.parametrize(
    "website", ["https://www.dvi.gov.lv", "www.dvi.gov.lv/lv", "javascript:alert(1)", "x"]
)
def test_website_of_a_contact_is_a_host_name(website: str) -> None:
    row = Contact.objects.get(role=ContactRole.AUTHORITY)
    row.website = website
    with pytest.raises(ValidationError, match="website"):
        row.full_clean()


def test_contacts_that_the_register_begins_with_are_valid() -> None:
    for row in Contact.objects.all():
        row.full_clean()


# --- assessments ----------------------------------------------------------------------------------------
def test_review_comes_after_the_assessment() -> None:
    with refused("assessment_is_reviewed_later"):
        dpo.assessment(assessed_on=date(2026, 5, 1), review_due_on=date(2026, 5, 1))


def test_legitimate_interests_are_weighed_where_the_map_rests_on_them() -> None:
    row = dpo.assessment()
    row.purpose = Purpose.HANDLE_APPLICATIONS
    with pytest.raises(ValidationError, match="purpose"):
        row.full_clean()
    row.kind = AssessmentKind.IMPACT
    row.full_clean()


def test_assessment_is_due_on_its_day() -> None:
    row = dpo.assessment(review_due_on=date(2027, 5, 1))
    assert [row.is_due(date(2027, 4, 30)), row.is_due(date(2027, 5, 1))] == [False, True]


def test_changed_assessment_is_in_the_audit() -> None:
    row = dpo.assessment()
    save_assessment(assessment=row, changed=["outcome"], actor=SYSTEM)
    actions = AuditEntry.objects.filter(object_id=str(row.pk)).order_by("id").values_list("action", flat=True)
    assert list(actions) == ["assessment.entered", "assessment.changed"]


# --- breaches -------------------------------------------------------------------------------------------
def test_documented_breach_cannot_be_deleted() -> None:
    row = dpo.breach()
    with pytest.raises(ProgrammingError, match="Cannot delete"), transaction.atomic():
        row.delete()
    assert Breach.objects.filter(pk=row.pk).exists()


def test_late_telling_without_reasons_is_refused() -> None:
    row = dpo.breach(100)
    row.authority_told_at = row.noticed_at + 73 * HOUR
    with refused("breach_told_late_says_why"), transaction.atomic():
        save_breach(breach=row, changed=["authority_told_at"], actor=SYSTEM)
    row.reason = "The office was closed."
    save_breach(breach=row, changed=["authority_told_at", "reason"], actor=SYSTEM)


def test_telling_in_the_last_minute_needs_no_reasons() -> None:
    row = dpo.breach(100)
    row.authority_told_at = row.noticed_at + 72 * HOUR
    save_breach(breach=row, changed=["authority_told_at"], actor=SYSTEM)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Riga"])
def test_72_hours_are_the_same_in_every_time_zone_of_the_session(zone: str) -> None:
    row = dpo.breach(noticed_at=datetime(2026, 3, 28, 12, 0, tzinfo=UTC))  # the night after has an hour less
    row.authority_told_at = row.noticed_at + 72 * HOUR
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('timezone', %s, true)", [zone])
    save_breach(breach=row, changed=["authority_told_at"], actor=SYSTEM)
    row.authority_told_at += timedelta(minutes=1)
    with refused("breach_told_late_says_why"):
        save_breach(breach=row, changed=["authority_told_at"], actor=SYSTEM)


def test_late_telling_without_reasons_is_told_beside_the_form() -> None:
    row = dpo.breach(100)
    row.authority_told_at = row.noticed_at + 73 * HOUR
    with pytest.raises(ValidationError, match="72"):
        row.full_clean()


@pytest.mark.parametrize("moment", HAPPENED)
def test_nothing_of_a_breach_lies_in_the_future(moment: str) -> None:
    row = dpo.breach()
    setattr(row, moment, timezone.now() + HOUR)
    with pytest.raises(ValidationError, match=moment):
        row.full_clean()


def test_every_moment_of_a_breach_is_looked_at() -> None:
    moments = {field.name for field in Breach._meta.fields if isinstance(field, models.DateTimeField)}
    assert moments == set(HAPPENED)


def test_not_telling_needs_a_reason() -> None:
    with refused("breach_not_told_says_why"):
        dpo.breach(need_not_tell=True)


def test_what_was_told_was_needed() -> None:
    row = dpo.breach(10)
    row.authority_told_at, row.need_not_tell, row.reason = row.noticed_at + HOUR, True, "Nobody is at risk."
    with refused("breach_not_told_says_why"):
        save_breach(breach=row, changed=[], actor=SYSTEM)


@pytest.mark.parametrize(
    ("constraint", "changes"),
    [
        ("breach_ends_after_it_began", {"began_at": 5, "ended_at": 4}),
        ("breach_is_told_after_it_was_noticed", {"authority_told_at": -1}),
    ],
)
def test_times_out_of_order_are_refused(constraint: str, changes: dict[str, int]) -> None:
    row = dpo.breach(10)
    for name, hours in changes.items():
        setattr(row, name, row.noticed_at + hours * HOUR)
    with refused(constraint):
        save_breach(breach=row, changed=[], actor=SYSTEM)


# --- the demo -------------------------------------------------------------------------------------------
def test_demo_registers_are_entered_once_and_in_order() -> None:
    call_command("load_demo_registers")
    call_command("load_demo_registers")
    assert set(Assessment.objects.values_list("kind", flat=True)) == set(AssessmentKind.values)
    processors = Recipient.objects.filter(kind="processor")
    assert [one.name.startswith("Demo") for one in processors] == [True, True]
    assert {one.lapsed(date.today()) for one in processors} == {None}  # noqa: DTZ011 - any day will do
    assert not Breach.objects.exists()


def test_demo_is_refused_in_production() -> None:
    with override_settings(PRODUCTION=True), pytest.raises(CommandError):
        call_command("load_demo_registers")
