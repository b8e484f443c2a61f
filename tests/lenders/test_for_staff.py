"""What waits for staff: found with the reason, sent again from there, refused where a right is against it."""

from datetime import timedelta

import pytest
from django.utils import timezone, translation

from applications.actors import Actor
from applications.models import Application, AuditEntry, Consent, RestrictionGround
from applications.services.processing import restrict, withdraw_consent
from lenders.adapters.base import ErrorCode, LenderError
from lenders.attention import waiting_flags
from lenders.models import Delivery, Submission
from lenders.selectors.for_staff import MOST, Waits, waiting_counts, waiting_submissions
from lenders.services.choosing import choose
from lenders.services.deliveries import CLAIM_CAP
from tests.applications.pages import Elements
from tests.lenders import scene
from tests.lenders.staff import staff

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.django_db(databases=scene.DATABASES),
    pytest.mark.usefixtures("lenders"),
]

PAGE = "/admin/lenders/waiting/"
ENGLISH = {"Accept-Language": "en"}
RIGHTS = ("view_submission", "retry_submission")
REJECTED = LenderError(ErrorCode.REJECTED, permanent=True)


@pytest.fixture
def application() -> Application:
    return scene.sent("atra", "leja")


def fail(application: Application, slug: str = "atra") -> Submission:
    scene.finish(scene.begun(application)[slug], REJECTED)
    return scene.submission_at(application, slug)


def choose_offer(application: Application, slug: str = "leja") -> None:
    offer = scene.open_offer(application, slug)
    owner = application.subject_id
    choose(offer_id=offer.pk, subject_id=owner, actor=Actor.consumer(owner))


def found() -> list[tuple[str, str]]:
    return [(one.submission.lender.slug, str(one.waits)) for one in waiting_submissions(timezone.now())]


# --- what waits -------------------------------------------------------------------------------------------
def test_submission_that_is_on_its_way_waits_for_nobody(application):
    assert found() == []


def test_failed_submission_waits_with_its_reason_and_tries(application):
    for _ in range(3):
        scene.make_due()
        scene.finish(scene.begun(application)["atra"], LenderError(ErrorCode.UNREACHABLE, permanent=False))
    [line] = waiting_submissions(timezone.now())
    assert (line.waits, line.code, line.tries) == (Waits.FAILED, "unreachable", 3)
    assert line.can_be_sent


def test_failed_submission_waits_until_no_answer_would_count_any_more(application):
    failed = fail(application)
    scene.shift(failed, late_until=timezone.now() - timedelta(seconds=1))
    assert found() == []


def test_submission_that_was_set_aside_waits_however_long(application):
    Delivery.objects.filter(lender__slug="atra").update(fence=CLAIM_CAP + 1)
    scene.begun(application)
    scene.shift(scene.submission_at(application, "atra"), late_until=timezone.now() - timedelta(days=30))
    assert found() == [("atra", "set_aside")]
    [line] = waiting_submissions(timezone.now())
    assert line.tries == CLAIM_CAP + 2


def test_submission_of_which_nobody_knows_waits_and_is_not_sent_again(application):
    scene.shift(
        scene.submission_at(application, "atra"), status="unknown", error_code="timed_out",
        answered_at=timezone.now(),
    )  # fmt: skip
    [line] = waiting_submissions(timezone.now())
    assert (line.waits, line.can_be_sent) == (Waits.UNKNOWN, False)


def test_choice_that_could_not_be_told_waits_first_until_it_is_told(application):
    fail(application)
    choose_offer(application)
    assert found() == []  # the choice is due, and while it stands nobody waits for the other lender
    Delivery.objects.filter(kind="choice").update(
        status="failed", error_code="bad_signature", finished_at=timezone.now()
    )
    [line] = waiting_submissions(timezone.now())
    assert (line.submission.lender.slug, line.waits, line.code) == ("leja", Waits.CHOICE, "bad_signature")
    staff(*RIGHTS).post(PAGE, {"submission": [str(line.submission.pk)]})
    assert found() == []


def test_lender_that_declined_or_did_not_answer_waits_for_nobody(application):
    scene.say(scene.submission_at(application, "leja"), "declined")
    scene.shift(scene.submission_at(application, "atra"), status="no_response", answered_at=timezone.now())
    assert found() == []


def test_erased_person_s_submission_waits_for_nobody(application):
    fail(application)
    scene.erase(application.subject)
    assert found() == []
    assert waiting_counts(timezone.now()) == []


def test_counts_are_by_reason_and_lender_with_the_oldest(application):
    other = scene.sent("atra", "leja")
    for one in (application, other):
        fail(one)
    old = timezone.now() - timedelta(hours=5)
    scene.shift(scene.submission_at(application, "atra"), answered_at=old)
    first = waiting_counts(timezone.now())[0]
    assert (first.lender_name, first.waits, first.number) == (scene.SANDBOX["atra"].name, Waits.FAILED, 2)
    assert first.since == old


