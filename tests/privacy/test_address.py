"""Another e-mail address for an account: shown to be the person's, then used everywhere, and told."""

import pytest
from django.test import Client
from django.urls import reverse

from applications.actors import SYSTEM
from applications.errors import AddressTaken, IllegalTransition
from applications.form_fields import EMAIL_LABEL
from applications.models import (
    AuditEntry,
    ConsumerSession,
    DataSubject,
    EmailChallenge,
    MailKind,
    OutboundMail,
)
from applications.personal import Purpose
from applications.selectors.accounts import subject_with_email
from applications.services.accounts import change_address
from lenders.models import LenderWord
from lenders.states import WordKind
from privacy.changes import as_cleaned, of_address
from privacy.models import Identity, LetterKind, Result, Right, RightsRequest
from privacy.services import receiving, requests
from privacy.states import RequestStatus
from tests import factories
from tests.lenders import scene
from tests.lenders.deletion_scene import received
from tests.privacy import desk, dpo, rights

pytestmark = pytest.mark.django_db(databases=scene.DATABASES)
OLD, NEW = "anna@piemers.lv", "anna.jauna@piemers.lv"
S = RequestStatus


@pytest.fixture
def browser() -> Client:
    return Client()


@pytest.fixture
def anna(browser: Client) -> DataSubject:
    return factories.sign_in(browser, OLD)


def page(called: str) -> str:
    return reverse(f"my_data:{called}")


def asked(browser: Client, address: str = NEW) -> None:
    response = browser.post(page("address"), {"email": address})
    assert response.url == page("address_code")


def confirmed(browser: Client, address: str = NEW) -> RightsRequest:
    """From the page to the change."""
    asked(browser, address)
    assert browser.post(page("address_code"), {"code": factories.mailed_code(address)}).url == page("index")
    return rights.run(RightsRequest.objects.latest("received_at"))


def address_of(subject: DataSubject) -> str:
    return DataSubject.objects.get(pk=subject.pk).verified_email


def errors_of(response: object) -> str:
    return str(response.context["form"].errors)  # type: ignore[attr-defined]


# --- the person does it -----------------------------------------------------------------------------------
def test_address_becomes_the_one_that_the_code_proves(browser, anna):
    request = confirmed(browser)
    assert (request.status, request.trouble, request.result) == (S.COMPLETED, "", "")
    assert address_of(anna) == NEW


def test_person_is_found_and_comes_in_by_the_new_address_alone(browser, anna):
    confirmed(browser)
    assert factories.subject(NEW) == anna
    assert subject_with_email(OLD, purpose=Purpose.DATA_SUBJECT_RIGHTS) is None
    assert factories.subject(OLD) != anna


def test_nothing_changes_before_the_code_is_entered(browser, anna):
    asked(browser)
    assert address_of(anna) == OLD
    assert not RightsRequest.objects.exists()


def test_wrong_code_changes_nothing_and_counts(browser, anna):
    asked(browser)
    right = factories.mailed_code(NEW)
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    response = browser.post(page("address_code"), {"code": wrong})
    assert "code" in response.context["form"].errors
    assert EmailChallenge.objects.latest("created_at").tries == 1
    assert not RightsRequest.objects.exists()


def test_code_works_once(browser, anna):
    asked(browser)
    code = factories.mailed_code(NEW)
    browser.post(page("address_code"), {"code": code})
    again = browser.post(page("address_code"), {"code": code})
    assert "code" in again.context["form"].errors
    assert RightsRequest.objects.count() == 1


def test_code_to_the_old_address_must_be_fresh(browser, anna):
    ConsumerSession.objects.update(created_at=anna.created_at.replace(year=2020))
    assert reverse("applications:fresh_code") in browser.get(page("address")).url
    assert reverse("applications:fresh_code") in browser.post(page("address_code"), {"code": "123456"}).url


