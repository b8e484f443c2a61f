"""What the lenders floor tells on an application's timeline: each lender's way, folded, without a term."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone, translation

from applications.actors import Actor, ActorKind
from applications.models import Application, StaffUser
from applications.services import audit
from lenders.adapters.base import Accepted, ErrorCode, LenderError
from lenders.models import Attempt, Delivery, Lender
from lenders.selectors.moments import moments
from lenders.services.choosing import choose
from lenders.services.deliveries import CLAIM_CAP
from lenders.services.ingest import ingest
from lenders.services.retrying import retry
from tests.lenders import scene

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.django_db(databases=scene.DATABASES),
    pytest.mark.usefixtures("lenders"),
]

ATRA, LEJA = (scene.SANDBOX[slug].name for slug in ("atra", "leja"))
AWAY = LenderError(ErrorCode.UNAVAILABLE, permanent=False)


@pytest.fixture
def application() -> Application:
    return scene.sent("atra", "leja")


def all_told(application: Application, *without: str) -> list[str]:
    with translation.override("en"):
        found = list(moments(application, lambda permission: permission not in without))
    return [one.sentence for one in sorted(found, key=lambda one: one.at)]


def of(lender: str, application: Application, *without: str) -> list[str]:
    """What is told under one lender's name."""
    begins = f"{lender}: "
    return [
        one.removeprefix(begins) for one in all_told(application, *without) if one.startswith(begins)
    ]  # fmt: skip


def fail(application: Application, slug: str, *, times: int) -> None:
    for _ in range(times):
        scene.make_due()
        scene.finish(scene.begun(application)[slug], AWAY)


def test_lenders_that_were_asked_together_are_one_line(application):
    told = [one for one in all_told(application) if not one.startswith("Not asked")]
    assert told == [f"Queued for 2 lenders: {ATRA}, {LEJA}"]


def test_lenders_that_were_not_asked_are_a_line_for_each_reason():
    Lender.objects.exclude(slug__in=["atra", "leja", "dzintars", "piesardze", "vetra"]).delete()
    application = scene.sent("leja", amount_cents=12_000_00, term_months=36)
    name = {slug: lender.name for slug, lender in scene.SANDBOX.items()}
    not_ticked = "It was not ticked on the page before sending."
    assert [one for one in all_told(application) if one.startswith("Not asked")] == [
        f"Not asked: {name['atra']}, {name['vetra']}. It does not lend this much.",
        f"Not asked: {name['dzintars']}, {name['piesardze']}. {not_ticked}",
    ]


def test_tries_with_the_same_outcome_are_one_line(application):
    fail(application, "atra", times=3)
    cannot = "It said that it cannot answer at the moment."
    assert sorted(of(ATRA, application)) == [
        f"Application, 3 tries. {cannot}",
        f"No usable answer came from the lender. {cannot}",
    ]


def test_hundreds_of_tries_stay_a_line_for_each_outcome(application):
    delivery = scene.delivery_at(application, "atra")
    now = timezone.now()
    Attempt.objects.bulk_create(
        Attempt(
            subject_id=application.subject_id, delivery=delivery, fence=number,
            started_at=now + timedelta(seconds=number),
            outcome=(ErrorCode.TIMED_OUT, ErrorCode.UNREACHABLE)[number % 2],
        )
        for number in range(400)
    )  # fmt: skip
    assert of(ATRA, application) == [
        "Application, 200 tries. It did not answer in time.",
        "Application, 200 tries. It could not be reached.",
    ]


def test_lender_that_was_asked_a_hundred_times_is_a_line_for_each_outcome(application):
    """What else was tried is told though the questions after it are more than the timeline holds."""
    submission = scene.submission_at(application, "atra")
    now = timezone.now()
    questions = Delivery.objects.bulk_create(
        Delivery(
            subject_id=application.subject_id, submission=submission, lender=submission.lender,
            kind="inquiry", status="done", due_at=now, deadline=now, finished_at=now,
        )
        for _ in range(600)
    )  # fmt: skip
    Attempt.objects.bulk_create(
        Attempt(
            subject_id=application.subject_id, delivery=question, fence=1, started_at=now,
            outcome=("pending", ErrorCode.UNAVAILABLE)[number % 2],
        )
        for number, question in enumerate(questions)
    )  # fmt: skip
    fail(application, "atra", times=1)
    assert sorted(of(ATRA, application)) == [
        "Application, 1 try. It said that it cannot answer at the moment.",
        "Question about where it stands, 300 tries. It is considering.",
        "Question about where it stands, 300 tries. It said that it cannot answer at the moment.",
    ]


