"""What the XML lender can do wrong. It keeps no keys, so an application whose fate is not known is asked for
and never sent again.
"""

import pytest

from applications.models import Disclosure
from lenders.models import Attempt, Lender, Offer, Submission
from lenders.sandbox.certificates import Authority
from lenders.services.choosing import choose
from lenders.services.retrying import retry
from tests.lenders import scene

SLUG = "vecpilseta"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(databases=scene.DATABASES, transaction=True),
    pytest.mark.usefixtures("short_attempts", "and_pauses"),
]


@pytest.fixture
def and_pauses(short_attempts, monkeypatch):
    """Questions follow soon, and a handshake has its time."""
    monkeypatch.setattr("lenders.services.polling.SHORTEST_PAUSE", scene.timedelta(seconds=0.1))
    monkeypatch.setattr("lenders.adapters.http.LONGEST_ATTEMPT_SECONDS", 1.0)


def applications(asked) -> int:
    """How often it was handed an application."""
    entries = asked.sandbox.log()["requests"]
    return len([entry for entry in entries if entry["key"].startswith("CreditApplication ")])


def outcomes(application) -> list[tuple[str, str]]:
    """Of every attempt: what was sent, and what came of it."""
    found = Attempt.objects.filter(delivery__submission__application=application).order_by("started_at")
    return list(found.values_list("delivery__kind", "outcome"))


def asked_again(times: int) -> bool:
    """Whether so many inquiries were answered, or came to nothing."""
    return Attempt.objects.filter(delivery__kind="inquiry", finished_at__isnull=False).count() >= times


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("hang", "timed_out"),
        ("half", "timed_out"),
        ("drip", "timed_out"),
        ("slow", "timed_out"),
        ("malformed", "malformed_answer"),
        ("huge", "too_large"),
    ],
)
def test_application_whose_answer_was_lost_is_asked_for_and_not_sent_again(asked, fault, code):
    asked.sandbox.fault(SLUG, fault, seconds=30, times=1)
    application = scene.sent(SLUG)
    asked.until(lambda: scene.states(application) == {SLUG: "offered"})
    assert outcomes(application) == [("application", code), ("inquiry", "offered")]
    assert applications(asked) == 1
    assert [one["count"] for one in asked.sandbox.log()["evaluations"]] == [1]
    assert Offer.objects.count() == 1


@pytest.mark.parametrize(("fault", "code"), [("hang", "timed_out"), ("malformed", "malformed_answer")])
def test_lasting_uncertainty_is_left_to_staff_and_the_others_answer(asked, fault, code):
    asked.sandbox.fault(SLUG, fault, seconds=30, times=-1)
    application = scene.sent(SLUG, "piesardze")
    asked.until(lambda: asked_again(2), seconds=30)
    assert scene.states(application) == {SLUG: "unknown", "piesardze": "declined"}
    assert scene.submission_at(application, SLUG).error_code == code
    assert applications(asked) == 1


@pytest.mark.parametrize(
    ("fault", "code", "tries"),
    [("error", "unavailable", 3), ("redirect", "redirected", 1), ("bad_signature", "tls_failed", 1)],
)
def test_lasting_fault_before_anything_was_evaluated_is_a_failure(asked, fault, code, tries):
    asked.sandbox.fault(SLUG, fault, times=-1)
    application = scene.sent(SLUG, "piesardze")
    assert asked.settled(application) == {SLUG: "failed", "piesardze": "declined"}
    assert scene.submission_at(application, SLUG).error_code == code
    attempts = Attempt.objects.filter(delivery__lender__slug=SLUG)
    assert [attempt.outcome for attempt in attempts] == [code] * tries
    assert asked.sandbox.log()["evaluations"] == [
        one for one in asked.sandbox.log()["evaluations"] if one["slug"] != SLUG
    ]


def test_burst_of_errors_is_outlived_with_one_application(asked):
    asked.sandbox.fault(SLUG, "error", times=2)
    application = scene.sent(SLUG)
    assert asked.settled(application) == {SLUG: "offered"}
    assert [one["count"] for one in asked.sandbox.log()["evaluations"]] == [1]


