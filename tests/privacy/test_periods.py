"""Other retention periods: two people, from a day on, every edition on record."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from applications.actors import Actor
from applications.errors import IllegalTransition, Refusal
from applications.models import Application, LegalHold, RetentionEdition, StaffUser
from applications.retention_rules import RULES, Period, Retention
from applications.roles import Role
from applications.selectors import periods as reading
from privacy.errors import DecisionMissing, EditionOvertaken, NoOfficer, PeriodsRefused, SamePerson
from privacy.record import record_of_processing
from privacy.selectors.periods import notices_differ
from privacy.services import periods
from tests import factories, retention
from tests.clock import later

pytestmark = pytest.mark.django_db(databases=["default", "keys", "aside"])
PAGE, HOLDS = reverse("admin:privacy_retention"), reverse("admin:privacy_legal_holds")


@pytest.fixture(autouse=True)
def _read_anew() -> Iterator[None]:
    reading.forget_known()
    yield
    reading.forget_known()


@pytest.fixture
def officers() -> list[StaffUser]:
    return [factories.staff(Role.DPO, name=name, email=f"{name}@example.lv") for name in ("one", "two")]


def today() -> date:
    return timezone.localdate()


def by(user: StaffUser) -> Actor:
    return Actor.staff(user.pk)


def changed(**days: int) -> dict[Retention, Period]:
    whole = {name: Period.of(rule) for name, rule in RULES.items()}
    return whole | {Retention(name): Period(days=number) for name, number in days.items()}


def proposed(user: StaffUser, *, from_day: date | None = None, **days: int) -> RetentionEdition:
    return periods.propose(
        periods=changed(**days), from_day=from_day or today(), reason="Decided on 5 May.", actor=by(user)
    )


# --- deciding ---------------------------------------------------------------------------------------------
def test_defaults_are_a_proposal_until_somebody_confirms_them(officers: list[StaffUser]) -> None:
    assert reading.in_force().is_proposal
    edition = proposed(officers[0])
    assert reading.edition_of(today()).is_proposal
    periods.approve(number=edition.number, actor=by(officers[1]))
    assert not reading.in_force().is_proposal
    assert reading.rules_in_force() == RULES
    assert not notices_differ()


def test_approved_period_holds_at_once_and_the_run_obeys_it(officers: list[StaffUser]) -> None:
    factories.complete_draft(factories.subject())
    Application.objects.update(saved_at=timezone.now() - timedelta(days=16))
    edition = proposed(officers[0], draft=14)
    assert retention.run().counts == {}
    periods.approve(number=edition.number, actor=by(officers[1]))
    assert notices_differ()
    receipt = retention.run()
    assert (receipt.edition, "drafts" in receipt.counts) == (edition.number, True)


def test_period_of_a_later_day_holds_from_that_day_on(officers: list[StaffUser]) -> None:
    edition = proposed(officers[0], from_day=today() + timedelta(days=10), draft=14)
    periods.approve(number=edition.number, actor=by(officers[1]))
    assert reading.rules_in_force()[Retention.DRAFT].days == 30
    assert reading.edition_of(today() + timedelta(days=10)).rules[Retention.DRAFT].days == 14


def test_nobody_approves_what_they_proposed(officers: list[StaffUser]) -> None:
    edition = proposed(officers[0], draft=14)
    with pytest.raises(SamePerson):
        periods.approve(number=edition.number, actor=by(officers[0]))


def test_one_of_the_two_is_an_officer() -> None:
    others = [factories.staff(Role.SUPPORT, name=name, email=f"{name}@example.lv") for name in ("x", "y")]
    edition = proposed(others[0], draft=14)
    with pytest.raises(NoOfficer):
        periods.approve(number=edition.number, actor=by(others[1]))


@pytest.mark.parametrize("decided", ["approved", "dropped"])
def test_what_was_decided_is_decided(officers: list[StaffUser], decided: str) -> None:
    edition = proposed(officers[0], draft=14)
    if decided == "approved":
        periods.approve(number=edition.number, actor=by(officers[1]))
    else:
        periods.drop(number=edition.number, actor=by(officers[1]))
        assert reading.rules_in_force() == RULES
    with pytest.raises(IllegalTransition):
        periods.approve(number=edition.number, actor=by(officers[1]))
    with pytest.raises(IllegalTransition):
        periods.drop(number=edition.number, actor=by(officers[1]))


def test_edition_that_would_never_hold_is_not_approved(officers: list[StaffUser]) -> None:
    """Another was proposed later, for a later day that has come, and approved sooner."""
    first = proposed(officers[0], draft=14)
    with later(days=3):
        second = proposed(officers[0], from_day=today(), draft=60)
        periods.approve(number=second.number, actor=by(officers[1]))
        with pytest.raises(EditionOvertaken):
            periods.approve(number=first.number, actor=by(officers[1]))
        assert reading.edition_of(today()).edition == second.number
    reading.forget_known()
    first.refresh_from_db()
    assert first.approved_at is None


def test_what_cannot_be_proposed(officers: list[StaffUser]) -> None:
    actor = by(officers[0])
    whole = changed()
    refused: list[tuple[type[Refusal], dict[Retention, Period], date, str]] = [
        (PeriodsRefused, whole | {Retention.AUDIT: Period(months=6)}, today(), "why"),
        (PeriodsRefused, changed(draft=14), today() - timedelta(days=1), "why"),
        (DecisionMissing, changed(draft=14), today(), " "),
    ]
    for error, wanted, day, reason in refused:
        with pytest.raises(error):
            periods.propose(periods=wanted, from_day=day, reason=reason, actor=actor)


@pytest.mark.parametrize(
    "change", ["UPDATE {} SET periods = '{{}}'", "UPDATE {} SET from_day = now()", "DELETE FROM {}"]
)
def test_edition_is_never_changed(officers: list[StaffUser], change: str) -> None:
    edition = proposed(officers[0], draft=14)
    periods.approve(number=edition.number, actor=by(officers[1]))
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change.format(RetentionEdition._meta.db_table))


def test_reading_costs_no_query_within_the_minute(
    officers: list[StaffUser], django_assert_num_queries: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading.in_force()
    with django_assert_num_queries(0):  # type: ignore[operator]
        reading.rules_in_force()
    monkeypatch.setattr(reading, "FRESH_SECONDS", 0)
    with django_assert_num_queries(1):  # type: ignore[operator]
        reading.rules_in_force()


def test_record_of_processing_names_the_edition(officers: list[StaffUser]) -> None:
    def note() -> str:
        sections = record_of_processing(with_register=True, today=today())
        return str(next(one for one in sections if one.letter == "f").note)

    before = note()
    periods.approve(number=proposed(officers[0], draft=14).number, actor=by(officers[1]))
    assert before != note()
    assert "1" in note()


# --- the page ---------------------------------------------------------------------------------------------
def browser(user: StaffUser) -> Client:
    client = factories.staff_browser(user)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def form_of(client: Client) -> dict[str, object]:
    form = client.get(PAGE).context["form"]
    return {name: form[name].value() for name in form.fields}


def test_page_proposes_and_another_officer_approves(officers: list[StaffUser]) -> None:
    one, two = map(browser, officers)
    sent = form_of(one) | {"draft": 14, "reason": "Shorter is enough.", "deed": "propose"}
    assert one.post(PAGE, sent).status_code == 302
    page = two.get(PAGE).content.decode()
    assert "14 days after the last save, so far 30 days after the last save" in page
    assert "Shorter is enough." in page
    two.post(PAGE, {"deed": "approve", "number": 1})
    page = two.get(PAGE).content.decode()
    assert "Edition 1 of the periods is in force." in page
    assert "The privacy notice states other periods" in page


def test_page_shows_what_goes_and_the_receipts(officers: list[StaffUser]) -> None:
    factories.complete_draft(factories.subject())
    Application.objects.update(saved_at=timezone.now() - timedelta(days=32))
    client = browser(officers[0])
    assert (
        '<th scope="row">Drafts never sent</th><td class="number">1</td>' in client.get(PAGE).content.decode()
    )
    retention.run()
    assert "applications.Application 1" in client.get(PAGE).content.decode()


def test_auditor_looks_and_decides_nothing(officers: list[StaffUser]) -> None:
    proposed(officers[0], draft=14)
    auditor = browser(factories.staff(Role.AUDITOR, name="auditor"))
    page = auditor.get(PAGE)
    assert page.status_code == 200
    assert b'name="deed"' not in page.content
    for deed in ("propose", "approve", "drop"):
        assert auditor.post(PAGE, {"deed": deed, "number": 1}).status_code == 403


def test_hold_is_placed_by_a_number_and_lifted(officers: list[StaffUser]) -> None:
    subject, client = factories.subject(), browser(officers[0])
    sent = {"number": subject.customer_reference, "ground": "claim", "case_number": "C30-1/2026"}
    assert client.post(HOLDS, sent).status_code == 302
    hold = LegalHold.objects.get()
    assert "C30-1/2026" in client.get(HOLDS).content.decode()
    client.post(HOLDS, {"lift": str(hold.pk)})
    assert LegalHold.objects.get().lifted_at is not None
    assert "C30-1/2026" not in client.get(HOLDS).content.decode()


def test_number_of_an_application_holds_that_application(officers: list[StaffUser]) -> None:
    application = factories.sent_application(factories.subject())
    sent = {"number": application.reference, "ground": "authority", "case_number": "1-1/2026"}
    browser(officers[0]).post(HOLDS, sent)
    assert LegalHold.objects.get().application == application


def test_hold_on_nobody_or_until_yesterday_is_refused(officers: list[StaffUser]) -> None:
    client, subject = browser(officers[0]), factories.subject()
    sent = {"number": "C-22222-22222", "ground": "claim", "case_number": "1"}
    assert client.post(HOLDS, sent).status_code == 200
    over = sent | {"number": subject.customer_reference, "until": today() - timedelta(days=1)}
    assert client.post(HOLDS, over).status_code == 200
    assert not LegalHold.objects.exists()


def test_officer_is_told_of_what_is_undecided_and_of_a_notice_to_write(officers: list[StaffUser]) -> None:
    attention, client = reverse("admin:privacy_attention"), browser(officers[0])
    assert "The periods are a proposal." in client.get(attention).content.decode()
    edition = proposed(officers[0], draft=14)
    assert "Edition 1 waits for approval." in client.get(attention).content.decode()
    periods.approve(number=edition.number, actor=by(officers[1]))
    page = client.get(attention).content.decode()
    assert "states other periods than those that hold" in page
    assert "waits for approval" not in page
