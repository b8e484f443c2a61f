"""The officer looks a copy through: what may be about others is shown, decided, and goes out or does not."""

import pytest
from django.test import Client

from applications.models import AuditEntry, DataSubject
from privacy.models import AccessPackage, Right, RightsRequest
from privacy.states import RequestStatus
from tests.applications.test_staff_proof import age
from tests.planted import plant
from tests.privacy import desk, dpo, rights

pytestmark = pytest.mark.django_db(databases=["default", "keys", "aside"])
WORD = "zqxqzanna"


@pytest.fixture
def officer() -> Client:
    return dpo.dpo()


@pytest.fixture
def anna() -> DataSubject:
    return plant(WORD)


@pytest.fixture
def request_(anna) -> RightsRequest:
    """A copy that waits for the officer."""
    return rights.run(rights.approved(anna, Right.ACCESS))


def page(client: Client, request: RightsRequest) -> object:
    return client.get(desk.address("copy", request), headers=desk.ENGLISH)


def decide(client: Client, request: RightsRequest, how: str, keys: list[str]) -> list[str]:
    chosen = {f"decide-{key}": how for key in keys}
    return desk.messages_of(desk.post(client, "copy", request, **chosen))


def test_page_leads_to_the_copy_that_waits(officer, request_):
    assert request_.trouble == "third_persons"
    assert desk.address("copy", request_) in officer.get(desk.page_of(request_)).text
    assert WORD not in officer.get(desk.page_of(request_)).text.replace(f"office-{WORD}", "")


def test_values_are_shown_after_it_is_written_down(officer, anna, request_):
    shown = page(officer, request_)
    assert f"note {WORD}" in shown.text
    assert "no-store" in shown["Cache-Control"]
    assert AuditEntry.objects.filter(action="package.seen", subject_id=anna.pk).count() == 1
    assert {one.key for one in shown.context["values"]} == set(request_.package.held)


def test_nothing_else_of_the_copy_is_shown(officer, request_):
    text = page(officer, request_).text
    assert f"{WORD}@piemers.lv" not in text
    assert f"{WORD}-key" not in text


def test_file_is_named_and_not_shown(officer, request_):
    shown = page(officer, request_)
    assert any(one.said.startswith("A file: ") for one in shown.context["values"])
    assert "<img" not in shown.text.partition('id="content"')[2]


def test_looking_asks_for_a_fresh_second_factor(officer, request_):
    age(officer, minutes=6)
    response = officer.get(desk.address("copy", request_))
    assert response.status_code == 302
    assert "prove" in response["Location"]
    assert not AuditEntry.objects.filter(action="package.seen").exists()


def test_several_are_decided_at_a_time_and_the_copy_goes_out_with_the_last(officer, request_):
    first, *rest = request_.package.held
    assert decide(officer, request_, "withheld", [first])[0] == "1 value is decided."
    assert AccessPackage.objects.get(pk=request_.pk).undecided == rest
    checked = [one.decided for one in page(officer, request_).context["values"] if one.key == first]
    assert checked == ["withheld"]
    assert decide(officer, request_, "released", rest) == [f"{len(rest)} values are decided."]
    assert rights.run(request_).status == RequestStatus.COMPLETED
    assert page(officer, request_).status_code == 302


@pytest.mark.parametrize("data", [{}, {"decide-other/account.note": "released"}])
def test_what_is_not_held_is_not_decided(officer, request_, data):
    desk.post(officer, "copy", request_, **data)
    assert AccessPackage.objects.get(pk=request_.pk).decisions == {}


def test_made_up_decision_is_refused(officer, request_):
    decide(officer, request_, "published", request_.package.held[:1])
    assert AccessPackage.objects.get(pk=request_.pk).decisions == {}


def test_copy_that_went_out_is_closed(officer, request_):
    keys = list(request_.package.held)
    decide(officer, request_, "released", keys)
    rights.run(request_)
    assert "No copy" in decide(officer, request_, "withheld", keys)[0]


def test_request_without_a_copy_has_no_such_page(officer, anna):
    request = desk.entered(anna)
    response = officer.get(desk.address("copy", request), follow=True, headers=desk.ENGLISH)
    assert "No copy" in desk.messages_of(response)[0]


def test_support_sees_no_copy(request_):
    assert dpo.support().get(desk.address("copy", request_)).status_code == 403
