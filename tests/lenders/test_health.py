"""The health of lenders, as staff see it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from applications.actors import Actor
from lenders.adapters.base import ErrorCode, LenderError
from lenders.attention import health_flags
from lenders.breaker import FAILURES_TO_OPEN, TOKENS, BreakerState
from lenders.models import Attempt, Breaker, Lender
from lenders.selectors.health import LenderHealth, lender_health
from lenders.services import breaking
from lenders.services.pausing import pause
from lenders.states import PauseReason
from tests.lenders import scene
from tests.lenders.staff import staff
from tests.many_rows import fill

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.django_db(databases=scene.DATABASES),
    pytest.mark.usefixtures("lenders"),
]

PAGE = "/admin/lenders/health/"
ENGLISH = {"Accept-Language": "en"}
NAME = scene.SANDBOX["atra"].name


def of(slug: str = "atra") -> LenderHealth:
    return next(one for one in lender_health(timezone.now()) if one.lender.slug == slug)


def call(outcome: str | ErrorCode = "offered", *, ms: int = 100) -> None:
    """One call to atra that ended so."""
    application = scene.sent("atra")
    (prepared,) = scene.begun(application).values()
    if isinstance(outcome, ErrorCode):
        scene.finish(prepared, LenderError(outcome, permanent=True))
    else:
        submission = scene.submission_at(application, "atra")
        scene.finish(prepared, scene.signed_reply(submission, scene.statement(submission, outcome)))
    Attempt.objects.filter(pk=prepared.attempt_id).update(duration_ms=ms)


def break_down() -> None:
    for _ in range(FAILURES_TO_OPEN):
        breaking.note_call(Lender.objects.get(slug="atra").pk, ErrorCode.TIMED_OUT)


# --- numbers ----------------------------------------------------------------------------------------------
def test_calls_are_counted_by_what_came_of_them():
    call()
    call("declined")
    call(ErrorCode.UNAVAILABLE)
    scene.begun(scene.sent("atra"))
    found = of()
    assert (found.asked, found.answered, found.failed, found.other) == (4, 2, 1, 1)
    assert found.faults == [("unavailable", 1)]
    assert found.queue.in_flight == 1


def test_faults_are_listed_the_most_frequent_first():
    for code in (ErrorCode.TIMED_OUT, ErrorCode.UNAVAILABLE, ErrorCode.UNAVAILABLE):
        call(code)
    assert of().faults == [("unavailable", 2), ("timed_out", 1)]


def test_percentiles_are_of_the_answers():
    for ms in range(100, 1100, 100):
        call("declined", ms=ms)
    call(ErrorCode.TIMED_OUT, ms=10_000)
    assert (of().p50, of().p95) == (550, 955)


def test_call_that_began_over_an_hour_ago_is_not_counted():
    call()
    Attempt.objects.update(started_at=timezone.now() - timedelta(minutes=61))
    assert (of().asked, of().p50) == (0, None)


def test_lender_that_was_never_asked_is_as_usual():
    found = of("leja")
    assert (found.asked, found.p50, found.p95, found.tokens) == (0, None, None, TOKENS)
    assert found.state is BreakerState.CLOSED


def test_breaker_and_what_it_holds_back_are_told():
    scene.sent("atra")
    break_down()
    assert of().state is BreakerState.OPEN
    assert (of().queue.due, of().queue.held) == (0, 1)
    Breaker.objects.update(open_until=timezone.now())
    assert of().state is BreakerState.HALF_OPEN
    assert (of().queue.due, of().queue.held) == (1, 0)


# --- what is wrong ----------------------------------------------------------------------------------------
def sentences() -> list[str]:
    with translation.override("en"):
        return [flag.sentence for flag in health_flags()]


def test_nothing_is_flagged_while_lenders_are_asked_as_usual():
    call()
    assert sentences() == []


def test_lender_that_fails_is_flagged_until_it_answers():
    break_down()
    [sentence] = sentences()
    assert sentence.startswith(f"{NAME} fails and is left alone until ")
    Breaker.objects.update(open_until=timezone.now())
    assert sentences() == [f"{NAME} failed and is being tried out."]
    call()
    assert sentences() == []


@pytest.mark.parametrize(
    ("days", "words"),
    [(31, None), (29, "ends on"), (-1, "ended on")],
)
def test_certificate_that_ends_is_flagged_a_month_before(days, words):
    until = timezone.now() + timedelta(days=days)
    Lender.objects.filter(slug="atra").update(certificate_until=until)
    found = sentences()
    assert [words in sentence for sentence in found] == ([True] if words else [])


def test_end_of_a_certificate_is_known_from_the_day_the_lender_is_taken_in():
    shown = {lender.slug: lender.certificate_until for lender in Lender.objects.all()}
    of_xml = {lender.slug for lender in scene.SANDBOX_LENDERS if lender.over_tls}
    assert {slug for slug, until in shown.items() if until} == of_xml
    assert all(until > timezone.now() + timedelta(days=390) for until in shown.values() if until)


def test_paused_lender_is_flagged_with_the_reason():
    lender = Lender.objects.get(slug="atra")
    pause(lender=lender, reason=PauseReason.SECURITY, actor=Actor.staff(1))
    assert sentences() == [f"{NAME} is paused: A security incident, or the suspicion of one"]


# --- the page ---------------------------------------------------------------------------------------------
def page(*rights: str) -> str:
    response = staff("view_queues", *rights).get(PAGE, headers=ENGLISH)
    assert response.status_code == 200
    return str(response.text)


def test_page_shows_numbers_faults_in_words_and_a_drawing():
    call(ms=123)
    call(ErrorCode.UNAVAILABLE)
    text = page()
    row = text.partition(f'<th scope="row">{NAME}</th>')[2].partition("</tr>")[0]
    assert '<td class="figure">123</td>' in row
    told = text.partition('id="faults"')[2]
    assert '<td>It said that it cannot answer at the moment.</td><td class="figure">1</td>' in told
    assert text.count('<svg class="chart bars" role="img"') == 1


def test_page_says_that_all_is_well_or_what_is_not():
    assert "Every lender is asked as usual." in page()
    break_down()
    text = page()
    assert f"{NAME} fails and is left alone" in text
    assert f'href="{PAGE}#lenders"' in text
    assert 'id="lenders"' in text


def test_way_to_pause_is_shown_to_those_who_may():
    there = reverse("admin:lenders_pausing")
    assert f"{there}?lender=atra" in page("pause_lender")
    assert there not in page()


def test_page_is_closed_without_its_permission():
    assert staff("view_answers").get(PAGE).status_code == 403


def test_calls_of_the_last_hour_are_found_by_an_index():
    call()
    fill([Attempt], rows=50_000)
    Attempt.objects.filter(started_at__gt=timezone.now() - timedelta(hours=1)).update(outcome="declined")
    with CaptureQueriesContext(connection) as captured:
        lender_health(timezone.now())
    counted = [query["sql"] for query in captured if "lenders_attempt" in query["sql"]]
    assert len(counted) == 2
    for sql in counted:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {sql}")
            plan = "\n".join(line for (line,) in cursor.fetchall())
        assert "attempt_by_time" in plan
        assert "Seq Scan on lenders_attempt" not in plan
        assert "Seq Scan on lenders_delivery" not in plan
