"""What a person's rights stop: restriction, objection, a consent taken back. Selector and query alike."""

from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from applications.actors import Actor
from applications.crypto.keyring import data_key_scope
from applications.data_policy import OBJECTABLE, ON_CONSENT, WHILE_RESTRICTED
from applications.errors import (
    ConsentMissing,
    NotObjectable,
    ProcessingObjectedTo,
    ProcessingRestricted,
    SubjectErased,
)
from applications.models import (
    Application,
    AuditEntry,
    Consent,
    DataSubject,
    Objection,
    Restriction,
    RestrictionGround,
)
from applications.personal import Category, Purpose, RecipientKind
from applications.selectors.people import answers, values_by_label
from applications.selectors.permission import permitted, refusal
from applications.services.processing import (
    lift_restriction,
    object_to,
    restrict,
    withdraw_consent,
)
from tests import factories

pytestmark = pytest.mark.django_db(databases=["default", "keys", "aside"])
ACCURACY, CLAIMS = RestrictionGround.ACCURACY, RestrictionGround.CLAIMS


def actor(subject: DataSubject) -> Actor:
    return Actor.consumer(subject.pk)


def restricted(subject: DataSubject, ground: RestrictionGround = ACCURACY) -> Restriction:
    return restrict(subject_id=subject.pk, ground=ground, actor=actor(subject))


def passed_on(application: Application) -> dict[str, Any]:
    with data_key_scope():
        return values_by_label(
            application,
            ["identification.surname"],
            purpose=Purpose.PASS_TO_LENDERS,
            recipient=RecipientKind.LENDER,
        )


# --- restriction ----------------------------------------------------------------------------------------
def test_answers_of_a_restricted_person_are_not_read_for_their_application() -> None:
    application = factories.sent_application(factories.subject())
    restricted(application.subject)
    with pytest.raises(ProcessingRestricted):
        answers(application, purpose=Purpose.HANDLE_APPLICATIONS)
    with pytest.raises(ProcessingRestricted):
        passed_on(application)


def test_restricted_person_still_sees_their_own_data() -> None:
    application = factories.sent_application(factories.subject())
    restricted(application.subject)
    with data_key_scope():
        assert answers(application, purpose=Purpose.DATA_SUBJECT_RIGHTS)["given_name"] == "Anna"


@pytest.mark.parametrize("purpose", Purpose)
def test_restriction_leaves_only_what_the_law_leaves(purpose: Purpose) -> None:
    subject = factories.subject()
    restricted(subject)
    refused = refusal(subject.pk, purpose)
    assert isinstance(refused, ProcessingRestricted) == (purpose not in WHILE_RESTRICTED)


def test_lifted_restriction_stops_nothing() -> None:
    application = factories.sent_application(factories.subject())
    row = restricted(application.subject)
    lift_restriction(restriction_id=row.pk, actor=actor(application.subject))
    assert passed_on(application) == {"identification.surname": "Bērziņa"}


def test_lifting_one_ground_leaves_the_other() -> None:
    subject = factories.subject()
    first = restricted(subject)
    restricted(subject, CLAIMS)
    lift_restriction(restriction_id=first.pk, actor=actor(subject))
    assert isinstance(refusal(subject.pk, Purpose.SERVE_CUSTOMERS), ProcessingRestricted)


def test_restricting_again_changes_nothing_and_is_recorded_once() -> None:
    subject = factories.subject()
    assert restricted(subject) == restricted(subject)
    assert AuditEntry.objects.filter(action="processing.restricted", subject_id=subject.pk).count() == 1


def test_restriction_of_another_person_stops_nothing() -> None:
    application = factories.sent_application(factories.subject())
    restricted(factories.subject())
    assert passed_on(application)


# --- objection ------------------------------------------------------------------------------------------
def test_objection_stops_its_purpose_alone() -> None:
    subject = factories.subject()
    object_to(subject_id=subject.pk, purpose=Purpose.IMPROVE_SERVICE, actor=actor(subject))
    assert isinstance(refusal(subject.pk, Purpose.IMPROVE_SERVICE), ProcessingObjectedTo)
    assert refusal(subject.pk, Purpose.HANDLE_APPLICATIONS) is None


@pytest.mark.parametrize("ended", ["overruled_at", "withdrawn_at"])
def test_objection_that_ended_stops_nothing(ended: str) -> None:
    subject = factories.subject()
    row = object_to(subject_id=subject.pk, purpose=Purpose.IMPROVE_SERVICE, actor=actor(subject))
    Objection.objects.filter(pk=row.pk).update(**{ended: timezone.now()})
    assert refusal(subject.pk, Purpose.IMPROVE_SERVICE) is None


