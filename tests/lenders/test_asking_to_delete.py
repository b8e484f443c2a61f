"""Lenders that hold an application which came to nothing are asked once to delete it."""

import pytest

from applications.crypto.keyring import data_key_scope
from applications.errors import ProcessingRestricted, SubjectErased
from applications.models import Application, AuditEntry, Disclosure, Recipient, RestrictionGround
from applications.services.processing import lift_restriction, restrict
from lenders.adapters.base import ErrorCode, LenderError
from lenders.models import Delivery
from lenders.services.deletions import ask_to_delete
from lenders.services.deliveries import begin
from lenders.services.retrying import retry
from lenders.services.settling import call_off_withdrawn
from lenders.states import DeletionReason
from tests.lenders import scene
from tests.lenders.deletion_scene import AWAY, DPO, answers, asked, notice, received, signed, waits, withdraw

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.django_db(databases=scene.DATABASES),
    pytest.mark.usefixtures("lenders"),
]

# --- who is asked ---


@pytest.mark.parametrize("stands", ["offered", "declined", "withdrawn", "pending", "needs_more"])
def test_whoever_received_the_application_is_asked_whatever_it_answered(stands):
    signed("leja", leja=stands)
    assert asked() == {"leja": "not_selected"}


@pytest.mark.parametrize("stands", ["expired", "no_response", "failed", "unknown"])
def test_whoever_holds_it_is_asked_however_it_ended(stands):
    application = received("atra", "leja")
    scene.chosen(application, "atra")
    scene.shift(scene.submission_at(application, "leja"), status=stands)
    scene.say(scene.submission_at(application, "atra"), "contract_signed")
    assert asked() == {"leja": "not_selected"}
    assert scene.states(application)["leja"] == stands


def test_lender_that_never_received_it_is_not_asked():
    application = scene.sent("atra", "leja")
    scene.choose(scene.open_offer(application, "atra"))
    scene.say(scene.submission_at(application, "atra"), "contract_signed")
    assert asked() == {}


def test_lender_that_could_not_be_reached_holds_nothing():
    signed_with_leja_away = scene.sent("atra", "leja")
    for slug, prepared in scene.begun(signed_with_leja_away).items():
        submission = scene.submission_at(signed_with_leja_away, slug)
        reply = scene.signed_reply(submission, scene.statement(submission, "offered"))
        scene.finish(prepared, AWAY if slug == "leja" else reply)
    scene.chosen(signed_with_leja_away, "atra")
    scene.say(scene.submission_at(signed_with_leja_away, "atra"), "contract_signed")
    assert asked() == {}


def test_request_says_which_submission_and_why_and_nothing_else():
    application = signed("leja")
    prepared = scene.begun(application)["leja"]
    submission = scene.submission_at(application, "leja")
    assert prepared.call.http.url.endswith(f"/leja/applications/{submission.pk}/deletion")
    assert prepared.call.http.body == (
        f'{{"submission_id":"{submission.pk}","reason":"not_selected"}}'.encode()
    )


def test_request_discloses_nothing():
    application = signed("leja")
    before = Disclosure.objects.count()
    answers(application, "leja", "deleted")
    assert Disclosure.objects.count() == before


def test_lender_whose_papers_lapsed_is_asked_to_delete():
    application = signed("leja")
    Recipient.objects.filter(slug="leja").update(active=False)
    assert set(scene.begun(application)) == {"leja"}


def test_withdrawal_asks_everybody_who_received_it_and_nothing_more_is_sent():
    application = scene.sent("atra", "leja")
    (atra,) = (one for one in scene.begun_in_order(application) if one.call.endpoint.slug == "atra")
    submission = scene.submission_at(application, "atra")
    scene.finish(atra, scene.signed_reply(submission, scene.statement(submission, "pending")))
    Disclosure.objects.exclude(recipient="atra").delete()  # leja's worker never got to it
    Delivery.objects.filter(lender__slug="leja").update(lease_until=None)
    withdraw(application)
    assert asked() == {"atra": "consent_withdrawn"}
    assert set(scene.begun(application)) == {"atra"}
    assert call_off_withdrawn() == 1
    assert scene.states(application) == {"atra": "pending", "leja": "called_off"}


def test_request_to_delete_is_not_called_off_by_the_withdrawal_that_caused_it():
    application = received("atra")
    withdraw(application)
    assert call_off_withdrawn() == 0
    answers(application, "atra", "deleted")
    assert notice("atra").acknowledgement == "deleted"


