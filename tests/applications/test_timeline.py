"""The timeline of an application: all floors in one order, what its reader may see, never too long."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st

from applications.actors import SYSTEM, Actor, ActorKind
from applications.models import Application, Consent, Contract, DataSubject, RestrictionGround, StaffUser
from applications.selectors.moments import moments
from applications.services import audit
from applications.services.processing import lift_restriction, restrict, withdraw_consent
from applications.services.submitting import change_status
from applications.states import ApplicationStatus
from applications.timeline import FIRST, LAST, Moment, Sources, timeline_of
from tests import factories
from tests.clock import later

database = pytest.mark.django_db(databases=["default", "keys", "aside"])
NOON = datetime(2026, 11, 5, 10, 0, tzinfo=timezone.get_default_timezone())
ALL = ["view_application", "view_consent", "view_restriction", "view_auditentry"]


def moment(minutes: int) -> Moment:
    return Moment(NOON + timedelta(minutes=minutes), f"minute {minutes}", ActorKind.SYSTEM)


# --- the order and the length -----------------------------------------------------------------------------
@given(st.lists(st.integers(0, 10_000), max_size=300))
def test_moments_stand_in_order_and_none_is_lost_uncounted(minutes: list[int]) -> None:
    made = timeline_of(map(moment, minutes))
    shown = [one for day in (*made.beginning, *made.end) for one in day.moments]
    assert len(shown) + made.left_out == len(minutes)
    assert len(shown) <= FIRST + LAST
    assert shown == sorted(shown, key=lambda one: one.at)
    assert all(timezone.localdate(one.at) == day.date for day in made.end for one in day.moments)


def test_long_timeline_keeps_its_beginning_and_its_end() -> None:
    made = timeline_of(map(moment, range(500)))
    assert made.left_out == 500 - FIRST - LAST
    assert made.beginning[0].moments[0].sentence == "minute 0"
    assert made.end[-1].moments[-1].sentence == "minute 499"


def test_day_begins_at_midnight_in_riga() -> None:
    midnight = datetime(2026, 11, 6, tzinfo=timezone.get_default_timezone())
    made = timeline_of(
        Moment(midnight + timedelta(seconds=second), "", ActorKind.SYSTEM) for second in (-1, 0)
    )
    assert [f"{day.date:%d}" for day in made.end] == ["05", "06"]


def test_floors_speak_in_the_order_of_their_registration() -> None:
    sources = Sources()
    sources.register(lambda application, may: [moment(0)] if may("see") else [])
    sources.register(lambda application, may: [moment(1)])
    assert sources.moments(Application(), lambda permission: True) == [moment(0), moment(1)]
    assert sources.moments(Application(), lambda permission: False) == [moment(1)]


# --- what the ground floor tells --------------------------------------------------------------------------
@pytest.fixture
def application() -> Application:
    return factories.sent_application(factories.subject())


def told(application: Application, *without: str) -> list[str]:
    """In English, by whoever has all rights but these."""
    lacking = {f"applications.{name}" for name in without}
    fresh = Application.objects.select_related("subject").get(pk=application.pk)
    with translation.override("en"):
        found = list(moments(fresh, lambda permission: permission not in lacking))
    return [one.sentence for one in sorted(found, key=lambda one: one.at)]


@database
def test_application_was_opened_and_sent_and_its_contract_began(application: Application) -> None:
    said = told(application)
    assert said[0] == "The form was opened"
    assert {"The application was sent", "The contract to use the solution began"} <= set(said)


@database
def test_choice_that_is_open_again_is_not_called_sent(application: Application) -> None:
    for status in (ApplicationStatus.CHOSEN, ApplicationStatus.SUBMITTED):
        application.refresh_from_db()
        change_status(application=application, to=status, actor=SYSTEM)
    assert told(application)[-2:] == ["An offer was chosen", "The choice is open again"]


@database
def test_contract_ended_with_how(application: Application) -> None:
    Contract.objects.filter(application=application).update(ended_at=timezone.now(), end="terminated")
    assert told(application)[-1] == "The contract to use the solution ended: The consumer ended it"


@database
def test_request_given_and_taken_back(application: Application) -> None:
    consent = Consent.objects.get(application=application)
    owner = application.subject_id
    withdraw_consent(consent_id=consent.pk, subject_id=owner, actor=Actor.consumer(owner))
    what = "Passing your application and your choice to lenders"
    assert [f"Asked for: {what}", f"The request was withdrawn: {what}"] == [
        sentence for sentence in told(application) if what in sentence
    ]


@database
def test_restriction_set_and_lifted(application: Application) -> None:
    row = restrict(subject_id=application.subject_id, ground=RestrictionGround.CLAIMS, actor=SYSTEM)
    lift_restriction(restriction_id=row.pk, actor=SYSTEM)
    first, second = told(application)[-2:]
    assert first == "The use of the data was restricted: The person needs the data for legal claims"
    assert second == "The restriction was lifted"


@database
def test_restriction_that_was_over_before_the_form_was_opened_is_not_told() -> None:
    owner = factories.subject()
    row = restrict(subject_id=owner.pk, ground=RestrictionGround.CLAIMS, actor=SYSTEM)
    lift_restriction(restriction_id=row.pk, actor=SYSTEM)
    assert "restrict" not in " ".join(told(factories.sent_application(owner)))


@database
def test_erasure_is_told(application: Application) -> None:
    DataSubject.objects.filter(pk=application.subject_id).update(erased_at=timezone.now())
    assert told(application)[-1] == "The person's data were erased"


# --- who looked -------------------------------------------------------------------------------------------
def look(application: Application, user: StaffUser, act: str = "seen_masked", times: int = 1) -> None:
    for _ in range(times):
        audit.record(
            actor=Actor.staff(user.pk), action=f"application.{act}", subject_id=application.subject_id,
            row=application,
        )  # fmt: skip


@database
def test_looks_of_one_colleague_in_a_day_are_one_line(application: Application) -> None:
    agent, dpo = (StaffUser.objects.create_user(name, is_staff=True) for name in ("agent", "dpo"))
    look(application, agent, times=300)
    look(application, dpo)
    look(application, agent, "refused")
    assert [sentence for sentence in told(application) if sentence.startswith("Application:")] == [
        "Application: opened by agent, the person masked (300 times that day)",
        "Application: opened by dpo, the person masked",
        "Application: refused to agent",
    ]


@database
def test_other_application_of_the_person_is_not_looked_at_here(application: Application) -> None:
    agent = StaffUser.objects.create_user("agent", is_staff=True)
    look(factories.complete_draft(application.subject), agent)
    assert "agent" not in " ".join(told(application))


@database
@pytest.mark.parametrize(
    ("right", "sentence"),
    [
        ("view_consent", "Asked for: Passing your application and your choice to lenders"),
        ("view_auditentry", "Application: opened by agent, the person masked"),
        ("view_restriction", "The restriction was lifted"),
    ],
)
def test_reader_without_the_right_is_not_told(application: Application, right: str, sentence: str) -> None:
    look(application, StaffUser.objects.create_user("agent", is_staff=True))
    row = restrict(subject_id=application.subject_id, ground=RestrictionGround.CLAIMS, actor=SYSTEM)
    lift_restriction(restriction_id=row.pk, actor=SYSTEM)
    assert sentence in told(application)
    assert sentence not in told(application, right)


# --- on the page ------------------------------------------------------------------------------------------
def page(application: Application, *rights: str) -> str:
    user = factories.staff_who_may(*rights)
    address = reverse("admin:applications_application_change", args=[application.pk])
    found = factories.sign_in_staff(Client(), user).get(address, headers={"Accept-Language": "en"})
    return str(found.content.decode())


@database
def test_page_shows_the_timeline_and_nobody_s_data(application: Application) -> None:
    text = page(application, *ALL)
    part = text.partition('id="timeline-panel"')[2]
    assert part.index("The form was opened") < part.index("The application was sent")
    for value in ("Anna", "Bērziņa", "321234", "saulīte", str(application.subject.email)):
        assert value not in text


@database
def test_page_says_how_much_it_leaves_out(application: Application) -> None:
    agent = StaffUser.objects.create_user("other", is_staff=True)
    for days in range(FIRST + LAST):
        with later(days=days):
            look(application, agent)
    assert "moments in between are not shown" in page(application, *ALL)