def test_flag_says_how_many_why_and_how_long(application):
    scene.shift(fail(application), answered_at=timezone.now() - timedelta(hours=5))
    with translation.override("en"):
        [flag] = waiting_flags()
    name = scene.SANDBOX["atra"].name
    assert flag.sentence == f"{name}: No usable answer came from the lender: 1. The oldest waits: 5 hours."
    assert flag.url == f"{PAGE}#failed"


# --- the page ---------------------------------------------------------------------------------------------
def page(*rights: str) -> str:
    response = staff(*(rights or RIGHTS)).get(PAGE, headers=ENGLISH)
    assert response.status_code == 200
    return str(response.text)


def test_page_says_when_nothing_waits(application):
    assert "Nothing waits." in page()


def test_page_says_why_in_words_and_shows_nobody(application):
    fail(application)
    text = page()
    assert "It refused the request." in text
    assert application.reference in text
    assert "Canary" not in text
    assert "canary" not in text


def test_page_counts_what_it_does_not_show(application, monkeypatch):
    monkeypatch.setattr("lenders.selectors.for_staff.MOST", 1)
    monkeypatch.setattr("lenders.admin.pages.MOST", 1)
    for one in (application, scene.sent("atra"), scene.sent("atra")):
        fail(one)
    text = page()
    assert "2 older ones are not shown." in text
    assert MOST == 100


def test_page_is_closed_without_its_permission(application):
    assert staff("view_queues").get(PAGE).status_code == 403


# --- sending again ----------------------------------------------------------------------------------------
def post(client, **data):
    return client.post(PAGE, data, follow=True, headers=ENGLISH)


def said(response) -> list[tuple[str, str]]:
    return [(message.level_tag, str(message)) for message in response.context["messages"]]


def test_ticked_submission_is_sent_again_and_waits_no_more(application):
    failed = fail(application)
    response = post(staff(*RIGHTS), submission=[str(failed.pk)])
    assert said(response) == [("success", "1 submission is on its way.")]
    assert response.redirect_chain == [(PAGE, 302)]
    assert scene.states(application)["atra"] == "queued"
    assert found() == []


def test_all_that_are_shown_can_be_sent_at_once_and_no_other(application):
    shown, later = fail(application), fail(scene.sent("atra"))
    response = post(staff(*RIGHTS), all="1", shown=[str(shown.pk)])
    assert said(response) == [("success", "1 submission is on its way.")]
    assert [one.submission for one in waiting_submissions(timezone.now())] == [later]


@pytest.mark.parametrize("ticked", [[], ["no identifier"], ["6f2d3c1e-0000-4000-8000-000000000000"]])
def test_nothing_ticked_is_said(application, ticked):
    fail(application)
    response = post(staff(*RIGHTS), submission=ticked)
    assert said(response) == [("warning", "Tick at least one submission.")]
    assert scene.states(application)["atra"] == "failed"


def test_staff_who_may_only_look_find_no_button_and_are_refused(application):
    failed = fail(application)
    client = staff("view_submission")
    forms = [tag for tag, found in Elements(client.get(PAGE).text).found if found.get("name") == "submission"]
    assert forms == []
    assert client.post(PAGE, {"submission": [str(failed.pk)]}).status_code == 403
    assert scene.states(application)["atra"] == "failed"


def test_restricted_person_s_submission_is_not_in_the_list_and_nothing_happens_to_it(application):
    failed = fail(application)
    owner = application.subject_id
    restrict(subject_id=owner, ground=RestrictionGround.ACCURACY, actor=Actor.consumer(owner))
    before = Delivery.objects.count()
    assert application.reference not in page()
    post(staff(*RIGHTS), submission=[str(failed.pk)])
    assert scene.states(application)["atra"] == "failed"
    assert Delivery.objects.count() == before
    assert not AuditEntry.objects.filter(action="submission.retried").exists()


def test_erased_person_s_submission_is_refused_with_the_reason_and_nothing_happens(application):
    failed = fail(application)
    client = staff(*RIGHTS)
    scene.erase(application.subject)
    before = Delivery.objects.count()
    response = post(client, submission=[str(failed.pk)])
    [(level, sentence)] = said(response)
    assert level == "error"
    assert "This person's data were erased." in sentence
    assert scene.states(application)["atra"] == "failed"
    assert Delivery.objects.count() == before


def test_submission_whose_request_was_withdrawn_is_refused_with_the_reason(application):
    failed = fail(application)
    owner = application.subject_id
    consent = Consent.objects.get(application=application)
    withdraw_consent(consent_id=consent.pk, subject_id=owner, actor=Actor.consumer(owner))
    [(level, sentence)] = said(post(staff(*RIGHTS), submission=[str(failed.pk)]))
    assert level == "error"
    assert "was withdrawn" in sentence


def test_refusal_of_one_leaves_the_others_on_their_way(application):
    stopped, sound = fail(application), fail(scene.sent("atra"))
    owner, consent = application.subject_id, Consent.objects.get(application=application)
    withdraw_consent(consent_id=consent.pk, subject_id=owner, actor=Actor.consumer(owner))
    response = post(staff(*RIGHTS), submission=[str(stopped.pk), str(sound.pk)])
    assert sorted(level for level, _sentence in said(response)) == ["error", "success"]