def test_offer_is_told_without_a_term(application):
    offer = scene.open_offer(application, "leja")
    assert of(LEJA, application) == ["1 offer was received"]
    everything = " ".join(all_told(application))
    assert str(offer.amount_cents // 100) not in everything
    assert offer.reference not in everything


def test_answer_to_the_call_is_told_once(application):
    submission = scene.submission_at(application, "leja")
    reply = scene.signed_reply(submission, scene.statement(submission, "offered"))
    scene.finish(scene.begun(application)["leja"], reply)
    assert of(LEJA, application) == ["1 offer was received"]
    assert of(LEJA, application, "lenders.view_offer") == ["Application, 1 try. It made an offer."]


def test_decline_is_told_by_the_lender_s_state_alone(application):
    submission = scene.submission_at(application, "leja")
    reply = scene.signed_reply(submission, scene.statement(submission, "declined"))
    scene.finish(scene.begun(application)["leja"], reply)
    assert of(LEJA, application) == ["The lender declined"]


def test_choice_and_its_delivery_are_told(application):
    offer = scene.open_offer(application, "leja")
    choose(offer_id=offer.pk, subject_id=application.subject_id, actor=Actor.consumer(application.subject_id))
    assert of(LEJA, application)[1:] == ["Its offer was chosen", "it is to be told of the choice"]
    Delivery.objects.filter(kind="choice").update(status="done", finished_at=timezone.now())
    assert of(LEJA, application)[-1] == "it knows of the choice"


def test_late_decline_is_told(application):
    offer = scene.open_offer(application, "leja")
    choose(offer_id=offer.pk, subject_id=application.subject_id, actor=Actor.consumer(application.subject_id))
    scene.say(scene.submission_at(application, "leja"), "declined")
    assert of(LEJA, application)[-1] == "The lender declined after it was chosen"


def test_failure_stays_told_when_staff_send_it_again(application):
    fail(application, "atra", times=3)
    retry(submission_id=scene.submission_at(application, "atra").pk, actor=Actor.staff(1))
    told = of(ATRA, application)
    assert "Application: given up. It said that it cannot answer at the moment." in told
    assert told[-1] == "the application is sent again"


def test_delivery_that_was_set_aside_is_told(application):
    Delivery.objects.filter(lender__slug="atra").update(fence=CLAIM_CAP + 1)
    scene.begun(application)
    [told] = of(ATRA, application, "lenders.view_attempt")
    assert told.startswith("No usable answer came from the lender. Workers took it up again and again")


def test_choice_that_could_not_be_told_is_given_up_with_the_reason(application):
    offer = scene.open_offer(application, "leja")
    choose(offer_id=offer.pk, subject_id=application.subject_id, actor=Actor.consumer(application.subject_id))
    scene.finish(scene.begun(application)["leja"], LenderError(ErrorCode.BAD_SIGNATURE, permanent=True))
    told = "The consumer's choice: given up. Its answer was not signed as agreed."
    assert told in of(LEJA, application)


def test_messages_that_changed_nothing_are_one_line_for_each_reason(application):
    submission = scene.submission_at(application, "leja")
    scene.say(submission, "declined", message_id="first")
    for number in range(3):
        scene.say(submission, "pending", message_id=f"later-{number}")
    assert "3 messages changed nothing. It did not fit any more." in of(LEJA, application)


def test_message_that_was_understood_is_not_called_vain(application):
    offer = scene.open_offer(application, "leja")
    choose(offer_id=offer.pk, subject_id=application.subject_id, actor=Actor.consumer(application.subject_id))
    ingest(submission_id=offer.submission_id, answer=Accepted(), message_id="m1", actor=Actor.lender("leja"))
    other = scene.submission_at(application, "atra")
    past = (timezone.now() - timedelta(days=1)).isoformat()
    said = scene.say(other, "offered", message_id="m2", offer=scene.terms_document(other, valid_until=past))
    assert said == "expired"
    assert "changed nothing" not in " ".join(all_told(application))


def test_withdrawn_request_is_told_as_to_staff(application):
    submission = scene.submission_at(application, "atra")
    scene.shift(submission, status="called_off", error_code="request_withdrawn", answered_at=timezone.now())
    assert of(ATRA, application) == ["Not sent. The request to pass it on was withdrawn."]


def test_who_opened_a_submission_is_told_under_its_lender(application):
    agent = StaffUser.objects.create_user("agent", is_staff=True)
    for row in (scene.submission_at(application, "atra"), scene.delivery_at(application, "atra")):
        audit.record(
            actor=Actor.staff(agent.pk), action=f"{row._meta.model_name}.seen",
            subject_id=application.subject_id, row=row,
        )  # fmt: skip
    assert of(ATRA, application) == ["opened by agent"] * 2


@pytest.mark.parametrize(
    ("right", "sentence"),
    [
        ("lenders.view_submission", "Queued for 2 lenders"),
        ("lenders.view_attempt", "2 tries"),
        ("lenders.view_offer", "1 offer was received"),
        ("lenders.view_delivery", "it is to be told of the choice"),
    ],
)
def test_reader_without_the_right_is_not_told(application, right, sentence):
    fail(application, "atra", times=2)
    offer = scene.open_offer(application, "leja")
    choose(offer_id=offer.pk, subject_id=application.subject_id, actor=Actor.consumer(application.subject_id))
    assert sentence in " ".join(all_told(application))
    assert sentence not in " ".join(all_told(application, right))


def test_number_of_queries_does_not_grow_with_the_lenders(django_assert_num_queries):
    small, large = scene.sent("atra"), scene.sent()
    for application in (small, large):
        fail(application, "atra", times=2)
    for application in (small, large):
        with django_assert_num_queries(10):
            all_told(application)


def test_every_line_under_a_lender_leads_to_what_it_is_about(application):
    fail(application, "atra", times=3)
    with translation.override("en"):
        found = [one for one in moments(application, lambda _permission: True) if ATRA in one.sentence]
    urls = [one.url for one in found if not one.sentence.startswith("Queued")]
    assert urls
    assert all(url.startswith("/admin/lenders/") for url in urls)
    assert {one.actor for one in found} <= set(ActorKind)


def test_application_that_nobody_was_asked_for_has_no_lenders_part():
    assert list(moments(Application(pk=uuid4(), subject_id=uuid4()), lambda _permission: True)) == []
