"""From one sent application to one submission and one delivery per lender, with no field too many."""

import json

import pytest

from applications.actors import Actor
from applications.errors import Refusal
from applications.form_fields import CONSENTS_LABEL, LANGUAGE_LABEL
from applications.models import Application, Contract, Disclosure
from lenders.errors import NotEligible
from lenders.models import Delivery, Lender, Submission
from lenders.sandbox import wire
from lenders.services import choosing
from tests.lenders import scene

pytestmark = [pytest.mark.django_db(databases=scene.DATABASES), pytest.mark.usefixtures("lenders")]

JSON_NAMES = {
    "loan.amount_cents": "credit.amount_cents",
    "loan.term_months": "credit.term_months",
    "loan.loan_purpose": "credit.purpose",
    "loan.repayment_day": "credit.repayment_day",
    "identification.email": "contact.email",
    "identification.phone": "contact.phone",
    "identification.street_address": "address.street_address",
    "identification.city": "address.city",
    "identification.postcode": "address.postcode",
    "identity_document.document_type": "identity_document.type",
    "identity_document.document_number": "identity_document.number",
    "pep.pep_status": "pep.status",
}


def json_name(label: str) -> str:
    group, _, name = label.partition(".")
    groups = {"identification": "customer", "family": "customer", "financial": "finances"}
    return JSON_NAMES.get(label, f"{groups.get(group, group)}.{name}")


def answered(lender: Lender) -> set[str]:
    """What the lender declared and the consumer answered; nobody is politically exposed here."""
    return set(lender.requested_fields) - {"pep.pep_relation", "pep.pep_office"}


def test_each_ticked_lender_gets_one_submission_and_one_delivery():
    application = scene.sent("atra", "leja", "vetra")
    assert scene.states(application) == dict.fromkeys(("atra", "leja", "vetra"), "queued")
    found = Delivery.objects.filter(submission__application=application).values_list("lender__slug", "status")
    assert sorted(found) == [("atra", "due"), ("leja", "due"), ("vetra", "due")]


def test_unticked_lender_gets_nothing():
    application = scene.sent("atra")
    assert not Submission.objects.filter(application=application).exclude(lender__slug="atra").exists()


@pytest.mark.parametrize("recipients", [("atra", "nobody"), ("nobody",), ("atra", "leja", "")])
def test_unknown_lender_is_refused_and_nothing_is_written(recipients):
    subject, _ = scene.new_session()
    draft = scene.draft_for(subject)
    with pytest.raises(NotEligible):
        scene.send(draft, recipients)
    assert_nothing_was_written(draft)


@pytest.mark.parametrize(
    "changes",
    [
        {"amount_cents": 5000_01, "term_months": 12},  # vetra lends up to 5,000 euro
        {"amount_cents": 3000_00, "term_months": 37},  # and for up to 36 months
    ],
)
def test_lender_outside_its_published_terms_is_refused_and_nothing_is_written(changes):
    subject, _ = scene.new_session()
    draft = scene.draft_for(subject, **changes)
    with pytest.raises(NotEligible):
        scene.send(draft, ["atra", "vetra"])
    assert_nothing_was_written(draft)


def test_lender_that_left_the_solution_is_refused():
    Lender.objects.filter(slug="atra").update(active=False)
    subject, _ = scene.new_session()
    draft = scene.draft_for(subject)
    with pytest.raises(NotEligible):
        scene.send(draft, ["atra", "leja"])
    assert_nothing_was_written(draft)


def test_nobody_ticked_is_refused():
    subject, _ = scene.new_session()
    draft = scene.draft_for(subject)
    with pytest.raises(Refusal):
        scene.send(draft, [])
    assert_nothing_was_written(draft)


def test_second_press_of_the_button_sends_nothing_more():
    subject, _ = scene.new_session()
    draft = scene.draft_for(subject)
    application = scene.send(draft, ["atra"])
    with pytest.raises(Refusal):
        scene.send(draft, ["atra", "leja"])
    assert set(scene.states(application)) == {"atra"}


def test_same_lender_ticked_twice_is_asked_once():
    subject, _ = scene.new_session()
    application = scene.send(scene.draft_for(subject), ["atra", "atra"])
    assert Submission.objects.filter(application=application).count() == 1


