"""The officer's queue and the page of each request: everything to decide with, and no value of anybody."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from applications.models import AuditEntry, DataSubject, RestrictionGround
from applications.personal import Purpose
from applications.selectors.who_saw import who_saw
from applications.services.processing import restrict
from privacy.models import Erasure, Identity, Outcome, RecipientNotice, Right, RightsRequest
from privacy.request_texts import HAPPENED, STEPS
from privacy.rights.registry import MODULES
from privacy.services import identifying, requests, running
from tests import factories
from tests.clock import later
from tests.planted import plant
from tests.privacy import desk, dpo, rights

pytestmark = pytest.mark.django_db(databases=["default", "keys", "aside"])
WORD = "zqxqzanna"


@pytest.fixture
def officer() -> Client:
    return dpo.dpo()


@pytest.fixture
def anna() -> DataSubject:
    return factories.subject(f"{WORD}@piemers.lv")


def queue(client: Client, **query: str) -> list[str]:
    rows = client.get(desk.QUEUE, query, headers=desk.ENGLISH).context["cl"].result_list
    return [row.reference for row in rows]


# --- the queue ------------------------------------------------------------------------------------------
def test_open_ones_come_first_by_their_last_day_then_the_newest_that_ended(officer, anna):
    ended = desk.entered(anna, Right.ACCESS)
    requests.withdraw(request_id=ended.pk, actor=rights.OFFICER)
    late = desk.entered(None)
    soon = desk.entered(factories.subject())
    RightsRequest.objects.filter(pk=late.pk).update(due_on=timezone.localdate() + timedelta(days=40))
    RightsRequest.objects.filter(pk=ended.pk).update(due_on=timezone.localdate() - timedelta(days=40))
    assert queue(officer) == [soon.reference, late.reference, ended.reference]
    assert queue(officer, ended="no") == [soon.reference, late.reference]
    assert queue(officer, ended="yes") == [ended.reference]
    assert queue(officer, right__exact="access") == [ended.reference]
    assert queue(officer, status__exact="withdrawn") == [ended.reference]
    assert queue(officer, ended="perhaps") == []


def test_number_finds_a_request_whole_and_in_no_part(officer, anna):
    request = desk.entered(anna)
    assert queue(officer, q=request.reference.lower()) == [request.reference]
    assert queue(officer, q=request.reference[:6]) == []


def test_badge_says_how_much_time_is_left(officer, anna):
    request = desk.entered(anna)
    assert "days left" in officer.get(desk.QUEUE, headers=desk.ENGLISH).text
    with later(days=60):
        text = dpo_later().get(desk.QUEUE, headers=desk.ENGLISH).text
    assert 'class="clock overdue">Overdue by' in text
    identifying.ask_who(request_id=request.pk, actor=rights.OFFICER)
    assert 'class="clock standing">Stands still' in officer.get(desk.QUEUE, headers=desk.ENGLISH).text


def dpo_later() -> Client:
    """A browser whose session has just begun, whenever that is."""
    return dpo.staff("later", ["view_rightsrequest", "work_requests"])


# --- one page ---------------------------------------------------------------------------------------------
def test_page_says_everything_but_values_of_the_person(officer):
    anna = plant(WORD)
    request = desk.entered(anna, identity=Identity.OFFICER)
    text = officer.get(desk.page_of(request), headers=desk.ENGLISH).text
    for words in (
        request.reference, anna.customer_reference, "Two more months", "What would be done", "What goes",
        "What stays", "Recipients that are told", "It is known who asks: Decided by the data protection",
        "Came in: Entered by the data protection",
        "See what was written",
    ):  # fmt: skip
        assert words in text
    assert "zqxqz" not in text.lower().replace(f"office-{WORD}", "").replace(f"company office-{WORD}", "")


def test_every_state_has_its_buttons_and_no_others(officer, anna):
    request = desk.entered(anna)
    assert buttons(officer, request) == ["identify", "ask_who", "extend", "withdraw"]
    identifying.ask_who(request_id=request.pk, actor=rights.OFFICER)
    assert buttons(officer, request) == ["identify", "refuse", "extend", "withdraw"]
    identifying.identify(
        request_id=request.pk, identity=Identity.OFFICER, actor=rights.OFFICER, decision="seen"
    )
    assert buttons(officer, request) == ["approve", "ask_who", "refuse", "extend", "withdraw"]
    requests.approve(request_id=request.pk, actor=rights.OFFICER)
    assert buttons(officer, request) == ["extend", "withdraw"]
    rights.run(request)
    assert buttons(officer, request) == []


def buttons(client: Client, request: RightsRequest) -> list[str]:
    return [deed.name for deed in client.get(desk.page_of(request)).context["deeds"]]


def test_who_may_only_look_has_no_buttons(anna):
    request = desk.entered(anna)
    client = dpo.staff("looks", ["view_rightsrequest"])
    page = client.get(desk.page_of(request))
    assert page.context["deeds"] == []
    assert '<button type="submit" class="button"' not in page.text
    for name in ("approve", "words", "again", "told", "copy"):
        assert client.get(desk.address(name, request)).status_code == 403


@pytest.mark.parametrize("who", [dpo.support, lambda: dpo.staff("auditor", ["view_record"])])
def test_nobody_else_opens_anything(who, anna):
    request = desk.entered(anna)
    client = who()
    pages = [desk.QUEUE, desk.INTAKE, desk.page_of(request)]
    pages += [desk.address(name, request) for name in ("approve", "identify", "words", "copy", "again")]
    for page in pages:
        assert client.get(page).status_code == 403, page
        assert client.post(page, {"seen": ""}).status_code == 403, page


def test_other_open_requests_of_the_same_person_are_named(officer, anna):
    erasure, access = desk.entered(anna), desk.entered(anna, Right.ACCESS)
    stranger = desk.entered(None)
    assert list(officer.get(desk.page_of(erasure)).context["others"]) == [access]
    assert list(officer.get(desk.page_of(stranger)).context["others"]) == []


def test_opening_is_written_down_and_the_person_reads_it(officer, anna):
    request = desk.entered(anna)
    officer.get(desk.page_of(request))
    officer.post(desk.address("words", request))
    actions = set(AuditEntry.objects.filter(subject_id=anna.pk).values_list("action", flat=True))
    assert {"rightsrequest.seen", "request.words_seen"} <= actions
    told = [line for sight in who_saw(anna.pk, purpose=Purpose.DATA_SUBJECT_RIGHTS) for line in sight.what]
    assert len(told) == len(set(told)) == 2


def test_page_opens_while_nobody_knows_who_asks_and_after_the_erasure(officer, anna):
    assert officer.get(desk.page_of(desk.entered(None))).status_code == 200
    request = rights.run(rights.approved(anna))
    page = officer.get(desk.page_of(request), headers=desk.ENGLISH)
    assert page.context["preview"] == []
    assert "certified" in page.text.lower()
    assert "Ended in time" in page.text


def test_restriction_does_not_close_the_page_of_a_request(officer, anna):
    request = desk.entered(anna)
    restrict(subject_id=anna.pk, ground=RestrictionGround.CLAIMS, actor=rights.OFFICER)
    assert officer.get(desk.page_of(request)).status_code == 200


# --- what was written ---------------------------------------------------------------------------------------
def test_words_are_shown_once_the_button_is_pressed(officer, anna):
    request = desk.entered(anna)
    assert "zqxqz" not in officer.get(desk.page_of(request)).text
    assert "zqxqz" not in officer.get(desk.address("words", request)).text
    assert not AuditEntry.objects.filter(action="request.words_seen").exists()
    shown = officer.post(desk.address("words", request))
    assert "zqxqzwritten: delete me" in shown.text
    assert "zqxqz.contact@piemers.lv" in shown.text
    assert "no-store" in shown["Cache-Control"]
    assert AuditEntry.objects.filter(action="request.words_seen", subject_id=anna.pk).count() == 1


def test_words_that_were_destroyed_are_said_to_be(officer, anna):
    request = desk.entered(anna)
    request.words.delete()
    assert "See what was written" not in officer.get(desk.page_of(request), headers=desk.ENGLISH).text
    assert "Nothing is kept of it" in officer.post(desk.address("words", request), headers=desk.ENGLISH).text


# --- while it is carried out --------------------------------------------------------------------------------
def test_step_that_fails_is_said_in_words_and_tried_again_at_the_officers_wish(officer, anna):
    request = rights.approved(anna)
    running.run_step(request.pk)
    running.note_failure(request.pk, TimeoutError())
    page = officer.get(desk.page_of(request), headers=desk.ENGLISH)
    assert "The step failed (TimeoutError)" in page.text
    response = desk.post(officer, "again", request)
    assert desk.messages_of(response) == ["The next step is tried within a minute."]
    assert rights.current(request).next_try_at is None
    assert "tried_again" in rights.events(request)


def test_what_was_left_is_named(officer, anna):
    request = rights.approved(anna)
    Erasure.objects.create(
        request=request, subject_id=anna.pk, begun_at=timezone.now(), residue=["some_table"]
    )
    RightsRequest.objects.filter(pk=request.pk).update(status="running", step="search", trouble="residue")
    assert "some_table" in officer.get(desk.page_of(request), headers=desk.ENGLISH).text


def test_nothing_is_tried_of_what_is_not_carried_out(officer, anna):
    request = desk.entered(anna)
    response = desk.post(officer, "again", request)
    assert "nothing was done" in desk.messages_of(response)[0]
    assert "tried_again" not in rights.events(request)
    assert officer.get(desk.address("again", request)).status_code == 302


# --- recipients ---------------------------------------------------------------------------------------------
@pytest.fixture
def notice(anna) -> RecipientNotice:
    request = rights.approved(anna)
    return RecipientNotice.objects.create(
        request=request, kind="partner", recipient="office", name="Office", outcome=Outcome.BY_HAND
    )


def told(client: Client, notice: RecipientNotice, **given: str) -> list[str]:
    data = {"notice": str(notice.pk), "was": notice.outcome, "outcome": Outcome.DELETED, **given}
    return desk.messages_of(desk.post(client, "told", notice.request, **data))


def test_recipient_told_by_hand_is_written_down(officer, notice):
    assert "Office" in officer.get(desk.page_of(notice.request)).text
    assert told(officer, notice) == ["Written down: Office."]
    notice.refresh_from_db()
    assert (notice.outcome, notice.by_staff) == (Outcome.DELETED, True)


def test_what_a_recipient_keeps_has_its_ground(officer, notice):
    assert "ground" in told(officer, notice, outcome="retained")[0]
    assert told(officer, notice, outcome="retained", basis="dispute", until="2099-01-01") == [
        "Written down: Office."
    ]
    notice.refresh_from_db()
    assert (notice.basis, f"{notice.until}") == ("dispute", "2099-01-01")


def test_recipient_that_answered_meanwhile_is_left_as_it_is(officer, notice):
    RecipientNotice.objects.filter(pk=notice.pk).update(outcome=Outcome.RETAINED, basis="dispute")
    assert "nothing was done" in told(officer, notice)[0]
    assert RecipientNotice.objects.get().outcome == Outcome.RETAINED


def test_recipient_of_another_request_is_not_touched(officer, notice):
    other = desk.entered(None)
    data = {"notice": str(notice.pk), "was": notice.outcome, "outcome": Outcome.DELETED}
    assert "nothing was done" in desk.messages_of(desk.post(officer, "told", other, **data))[0]
    assert RecipientNotice.objects.get().outcome == Outcome.BY_HAND


# --- words for everything -----------------------------------------------------------------------------------
def test_every_step_and_every_event_has_words():
    assert {step for module in MODULES.values() for step in module.STEPS} == set(STEPS)
    assert {"received", "assessed", "step_done", "waits", "recipient_noted"} <= HAPPENED.keys()