def test_address_that_stands_is_no_change(browser, anna):
    assert browser.post(page("address"), {"email": OLD}).context["form"].errors
    assert EmailChallenge.objects.filter(consumed_at__isnull=True).count() == 0


def test_address_of_another_account_is_refused_only_to_whoever_reads_its_mail(browser, anna):
    other = factories.subject(NEW)
    asked(browser)  # which tells nobody whether there is such an account
    response = browser.post(page("address_code"), {"code": factories.mailed_code(NEW)})
    assert str(AddressTaken.sentence) in errors_of(response)
    assert (address_of(anna), address_of(other)) == (OLD, NEW)
    assert not RightsRequest.objects.exists()


def test_account_that_came_up_meanwhile_keeps_its_address_and_the_letter_says_so(browser, anna):
    asked(browser)
    browser.post(page("address_code"), {"code": factories.mailed_code(NEW)})
    other = factories.subject(NEW)
    request = rights.run(RightsRequest.objects.get())
    assert (request.status, request.result) == (S.COMPLETED, Result.PARTLY)
    assert (address_of(anna), address_of(other)) == (OLD, NEW)
    assert list(request.words.reasons.values()) != []


def test_old_address_gets_a_message_about_it(browser, anna):
    confirmed(browser)
    mail = OutboundMail.objects.get(kind=MailKind.ADDRESS_CHANGED)
    assert (mail.recipient, mail.owner_id) == (OLD, anna.pk)
    assert NEW not in mail.body


def test_answer_goes_to_the_new_address(browser, anna):
    request = confirmed(browser)
    assert rights.letters(request) == [LetterKind.RECTIFIED]
    assert OutboundMail.objects.get(kind=MailKind.RIGHTS_LETTER).recipient == NEW


def test_other_open_requests_are_answered_at_the_new_address(browser, anna):
    open_one = rights.ask(anna, Right.ERASURE)
    elsewhere = receiving.receive(
        right=Right.RECTIFICATION, way="officer", language="lv", actor=rights.OFFICER, about="x",
        subject_id=anna.pk, identity=Identity.OFFICER, contact="advokats@piemers.lv",
    )  # fmt: skip
    confirmed(browser)
    contacts = [RightsRequest.objects.get(pk=one.pk).words.contact for one in (open_one, elsewhere)]
    assert contacts == [NEW, "advokats@piemers.lv"]


def test_every_other_device_is_signed_out(browser, anna):
    elsewhere = Client()
    factories.sign_in(elsewhere, OLD)
    factories.sign_in(browser, OLD)
    confirmed(browser)
    assert browser.get(page("index")).status_code == 200
    assert reverse("applications:start") in elsewhere.get(page("index")).url


def test_change_is_in_the_audit_without_the_addresses(browser, anna):
    confirmed(browser)
    entry = AuditEntry.objects.get(action="subject.address_changed")
    assert entry.subject_id == anna.pk
    assert "piemers.lv" not in str(entry.__dict__)


def test_done_twice_it_is_done_once(browser, anna):
    confirmed(browser)
    change_address(subject_id=anna.pk, address=NEW, actor=SYSTEM)
    assert OutboundMail.objects.filter(kind=MailKind.ADDRESS_CHANGED).count() == 1


def test_second_change_waits_until_the_first_is_made(browser, anna):
    asked(browser)
    browser.post(page("address_code"), {"code": factories.mailed_code(NEW)})
    asked(browser, "cita@piemers.lv")
    response = browser.post(page("address_code"), {"code": factories.mailed_code("cita@piemers.lv")})
    assert str(IllegalTransition.sentence) in errors_of(response)
    assert EmailChallenge.objects.latest("created_at").consumed_at is None
    assert RightsRequest.objects.count() == 1


def test_next_change_need_not_wait_for_lenders_that_are_told_of_the_one_before(browser, anna):
    first = confirmed(browser)
    RightsRequest.objects.filter(pk=first.pk).update(
        status=S.RUNNING, step="wait_for_recipients", ended_at=None
    )
    second = confirmed(browser, OLD)
    assert second.pk != first.pk
    assert address_of(anna) == OLD


