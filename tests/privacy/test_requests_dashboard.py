"""How requests stand: numbers, flags and the register as a file, with nothing of anybody."""

import csv
import io
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from privacy import attention, request_attention
from privacy.models import Identity, Outcome, RecipientNotice, Refusal, Right, RightsRequest
from privacy.request_texts import pace
from privacy.selectors import request_numbers as register
from privacy.services import identifying, requests
from tests import factories
from tests.privacy import desk, dpo, rights

pytestmark = pytest.mark.django_db(databases=["default", "keys", "aside"])
DASHBOARD, REGISTER = reverse("admin:privacy_requests"), reverse("admin:privacy_requests_csv")


@pytest.fixture(autouse=True)
def _english() -> None:
    translation.activate("en")


@pytest.fixture
def officer() -> Client:
    return dpo.dpo()


def due_in(days: int, request: RightsRequest | None = None) -> RightsRequest:
    """An open request whose last day is so many days away."""
    request = request or desk.entered(None)
    found = rights.current(request)
    ahead = timezone.localdate() + timedelta(days=days)
    back = found.clock.due_on(timezone.localdate()) - ahead
    RightsRequest.objects.filter(pk=request.pk).update(due_on=ahead, received_on=found.received_on - back)
    return rights.current(request)


def refused(days_ago: int) -> RightsRequest:
    """Answered today, so long after it came."""
    request = desk.entered(factories.subject(), identity=Identity.OFFICER)
    received_on = timezone.localdate() - timedelta(days=days_ago)
    RightsRequest.objects.filter(pk=request.pk).update(received_on=received_on)
    return requests.refuse(request_id=request.pk, why=Refusal.UNFOUNDED, reasons="x", actor=rights.OFFICER)


def test_numbers_are_counted_by_the_legal_clock():
    today = timezone.localdate()
    for days in (-1, 0, 7, 8):
        due_in(days)
    standing_still = due_in(-3)
    identifying.ask_who(request_id=standing_still.pk, actor=rights.OFFICER)
    found = register.standing(today)
    assert (found.open, found.due_soon, found.overdue, found.days) == (5, 2, 1, None)


def test_median_is_of_the_answers_of_a_year():
    for days in (1, 3, 8):
        refused(days)
    old = refused(100)
    RightsRequest.objects.filter(pk=old.pk).update(ended_at=timezone.now() - timedelta(days=400))
    taken_back = desk.entered(None)
    requests.withdraw(request_id=taken_back.pk, actor=rights.OFFICER)
    found = register.standing(timezone.localdate())
    assert (found.answered, found.days) == (3, 3)
    assert register.standing(timezone.localdate(), Right.ACCESS).answered == 0


def test_dashboard_says_it_by_article_and_outcome(officer):
    due_in(-1)
    refused(2)
    page = officer.get(DASHBOARD, headers=desk.ENGLISH)
    assert [one["number"] for one in page.context["figures"]] == ["1", "0", "1", "2"]
    nothing = {str(right.label): ["0", "0", "0", "0", "–"] for right in Right}
    assert dict(page.context["by_right"]) == nothing | {str(Right.ERASURE.label): ["1", "0", "1", "1", "2"]}
    assert page.context["outcomes"] == [("Refused: Manifestly unfounded or excessive (Art. 12(5))", "1")]
    assert sum(page.context["chart"].series[0].values) == 2
    assert REGISTER in page.text


def test_dashboard_of_no_requests_stands(officer):
    assert officer.get(DASHBOARD).status_code == 200


def test_register_is_codes_and_days(officer):
    anna = factories.subject("zqxqzanna@piemers.lv")
    request = desk.entered(anna)
    response = officer.get(REGISTER)
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    [head, line] = csv.reader(io.StringIO(response.text.removeprefix("\ufeff")))
    row = dict(zip(head, line, strict=True))
    assert (row["number"], row["right"], row["state"]) == (request.reference, "erasure", "received")
    assert row["due_on"] == f"{request.due_on}"
    for value in ("zqxqz", anna.customer_reference, str(anna.pk)):
        assert value not in response.text


def test_nobody_else_sees_numbers_or_register():
    for client in (dpo.support(), dpo.staff("auditor", ["view_record"])):
        assert client.get(DASHBOARD).status_code == 403
        assert client.get(REGISTER).status_code == 403


# --- flags --------------------------------------------------------------------------------------------------
def flags(of: object) -> list[str]:
    return [flag.sentence for flag in of(timezone.now())]


def test_requests_are_flagged_by_the_clock(officer):
    late, soon, _later = due_in(-2), due_in(3), due_in(20)
    today = timezone.localdate()
    [overdue] = flags(request_attention.overdue_requests)
    assert overdue == f"{late}: {pace(late, today)[1]}"
    assert "Overdue by " in overdue
    assert flags(request_attention.requests_due_soon) == [f"{soon}: {pace(soon, today)[1]}"]
    titles = [str(group.title) for group in attention.groups()]
    assert titles[:2] == ["Requests beyond their last day", "Requests that are due within a week"]
    assert late.reference in officer.get(reverse("admin:index"), headers=desk.ENGLISH).text


@pytest.mark.parametrize(
    ("trouble", "flagged"),
    [("", 0), ("recipients", 0), ("third_persons", 1), ("residue", 1), ("timeout", 1)],
)
def test_what_does_not_go_on_by_itself_is_flagged(trouble, flagged):
    request = rights.approved(factories.subject())
    RightsRequest.objects.filter(pk=request.pk).update(status="running", step="search", trouble=trouble)
    assert len(flags(request_attention.requests_in_trouble)) == flagged


def test_recipient_to_be_told_by_hand_is_flagged_until_it_was():
    request = rights.approved(factories.subject())
    notice = RecipientNotice.objects.create(
        request=request, kind="partner", recipient="office", name="Office", outcome=Outcome.BY_HAND
    )
    assert flags(request_attention.recipients_to_tell) == [f"Office, for {request}"]
    RecipientNotice.objects.filter(pk=notice.pk).update(outcome=Outcome.TOLD)
    assert flags(request_attention.recipients_to_tell) == []
