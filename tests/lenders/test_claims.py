"""Who claims what is due: each row once, no lender more than it may have, none hidden behind another's."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections, transaction
from django.utils import timezone

from lenders.adapters.base import ErrorCode, LenderError
from lenders.adapters.http import LONGEST_ATTEMPT_SECONDS
from lenders.models import Attempt, Delivery, Lender, Submission
from lenders.services import claims, deliveries
from lenders.services.claims import LEASE
from tests.lenders import scene

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.django_db(databases=scene.DATABASES),
    pytest.mark.usefixtures("lenders"),
]


def test_everything_due_is_claimed_once():
    application = scene.sent()
    assert len(scene.claim(application)) == len(scene.SLUGS)
    assert scene.claim(application) == []
    assert scene.claim() == []


def test_claim_of_one_application_leaves_the_others_alone():
    first, second = scene.sent("atra"), scene.sent("atra")
    assert [claim.delivery_id for claim in scene.claim(first)] == [scene.delivery_at(first, "atra").pk]
    assert len(scene.claim(second)) == 1


def test_row_whose_pause_is_not_over_is_not_claimed():
    application = scene.sent("atra")
    Delivery.objects.update(due_at=timezone.now() + timedelta(seconds=5))
    assert scene.claim(application) == []


def test_row_is_claimed_again_when_its_lease_has_run_out():
    application = scene.sent("atra")
    (first,) = scene.claim(application)
    scene.end_leases()
    (second,) = scene.claim(application)
    assert (first.delivery_id, first.fence + 1) == (second.delivery_id, second.fence)


def test_lease_outlives_the_longest_attempt():
    assert timedelta(seconds=LONGEST_ATTEMPT_SECONDS) < LEASE


def test_lender_gets_no_more_at_once_than_it_may_have_in_flight():
    Lender.objects.filter(slug="atra").update(maximum_in_flight=2)
    for _ in range(4):
        scene.sent("atra", "leja")
    claimed = Counter(
        Delivery.objects.filter(pk__in=[one.delivery_id for one in scene.claim()]).values_list(
            "lender__slug", flat=True
        )
    )
    assert claimed == {"atra": 2, "leja": 4}
    assert scene.claim() == []


def test_rows_past_the_cap_are_claimed_when_others_are_done():
    Lender.objects.filter(slug="atra").update(maximum_in_flight=1)
    first, second = scene.sent("atra"), scene.sent("atra")
    (prepared,) = scene.begun(first).values()
    assert scene.claim(second) == []
    scene.finish(prepared, LenderError(ErrorCode.REJECTED, permanent=True))
    assert len(scene.claim(second)) == 1


def test_many_rows_of_a_lender_at_its_cap_do_not_hide_those_of_the_others():
    Lender.objects.filter(slug="atra").update(maximum_in_flight=1)
    for _ in range(6):
        scene.sent("atra")
    young = scene.sent("leja")
    claimed = {claim.delivery_id for claim in scene.claim(limit=4)}
    assert scene.delivery_at(young, "leja").pk in claimed


@pytest.mark.parametrize(("many", "one"), [("deletion", "application"), ("application", "deletion")])
def test_many_rows_of_one_purpose_do_not_hide_those_of_another(many, one):
    """Every other round begins with either: that 25 in a row do not is one accident in 30 million."""
    Lender.objects.update(maximum_in_flight=50)
    crowd = [scene.delivery_at(scene.sent("atra"), "atra").pk for _ in range(25)]
    wanted = scene.delivery_at(scene.sent("leja"), "leja").pk
    Delivery.objects.filter(pk__in=crowd).update(kind=many, due_at=timezone.now() - timedelta(hours=1))
    Delivery.objects.filter(pk=wanted).update(kind=one)
    rounds = [claims.claim_due(limit=1) for _ in crowd]
    assert wanted in {claim.delivery_id for claimed in rounds for claim in claimed}


def test_no_more_are_claimed_than_there_is_room_for():
    for _ in range(3):
        scene.sent()
    room = 2 * len(scene.SLUGS) - 1
    assert len(scene.claim(limit=room)) == room


def test_claim_given_back_is_not_counted_and_due_again_after_a_pause():
    application = scene.sent("atra")
    claims.give_back(scene.claim(application), code="database_away")
    assert scene.claim(application) == []
    scene.make_due()
    (again,) = scene.claim(application)
    assert again.fence == 1


@pytest.mark.parametrize(("waited", "longest"), [(0, 10), (60, 60), (86400, 600)])
def test_pause_during_an_outage_grows_with_the_wait(waited, longest):
    pauses = {claims.pause_during_outage(timedelta(seconds=waited)).total_seconds() for _ in range(300)}
    assert 0 < min(pauses) < longest / 2 < max(pauses) <= longest


def test_claim_that_was_overtaken_is_not_given_back():
    application = scene.sent("atra")
    old = scene.claim(application)
    scene.end_leases()
    scene.claim(application)
    claims.give_back(old, code="database_away")
    delivery = scene.delivery_at(application, "atra")
    assert (delivery.fence, delivery.error_code) == (2, "")
    assert delivery.lease_until is not None


# --- two at once ---


@pytest.mark.slow
@pytest.mark.django_db(databases=scene.DATABASES, transaction=True)
class TestAtOnce:
    """Real connections beside each other."""

    def test_two_workers_never_claim_the_same_row(self):
        for _ in range(6):
            scene.sent()
        claims = at_once(8, lambda: scene.claim(limit=100))
        claimed = [one.delivery_id for found in claims for one in found]
        claimed += [one.delivery_id for one in scene.claim(limit=100)]
        assert len(claimed) == len(set(claimed)) == 6 * len(scene.SLUGS)
        assert set(Delivery.objects.values_list("fence", flat=True)) == {1}

    def test_duplicate_messages_about_one_application_claim_it_once(self):
        application = scene.sent()
        claims = at_once(8, lambda: scene.claim(application))
        assert sum(len(found) for found in claims) == len(scene.SLUGS)

    def test_workers_that_claim_at_once_do_not_exceed_a_lenders_cap(self):
        Lender.objects.filter(slug="atra").update(maximum_in_flight=3)
        for _ in range(10):
            scene.sent("atra")
        claims = at_once(8, lambda: scene.claim(limit=2))
        assert sum(len(found) for found in claims) == 3

    def test_late_outcome_and_a_new_claim_agree_on_one_writer(self):
        application = scene.sent("atra")
        (prepared,) = scene.begun(application).values()
        submission = scene.submission_at(application, "atra")
        reply = scene.signed_reply(submission, scene.statement(submission, "offered"))
        scene.end_leases()
        with ThreadPoolExecutor(1) as threads:
            with transaction.atomic():
                (newer,) = scene.claim(application)
                late = threads.submit(at_once, 1, lambda: scene.finish(prepared, reply))
                scene.until(lambda: late.done() or scene.somebody_waits_for_us())
            late.result(30)
        assert Attempt.objects.get().outcome == "lease_lost"
        assert Submission.objects.get().status == "queued"

        with scene.data_key_scope():
            (again,) = deliveries.begin([newer])
        at_once(4, lambda: scene.finish(again, reply))
        assert submission.offers.count() == 1
        assert Submission.objects.get().status == "offered"


def at_once(threads: int, work: Callable[[], Any]) -> list[Any]:
    """Run `work` in several threads that start together; what each returned."""
    together, found = threading.Barrier(threads), []

    def run() -> None:
        try:
            together.wait(10)
            found.append(work())
        finally:
            connections.close_all()

    running = [threading.Thread(target=run) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join(30)
    assert len(found) == threads
    return found