def test_page_of_corrections_leads_there(browser, anna):
    answer = browser.get(page("corrections"))
    assert answer.context["address"] == OLD
    assert page("address") in answer.content.decode()


def test_own_page_shows_old_and_new(browser, anna):
    confirmed(browser)
    shown = browser.get(page("index")).content.decode()
    assert OLD in shown
    assert NEW in shown
    assert "izlabots" in shown


# --- the officer does it ----------------------------------------------------------------------------------
@pytest.fixture
def officer() -> Client:
    return dpo.dpo()


def by_letter(subject: DataSubject) -> RightsRequest:
    return desk.entered(subject, Right.RECTIFICATION, Identity.OFFICER)


def enters(request: RightsRequest, address: str = NEW) -> RightsRequest:
    return receiving.add_correction(
        request_id=request.pk, application_id=None, label=EMAIL_LABEL, new=address, actor=rights.OFFICER
    )


def test_officer_changes_the_address_of_somebody_who_cannot_read_the_old_one(anna):
    request = enters(by_letter(anna))
    assert rights.run(request).status == S.ASSESSED
    requests.approve(request_id=request.pk, actor=rights.OFFICER)
    assert rights.run(request).status == S.COMPLETED
    assert address_of(anna) == NEW


def test_then_every_device_is_signed_out(browser, anna):
    request = enters(by_letter(anna))
    requests.approve(request_id=request.pk, actor=rights.OFFICER)
    rights.run(request)
    assert not ConsumerSession.objects.filter(subject=anna, ended_at__isnull=True).exists()


def test_address_of_another_account_cannot_be_entered(anna):
    factories.subject(NEW)
    with pytest.raises(AddressTaken):
        enters(by_letter(anna))


def test_answer_of_an_application_cannot_be_entered_without_one(anna):
    with pytest.raises(IllegalTransition):
        receiving.add_correction(
            request_id=by_letter(anna).pk, application_id=None, label="identification.surname", new="x",
            actor=rights.OFFICER,
        )  # fmt: skip


def test_address_is_entered_on_the_desk_of_somebody_without_an_application(officer, anna):
    request = by_letter(anna)
    desk.press(officer, "correct", request, application="", answer=EMAIL_LABEL, right_value=f" {NEW} ")
    assert rights.current(request).words.changes == [of_address(old=OLD, new=NEW)]


@pytest.mark.parametrize(
    ("answer", "written"), [(EMAIL_LABEL, "no address"), ("identification.surname", "Kalniņa")]
)
def test_desk_says_what_does_not_fit(officer, anna, answer, written):
    request = by_letter(anna)
    page = desk.press(officer, "correct", request, application="", answer=answer, right_value=written)
    assert page.context["form"].errors
    assert rights.current(request).words.changes is None


def test_desk_says_that_another_account_has_the_address(officer, anna):
    factories.subject(NEW)
    request = by_letter(anna)
    page = desk.press(officer, "correct", request, application="", answer=EMAIL_LABEL, right_value=NEW)
    assert any("another account" in one for one in desk.messages_of(page))
    assert rights.current(request).words.changes is None


def test_address_is_written_as_in_the_form():
    assert as_cleaned(EMAIL_LABEL, " anna@PIEMERS.lv ") == "anna@piemers.lv"


# --- recipients -------------------------------------------------------------------------------------------
@pytest.mark.usefixtures("lenders")
def test_lender_that_received_the_address_is_told_the_new_one(browser):
    application = received("atra")
    subject = application.subject
    factories.sign_in(browser, subject.verified_email)
    confirmed(browser)
    word = LenderWord.objects.get(kind=WordKind.RECTIFIED)
    assert word.given == {EMAIL_LABEL: NEW}
