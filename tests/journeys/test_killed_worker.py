"""A worker that is killed while lenders are being asked costs seconds, and nothing else."""

import json
from collections import Counter

from lenders.sandbox.secrets import SANDBOX_LENDERS, Behaviour
from tests.journeys.product import OFFERS_OF, Product, until

APPLICATIONS = 8
SEND = f"""
import json
from tests.lenders.scene import sent
print(json.dumps([str(sent().pk) for _ in range({APPLICATIONS})]))
"""
LOOK = """
import json
from lenders.models import Delivery, Offer, Submission
everything = Submission.objects.filter(application_id__in={ids!r})
mine = everything.exclude(lender__slug="vetra")
offers = Offer.objects.filter(submission__in=mine).select_related("submission__lender")
print(json.dumps({{
    "number": everything.count(),
    "states": [[str(one.pk), one.lender.slug, one.status] for one in mine.select_related("lender")],
    "due": Delivery.objects.filter(submission__in=mine, status="due").count(),
    "offers": [[str(one.submission_id), one.submission.lender.slug] for one in offers],
}}))
"""
EXPECTED = {
    lender.slug: "declined" if lender.behaviour is Behaviour.DECLINES else "offered"
    for lender in SANDBOX_LENDERS
    if lender.behaviour is not Behaviour.FAILS
}
# Vētra fails always: after five times it is left alone, and what is due to it waits.
WITH_VETRA = len(EXPECTED) + 1


def test_killed_worker_loses_nothing_and_no_lender_sees_anything_twice(product: Product):
    for slug in ("atra", "piesardze"):
        product.fault(slug, "slow", seconds=3, times=APPLICATIONS)
    before = len(product.lenders_log()["requests"])
    ids = json.loads(product.in_its_shell(SEND))
    until(lambda: len(product.lenders_log()["requests"]) > before, pause=0.05)
    killed = product.worker()
    assert killed is not None
    killed.kill()

    def look() -> dict:
        return json.loads(product.in_its_shell(LOOK.format(ids=ids)))

    def answered() -> dict | None:
        found = look()
        waiting = {"queued", "pending", "action_required"} & {state for *_, state in found["states"]}
        return None if waiting or found["due"] else found

    # The bank is asked what it has of what a dead worker may have sent it, twice and a minute apart.
    found = until(answered, seconds=120, pause=1)
    again = product.worker()
    assert again is not None
    assert again.pid != killed.pid
    assert found["number"] == APPLICATIONS * WITH_VETRA
    assert {(slug, state) for _, slug, state in found["states"]} == set(EXPECTED.items())
    for (_, slug), number in Counter(map(tuple, found["offers"])).items():
        assert number <= OFFERS_OF[slug]  # a group's other products may answer later still
    asked = {pk for pk, *_ in found["states"]}
    evaluated = Counter(
        {
            one["submission_id"]: one["count"]
            for one in product.lenders_log()["evaluations"]
            if one["submission_id"] in asked
        }
    )
    assert evaluated == dict.fromkeys(asked, 1)