def assert_nothing_was_written(draft: Application) -> None:
    draft.refresh_from_db()
    assert draft.status == "draft"
    assert not Submission.objects.filter(application=draft).exists()
    assert not Delivery.objects.filter(subject_id=draft.subject_id).exists()
    assert not Contract.objects.filter(application=draft).exists()


# --- what leaves ---


def test_only_declared_fields_leave_and_the_disclosure_lists_exactly_those():
    application = scene.sent()
    prepared = scene.begun(application)
    assert set(prepared) == set(scene.SLUGS)
    for slug, one in prepared.items():
        lender = Lender.objects.get(slug=slug)
        declared = answered(lender)
        if scene.SANDBOX[slug].protocol == "join":
            names = set(wire.field_names(json.loads(one.call.http.body)))
            # the language of the application goes along with whatever is asked
            assert names - {"customer.language"} == {json_name(x) for x in declared}
        disclosure = Disclosure.objects.get(application=application, recipient=slug)
        assert set(disclosure.fields) == declared | {LANGUAGE_LABEL, CONSENTS_LABEL}
        assert disclosure.delivery == one.claim.delivery_id


def test_value_that_was_not_declared_is_nowhere_in_the_body():
    application = scene.sent()
    for slug, one in scene.begun(application).items():
        body = one.call.http.body.decode()
        requested = Lender.objects.get(slug=slug).requested_fields
        for name, label in (
            ("surname", "identification.surname"),
            ("street_address", "identification.street_address"),
            ("document_number", "identity_document.document_number"),
            ("employer", "financial.employer"),
        ):
            assert (str(scene.ANSWERS[name]) in body) == (label in requested), (slug, name)


def test_disclosure_is_recorded_once_however_often_it_is_tried():
    application = scene.sent("atra")
    for _ in range(3):
        assert scene.begun(application)
        scene.end_leases()
    assert Disclosure.objects.filter(application=application).count() == 1


def test_keyword_never_leaves_before_the_choice():
    application = scene.sent()
    for one in scene.begun(application).values():
        assert "dzērvene" not in one.call.http.body.decode()
        assert "dzērvene" not in repr(one)
    assert not Disclosure.objects.filter(application=application, fields__contains=["loan.keyword"]).exists()


def test_keyword_goes_to_the_chosen_lender_alone_and_is_disclosed():
    application = scene.sent("atra", "leja")
    scene.begun(application)
    offer = scene.open_offer(application, "leja")
    scene.open_offer(application, "atra")
    choosing.choose(
        offer_id=offer.pk,
        subject_id=application.subject_id,
        actor=Actor.consumer(application.subject_id),
    )
    scene.end_leases()
    prepared = {
        one.kind: one for one in scene.begun_in_order(application) if one.call.endpoint.slug == "leja"
    }
    body = json.loads(prepared["choice"].call.http.body)
    assert body == {
        "submission_id": str(scene.submission_at(application, "leja").pk),
        "offer_reference": offer.reference,
        "keyword": scene.ANSWERS["keyword"],
    }
    told = Disclosure.objects.filter(application=application, fields__contains=["loan.keyword"])
    assert [(one.recipient, one.fields) for one in told] == [("leja", ["loan.keyword"])]


def test_answer_whose_question_no_longer_applies_leaves_for_nobody():
    application = scene.sent("leja", income_type="pension")
    body = scene.begun(application)["leja"].call.http.body.decode()
    assert "SIA Canary" not in body
    assert "financial.employer" not in Disclosure.objects.get(application=application).fields


def test_consent_goes_along_in_the_words_the_consumer_saw():
    application = scene.sent("atra")
    body = json.loads(scene.begun(application)["atra"].call.http.body)
    assert [(one["purpose"], one["wording"]) for one in body["consents"]] == [
        ("pass_to_lenders", "Nododiet manu pieteikumu.")
    ]


def test_every_attempt_sends_the_same_bytes_under_the_same_key():
    application = scene.sent("leja")
    first = scene.begun(application)["leja"].call.http
    scene.end_leases()
    second = scene.begun(application)["leja"].call.http
    assert first.body == second.body
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]
    assert first.headers["Idempotency-Key"] == str(scene.submission_at(application, "leja").pk)