@pytest.mark.parametrize("purpose", sorted(set(Purpose) - OBJECTABLE))
def test_what_does_not_rest_on_legitimate_interests_cannot_be_objected_to(purpose: Purpose) -> None:
    subject = factories.subject()
    with pytest.raises(NotObjectable):
        object_to(subject_id=subject.pk, purpose=purpose, actor=actor(subject))


def test_direct_marketing_can_always_be_objected_to() -> None:
    assert Purpose.INFORM_PUBLIC in OBJECTABLE


# --- consent --------------------------------------------------------------------------------------------
def consent_of(application: Application) -> Consent:
    return Consent.objects.get(application=application, purpose=Purpose.PASS_TO_LENDERS)


def test_consent_taken_back_stops_passing_on() -> None:
    application = factories.sent_application(factories.subject())
    withdraw_consent(
        consent_id=consent_of(application).pk,
        subject_id=application.subject_id,
        actor=actor(application.subject),
    )
    with pytest.raises(ConsentMissing):
        passed_on(application)


def test_consent_taken_back_for_one_application_leaves_the_others() -> None:
    subject = factories.subject()
    first, second = factories.sent_application(subject), factories.sent_application(subject)
    withdraw_consent(consent_id=consent_of(first).pk, subject_id=subject.pk, actor=actor(subject))
    assert passed_on(second)


def test_consent_of_another_person_cannot_be_taken_back() -> None:
    application, stranger = factories.sent_application(factories.subject()), factories.subject()
    with pytest.raises(Consent.DoesNotExist):
        withdraw_consent(consent_id=consent_of(application).pk, subject_id=stranger.pk, actor=actor(stranger))
    assert passed_on(application)


@pytest.mark.parametrize("purpose", sorted(ON_CONSENT))
def test_purpose_that_rests_on_consent_alone_needs_one_on_record(purpose: Purpose) -> None:
    subject = factories.subject()
    assert isinstance(refusal(subject.pk, purpose), ConsentMissing)
    Consent.objects.create(
        subject=subject, purpose=purpose, wording="Jā", language="lv", given_at=timezone.now()
    )
    assert refusal(subject.pk, purpose) is None


def test_use_that_rests_on_consent_needs_one_whatever_else_the_purpose_rests_on() -> None:
    subject = factories.subject()
    refused = refusal(subject.pk, Purpose.IMPROVE_SERVICE, categories=[Category.USAGE])
    assert isinstance(refused, ConsentMissing)
    assert refusal(subject.pk, Purpose.IMPROVE_SERVICE, categories=[Category.TRANSACTIONS]) is None


def test_objection_does_not_stop_what_rests_on_the_contract() -> None:
    subject = factories.subject()
    object_to(subject_id=subject.pk, purpose=Purpose.SERVE_CUSTOMERS, actor=actor(subject))
    refused = refusal(subject.pk, Purpose.SERVE_CUSTOMERS, categories=[Category.INTERESTS])
    assert isinstance(refused, ProcessingObjectedTo)
    assert refusal(subject.pk, Purpose.SERVE_CUSTOMERS, categories=[Category.COMMUNICATIONS]) is None


def test_erased_person_is_refused_before_anything_else() -> None:
    subject = factories.subject()
    restricted(subject)
    DataSubject.objects.filter(pk=subject.pk).update(erased_at=timezone.now())
    assert isinstance(refusal(subject.pk, Purpose.DATA_SUBJECT_RIGHTS), SubjectErased)


# --- the query says what the selector says --------------------------------------------------------------
MOMENTS = st.sampled_from([None, "ended"])


class QueryAndSelectorAgree(TestCase):
    databases = {"default", "keys", "aside"}

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        purpose=st.sampled_from(list(Purpose)),
        restrictions=st.lists(MOMENTS, max_size=2),
        objections=st.lists(MOMENTS, max_size=2),
        consents=st.lists(MOMENTS, max_size=2),
    )
    def test_rows_that_stop_a_selector_stop_a_query(
        self, purpose: Purpose, restrictions: Any, objections: Any, consents: Any
    ) -> None:
        now = timezone.now()
        subject = factories.subject()
        for ground, ended in zip(RestrictionGround, restrictions, strict=False):
            Restriction.objects.create(
                subject=subject, ground=ground, since=now, lifted_at=now if ended else None
            )
        for ended in sorted(objections, key=str)[:1] + ["ended"] * (len(objections) - 1):
            Objection.objects.create(
                subject=subject, purpose=purpose, made_at=now, withdrawn_at=now if ended else None
            )
        for ended in consents:
            Consent.objects.create(
                subject=subject, purpose=purpose, wording="Jā", language="lv", given_at=now,
                withdrawn_at=now if ended else None,
            )  # fmt: skip
        found = DataSubject.objects.filter(permitted(purpose, subject="pk"), pk=subject.pk).exists()
        assert found == (refusal(subject.pk, purpose) is None)
