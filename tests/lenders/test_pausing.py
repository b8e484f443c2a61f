"""A lender that staff paused: nothing is sent to it, nothing is lost, and the audit knows who and why."""

from datetime import timedelta

import pytest
from django.utils import timezone

from applications.actors import Actor
from applications.crypto.keyring import data_key_scope
from applications.errors import IllegalTransition
from applications.models import AuditEntry, Consent, OutboundMail
from applications.services.processing import withdraw_consent
from lenders.errors import NotEligible
from lenders.models import Delivery, Lender
from lenders.routing import NotAsked
from lenders.selectors.send_page import candidates
from lenders.services import breaking, deliveries
from lenders.services.pausing import pause, resume
from lenders.states import PauseReason
from tests.lenders import scene
from tests.lenders.staff import staff

pytestmark = [pytest.mark.django_db(databases=scene.DATABASES), pytest.mark.usefixtures("lenders")]

MANAGER = Actor.staff(7)
PAGE = "/admin/lenders/pausing/"
ENGLISH = {"Accept-Language": "en"}


def atra() -> Lender:
    return Lender.objects.get(slug="atra")


def paused() -> Lender:
    pause(lender=atra(), reason=PauseReason.MAINTENANCE, actor=MANAGER)
    return atra()


def entries() -> list[tuple[str, str, dict[str, str]]]:
    found = AuditEntry.objects.filter(action__in=["lender.paused", "lender.resumed"]).order_by("pk")
    return list(found.values_list("action", "actor_identifier", "detail"))


# --- the deed ---------------------------------------------------------------------------------------------
def test_pause_and_resumption_are_in_the_audit_with_who_and_why():
    resume(lender=paused(), actor=Actor.staff(8))
    assert entries() == [
        ("lender.paused", "7", {"lender": "atra", "reason": "maintenance"}),
        ("lender.resumed", "8", {"lender": "atra"}),
    ]
    assert (atra().paused_at, atra().paused_reason) == (None, "")


def test_second_pause_changes_nothing():
    lender = paused()
    with pytest.raises(IllegalTransition):
        pause(lender=lender, reason=PauseReason.FAULTS, actor=MANAGER)
    assert atra().paused_reason == "maintenance"
    assert len(entries()) == 1


def test_lender_that_is_not_paused_cannot_be_resumed():
    with pytest.raises(IllegalTransition):
        resume(lender=atra(), actor=MANAGER)
    assert entries() == []


# --- what it does -----------------------------------------------------------------------------------------
def test_what_is_due_at_a_paused_lender_waits_and_is_sent_after_it():
    application = scene.sent("atra", "leja")
    lender = paused()
    assert set(scene.begun(application)) == {"leja"}
    assert scene.claim() == []
    resume(lender=lender, actor=MANAGER)
    assert set(scene.begun(application)) == {"atra"}


def test_what_was_claimed_a_moment_before_is_given_back():
    application = scene.sent("atra")
    claimed = scene.claim(application)
    lender = paused()
    with data_key_scope():
        assert deliveries.begin(claimed) == []
    found = scene.delivery_at(application, "atra")
    assert (found.status, found.fence, found.error_code) == ("due", 0, "lender_paused")
    resume(lender=lender, actor=MANAGER)
    scene.make_due()
    assert len(scene.begun(application)) == 1


def test_request_to_delete_that_was_claimed_a_moment_before_is_given_back():
    application = scene.sent("leja")
    scene.taken_by_all(application)
    consent = Consent.objects.get(application=application)
    actor = Actor.consumer(application.subject_id)
    withdraw_consent(consent_id=consent.pk, subject_id=application.subject_id, actor=actor)
    claims = scene.claim(application)
    pause(lender=Lender.objects.get(slug="leja"), reason=PauseReason.SECURITY, actor=MANAGER)
    with data_key_scope():
        assert deliveries.begin(claims) == []
    found = scene.delivery_at(application, "leja", "deletion")
    assert (found.status, found.error_code) == ("due", "lender_paused")


def test_deadline_runs_on_while_a_lender_is_paused():
    application = scene.sent("atra")
    paused()
    Delivery.objects.update(deadline=timezone.now() - timedelta(seconds=1))
    assert scene.begun(application) == {}
    assert scene.states(application) == {"atra": "no_response"}


def test_choice_of_a_paused_lender_s_offer_waits():
    application = scene.sent("atra")
    offer = scene.open_offer(application, "atra")
    lender = paused()
    scene.choose(offer)
    assert scene.claim() == []
    resume(lender=lender, actor=MANAGER)
    assert len(scene.claim()) == 1


def test_pages_stop_waiting_for_a_paused_lender_and_its_late_offer_is_told_by_mail():
    application = scene.sent("atra")
    paused()
    assert breaking.let_pages_go() == 1
    scene.open_offer(application, "atra")
    assert OutboundMail.objects.filter(kind="late_offer").count() == 1


def test_new_application_does_not_ask_a_paused_lender_and_says_so():
    with data_key_scope():
        subject, _token = scene.new_session()
        draft = scene.draft_for(subject)
        paused()
        reasons = {one.lender.slug: one.reason for one in candidates(scene.ANSWERS, draft.language)}
        assert reasons["atra"] == NotAsked.NOT_TAKING_PART
        assert reasons["leja"] is None
        with pytest.raises(NotEligible):
            scene.send(draft, ["atra"])


# --- the page ---------------------------------------------------------------------------------------------
def test_page_pauses_for_a_reason_and_resumes():
    manager = staff("view_queues", "pause_lender")
    manager.post(PAGE, {"lender": "atra", "reason": "faults"})
    assert atra().paused_reason == "faults"
    text = manager.get(PAGE, headers=ENGLISH).text
    assert "Its answers do not come, or are wrong" in text
    assert 'value="atra"' in text.partition('id="pause"')[0]
    manager.post(PAGE, {"resume": "atra"})
    assert atra().paused_at is None
    assert [action for action, *_ in entries()] == ["lender.paused", "lender.resumed"]


@pytest.mark.parametrize(
    "sent", [{}, {"lender": "atra"}, {"lender": "nobody", "reason": "faults"}, {"resume": "nobody"}]
)
def test_what_the_page_does_not_understand_changes_nothing(sent):
    assert staff("pause_lender").post(PAGE, sent).status_code in {200, 302}
    assert entries() == []


def test_second_click_is_told_that_it_was_done_already():
    manager = staff("view_queues", "pause_lender")
    paused()
    page = manager.post(PAGE, {"lender": "atra", "reason": "faults"})
    assert page.status_code == 200  # not among those that can be paused any more
    resume(lender=atra(), actor=MANAGER)
    [message] = manager.post(PAGE, {"resume": "atra"}, follow=True).context["messages"]
    assert message.level_tag == "error"


def test_whoever_may_only_look_cannot_pause():
    assert staff("view_queues", "view_lender").post(PAGE, {"lender": "atra"}).status_code == 403
    assert atra().paused_at is None
