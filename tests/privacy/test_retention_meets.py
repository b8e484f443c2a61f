"""What keeps data on the privacy floor: open requests, holds, registers; and what people read of it."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from applications.formats import date_text
from applications.models import Application, DataSubject
from applications.retention_rules import Retention
from applications.selectors.periods import rules_in_force
from applications.selectors.retention import kept_of_account, kept_of_application
from privacy.models import Erasure, Exception17, Right, RightsRequest
from privacy.services import ending, reminding
from privacy.services.requests import Kept
from privacy.states import RequestStatus
from tests import factories, retention
from tests.clock import later
from tests.lenders import scene
from tests.privacy import rights

ACCOUNT = reverse("applications:account")
pytestmark = [pytest.mark.thorough, pytest.mark.django_db(databases=scene.DATABASES)]


@pytest.fixture(autouse=True)
def _lenders(db: None) -> None:
    scene.register(scene.NOWHERE, "atra")


def over(application: Application) -> Application:
    """Everything of it may go: its lenders were told."""
    retention.run()
    retention.told(application)
    return application


def test_nothing_goes_while_a_request_of_the_person_is_open() -> None:
    application = over(retention.old("atra"))
    rights.ask(application.subject, Right.ACCESS)
    retention.run()
    assert Application.objects.get().emptied_at is None


def test_erasure_waits_for_a_hold() -> None:
    subject = factories.subject()
    with retention.held(subject.pk):
        request = rights.run(rights.approved(subject))
        assert request.trouble == "held"
        assert not Erasure.objects.exists()
    request.next_try_at = None
    request.save()
    assert rights.run(request).status == RequestStatus.COMPLETED


def test_what_stays_after_an_erasure_outlives_its_day_while_it_is_held() -> None:
    application = retention.old("atra", signed=True, days_ago=1)
    until = timezone.localdate() + timedelta(days=20)
    with retention.held(application.subject_id, application_id=application.pk):
        kept = [Kept(application.pk, Exception17.CLAIMS, until)]
        request = rights.approved(application.subject, kept=kept)
        with later(days=28):
            request = rights.run(request)
            retention.told(application)
        with later(days=29):
            request = rights.run(request)
            assert request.status == RequestStatus.COMPLETED, request.trouble
            assert ending.end_what_stayed() == {"applications": 0}
    with later(days=30):
        assert ending.end_what_stayed() == {"applications": 1}


def test_register_of_requests_goes_after_five_years_with_its_proofs() -> None:
    subject = factories.subject()
    rights.run(rights.approved(subject))
    with later(days=200):
        Erasure.objects.update(searched_all_at=timezone.now())
        reminding.forget_words()
    retention.run(days=1800)
    assert RightsRequest.objects.exists()
    retention.run(days=1830)
    assert not RightsRequest.objects.exists()
    assert not Erasure.objects.exists()
    assert DataSubject.objects.filter(pk=subject.pk).exists()
    retention.run(days=3660)
    assert not DataSubject.objects.filter(pk=subject.pk).exists()


# --- what the person reads ---
def test_account_says_until_when_each_application_and_the_account_are_kept(client: Client) -> None:
    application = scene.sent_from(client, "atra")
    open_still = str(kept_of_application(application).text)
    assert open_still in client.get(ACCOUNT).content.decode()
    retention.ended(application)
    last = date_text(rules_in_force()[Retention.APPLICATION].last_day(timezone.localdate()))
    page = client.get(ACCOUNT).content.decode()
    assert page.count(last) == 2  # of the application, and of the account
    assert open_still not in page


def test_emptied_application_is_named_and_leads_nowhere(client: Client) -> None:
    application = scene.sent_from(client, "atra")
    Application.objects.update(emptied_at=timezone.now(), closed_at=timezone.now(), status="closed")
    page = client.get(ACCOUNT).content.decode()
    assert application.reference in page
    assert str(application.pk) not in page
    assert client.get(reverse("lenders:offers", args=[application.pk])).status_code == 404


@pytest.mark.parametrize("days", [0, 29, 30, 31, 181, 183, 184, 200])
@pytest.mark.parametrize("what", ["draft", "sent", "closed", "signed", "account"])
def test_what_people_read_and_what_the_run_takes_are_one(what: str, days: int) -> None:
    """On every day: what is over by the words on the page is due, and nothing else."""
    subject, _token = scene.new_session()
    if what != "account":
        application = scene.draft_for(subject)
    if what in ("sent", "closed", "signed"):
        application = scene.send(application, ["atra"])
    if what in ("closed", "signed"):
        application = retention.ended(application, signed=what == "signed")
    day = retention.today() + timedelta(days=days)
    if what == "account":
        assert kept_of_account(subject).over(day) == (subject.pk in retention.due("people", days=days))
    else:
        name = "drafts" if what == "draft" else "applications"
        due = application.pk in retention.due(name, days=days)
        assert kept_of_application(application).over(day) == due