def test_chosen_lender_is_asked_as_well_when_the_request_is_taken_back_before_a_contract():
    application = received("atra")
    scene.chosen(application, "atra")
    withdraw(application)
    assert asked() == {"atra": "consent_withdrawn"}


def test_lender_with_a_contract_is_not_asked_by_a_later_withdrawal():
    application = signed("leja")
    withdraw(application)
    assert asked() == {"leja": "not_selected"}


def test_withdrawal_and_then_a_contract_ask_once():
    application = received("atra", "leja")
    scene.chosen(application, "atra")
    withdraw(application)
    scene.say(scene.submission_at(application, "atra"), "contract_signed")
    assert asked() == {"atra": "consent_withdrawn", "leja": "consent_withdrawn"}
    assert Delivery.objects.filter(kind="deletion").count() == 2


def test_erasure_can_ask_and_asks_once():
    application = received("atra")
    submission = scene.submission_at(application, "atra")
    for _ in range(3):
        found = ask_to_delete(submission=submission, reason=DeletionReason.ERASURE, actor=DPO)
        assert found == notice("atra")
    assert Delivery.objects.filter(kind="deletion").count() == 1
    assert AuditEntry.objects.filter(action="deletion.requested").count() == 1


def test_nobody_is_asked_about_an_erased_person():
    application = received("atra")
    submission = scene.submission_at(application, "atra")
    ask_to_delete(submission=submission, reason=DeletionReason.ERASURE, actor=DPO)
    claims = scene.claim(application)
    scene.erase(application.subject)
    with data_key_scope():
        assert begin(claims) == []
    assert scene.delivery_at(application, "atra", "deletion").error_code == "subject_erased"
    with pytest.raises(SubjectErased):
        ask_to_delete(submission=submission, reason=DeletionReason.ERASURE, actor=DPO)


def test_request_waits_while_the_persons_data_are_restricted():
    application = signed("leja")
    claims = scene.claim(application)
    row = restrict(subject_id=application.subject_id, ground=RestrictionGround.UNLAWFUL, actor=DPO)
    with data_key_scope():
        assert begin(claims) == []  # claimed just before
    scene.make_due()
    assert scene.begun(application) == {}
    lift_restriction(restriction_id=row.pk, actor=DPO)
    scene.make_due()
    assert set(scene.begun(application)) == {"leja"}


def test_staff_cannot_send_the_request_again_while_restricted():
    application = signed("leja")
    scene.finish(scene.begun(application)["leja"], LenderError(ErrorCode.REJECTED, permanent=True))
    restrict(subject_id=application.subject_id, ground=RestrictionGround.CLAIMS, actor=DPO)
    with pytest.raises(ProcessingRestricted):
        retry(submission_id=scene.submission_at(application, "leja").pk, actor=DPO)


# --- what was on its way ---


def on_its_way() -> tuple[Application, scene.deliveries.Prepared]:
    """The contract is signed while a worker hands the application to leja."""
    application = scene.sent("atra", "leja")
    held = scene.begun(application)
    submission = scene.submission_at(application, "atra")
    scene.finish(held["atra"], scene.signed_reply(submission, scene.statement(submission, "offered")))
    scene.chosen(application, "atra")
    scene.say(submission, "contract_signed")
    return application, held["leja"]


def test_request_waits_until_what_is_on_its_way_has_arrived():
    application, late = on_its_way()
    assert scene.begun(application) == {}
    found = scene.delivery_at(application, "leja", "deletion")
    assert (found.status, found.error_code) == ("due", "still_on_its_way")
    submission = scene.submission_at(application, "leja")
    scene.finish(late, scene.signed_reply(submission, scene.statement(submission, "offered")))
    assert scene.states(application)["leja"] == "not_selected"
    scene.make_due()
    assert set(scene.begun(application)) == {"leja"}


def test_request_is_taken_back_where_nothing_arrived_after_all():
    application, late = on_its_way()
    scene.finish(late, AWAY)
    for _ in range(2):  # once more where both were claimed together
        scene.make_due()
        assert scene.begun(application) == {}
    assert asked() == {}
    assert scene.delivery_at(application, "leja", "deletion").error_code == "never_left"
    assert scene.delivery_at(application, "leja").status == "failed"
    assert waits() == []


def test_worker_that_died_may_have_carried_it_so_the_lender_is_asked():
    application, _late = on_its_way()
    begun = []
    for _ in range(2):
        scene.end_leases()
        scene.make_due()
        begun += [one.kind for one in scene.begun_in_order(application)]
    assert set(begun) == {"deletion"}
