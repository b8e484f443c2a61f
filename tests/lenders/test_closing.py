"""Applications of which nothing can come any more are closed, and their contract to use the solution ends."""

from datetime import timedelta

import pytest
from django.utils import timezone

from applications.actors import SYSTEM
from applications.models import Application, Contract, RestrictionGround
from applications.services.operations import DAILY_JOBS
from applications.services.processing import restrict
from lenders.models import Delivery, Offer, Submission
from lenders.services.closing import close_finished
from tests.clock import later
from tests.lenders import scene

pytestmark = pytest.mark.django_db(databases=scene.DATABASES)


@pytest.fixture
def application() -> Application:
    """Sent to one lender, which made no offer."""
    scene.register(scene.NOWHERE, "atra")
    found = scene.sent("atra")
    scene.taken_by_all(found)
    Delivery.objects.filter(status="due").update(status="failed", finished_at=timezone.now())
    Submission.objects.update(late_until=timezone.now())
    return found


def closed(*, days: int) -> bool:
    with later(days=days):
        close_finished()
    return Application.objects.get().status == "closed"


def test_quiet_application_is_closed_after_a_month_with_its_contract(application: Application) -> None:
    Offer.objects.all().delete()
    assert not closed(days=29)
    assert closed(days=31)
    contract = Contract.objects.get()
    assert (contract.end, contract.ended_at) == ("closed", Application.objects.get().closed_at)


def test_offer_that_can_be_chosen_keeps_it_open(application: Application) -> None:
    scene.open_offer(application, "atra")
    Offer.objects.update(valid_until=timezone.now() + timedelta(days=20))
    assert not closed(days=49)
    assert closed(days=51)


def test_chosen_offer_may_still_become_a_contract_for_a_month(application: Application) -> None:
    scene.chosen(application, "atra")
    Delivery.objects.filter(status="due").update(status="done", finished_at=timezone.now())
    Offer.objects.update(valid_until=timezone.now() + timedelta(days=20))
    assert not closed(days=49)
    assert closed(days=51)


@pytest.mark.parametrize("what", ["claim", "late", "due"])
def test_what_may_still_come_keeps_it_open(application: Application, what: str) -> None:
    Offer.objects.all().delete()
    if what == "claim":
        Submission.objects.update(signing_claim="open")
    elif what == "late":
        Submission.objects.update(late_until=timezone.now() + timedelta(days=60))
    else:
        Delivery.objects.update(status="due", finished_at=None)
    assert not closed(days=60)


def test_nothing_is_decided_about_somebody_restricted(application: Application) -> None:
    restrict(subject_id=application.subject_id, ground=RestrictionGround.CLAIMS, actor=SYSTEM)
    assert not closed(days=400)


def test_signing_ends_it_as_well() -> None:
    scene.register(scene.NOWHERE, "atra")
    application = scene.sent("atra")
    scene.taken_by_all(application)
    scene.say(scene.chosen(application, "atra"), "contract_signed")
    contract = Contract.objects.get()
    assert (contract.end, contract.ended_at) == ("signed", Application.objects.get().closed_at)


def test_it_is_a_daily_job() -> None:
    assert DAILY_JOBS["close_finished_applications"] is close_finished