def test_stranger_in_the_lenders_place_learns_nothing_and_no_disclosure_is_on_record(asked):
    asked.sandbox.fault(SLUG, "bad_signature", times=-1)
    application = scene.sent(SLUG)
    assert asked.settled(application) == {SLUG: "failed"}
    assert asked.sandbox.log()["requests"] == []
    assert {one.status for one in Disclosure.objects.all()} == {"not_made"}


# --- certificates ---


def register_with(asked, **changes: str) -> None:
    lender = Lender.objects.get(slug=SLUG)
    lender.secrets = lender.secrets | changes
    lender.save()


@pytest.mark.parametrize(
    ("name", "code"),
    [("refused", "disconnected"), ("broken", "not_configured"), ("missing", "not_configured")],
)
def test_certificate_of_ours_that_will_not_do_sends_nothing(asked, name, code):
    stranger = Authority("another").client("us")
    shown = {
        "refused": {"certificate": stranger.certificate, "private_key": stranger.private_key},
        "broken": {"certificate": "canary"},
        "missing": {"certificate": ""},
    }[name]
    with scene.data_key_scope():
        register_with(asked, **shown)
    application = scene.sent(SLUG)
    assert asked.settled(application) == {SLUG: "failed"}
    assert scene.submission_at(application, SLUG).error_code == code
    assert asked.sandbox.log()["requests"] == []
    assert {one.status for one in Disclosure.objects.all()} <= {"not_made"}


def test_certificate_that_was_put_right_takes_effect_without_a_restart(asked):
    with scene.data_key_scope():
        right = Lender.objects.get(slug=SLUG).secrets
        register_with(asked, certificate="canary")
        first = scene.sent(SLUG)
        assert asked.settled(first) == {SLUG: "failed"}
        register_with(asked, **right)
        second = scene.sent(SLUG)
        assert asked.settled(second) == {SLUG: "offered"}


# --- it calls nobody back ---


def test_decision_that_comes_later_is_asked_for(asked):
    asked.sandbox.fault(SLUG, "late_callback", seconds=0.5)
    application = scene.sent(SLUG)
    asked.until(lambda: scene.states(application) == {SLUG: "pending"})
    asked.until(lambda: scene.states(application) == {SLUG: "offered"})
    assert applications(asked) == 1
    assert asked.sandbox.log()["callbacks"] == []


# --- what is not an answer to an application ---


def test_choice_reaches_the_lender(asked):
    application = scene.sent(SLUG)
    asked.settled(application)
    offer = Offer.objects.get()
    choose(offer_id=offer.pk, subject_id=offer.subject_id, actor=scene.Actor.consumer(offer.subject_id))
    asked.until(lambda: scene.delivery_at(application, SLUG, "choice").status == "done")
    assert [one["offer_reference"] for one in asked.sandbox.log()["choices"]] == [offer.reference]


def test_choice_whose_answer_was_lost_is_told_again_by_staff_alone(asked):
    application = scene.sent(SLUG)
    asked.settled(application)
    offer = Offer.objects.get()
    asked.sandbox.fault(SLUG, "hang", seconds=30)
    choose(offer_id=offer.pk, subject_id=offer.subject_id, actor=scene.Actor.consumer(offer.subject_id))
    asked.until(lambda: asked_again(1))
    assert outcomes(application)[1:3] == [("choice", "timed_out"), ("inquiry", "offered")]
    assert scene.states(application) == {SLUG: "selected"}
    assert scene.delivery_at(application, SLUG, "choice").status == "failed"
    retry(submission_id=offer.submission_id, actor=scene.SYSTEM)
    asked.until(lambda: scene.delivery_at(application, SLUG, "choice").status == "done")


def test_lender_that_needs_more_says_what(asked):
    asked.sandbox.fault(SLUG, "needs_more")
    application = scene.sent(SLUG)
    asked.until(lambda: scene.states(application) == {SLUG: "action_required"})
    assert Submission.objects.get().needs == ["identification.phone"]
