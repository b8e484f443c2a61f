"""The page on which a person gives a lender what it needs."""

import html
import re
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from applications.actors import Actor
from applications.crypto.keyring import data_key_scope
from applications.errors import FormTooOld
from applications.models import RestrictionGround
from applications.services.processing import restrict
from lenders.models import Delivery, Submission, Supplement, SuppliedFile
from tests.applications.test_uploads import A_PDF, image
from tests.lenders import scene

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.django_db(databases=scene.DATABASES),
    pytest.mark.usefixtures("lenders"),
]

NEEDS = ["identification.phone", "document.income"]


def asked(browser: Client, *needs: str, **answers: Any) -> Submission:
    """A signed-in person whose lender says what it needs."""
    subject = scene.sign_in(browser)
    with data_key_scope():
        application = scene.send(scene.draft_for(subject, **answers), ["leja"])
    submission = scene.submission_at(application, "leja")
    Delivery.objects.filter(submission=submission).update(status="done")
    scene.say(submission, "needs_more", needs=list(needs or NEEDS))
    return scene.submission_at(application, "leja")


def url(submission: Submission) -> str:
    return reverse("lenders:more", args=[submission.application_id, submission.pk])


def back(submission: Submission) -> str:
    return reverse("lenders:offers", args=[submission.application_id])


def a_file(content: bytes = A_PDF, name: str = "alga.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="text/html")


def posted(browser: Client, submission: Submission, **changes: Any) -> Any:
    data = {"phone": "+37129999999", "document_income": a_file()} | changes
    return browser.post(url(submission), {name: value for name, value in data.items() if value is not None})


def status_of(submission: Submission) -> str:
    return Submission.objects.get(pk=submission.pk).status


def test_page_asks_for_exactly_what_the_lender_needs_and_shows_what_was_answered(browser):
    submission = asked(browser)
    page = browser.get(url(submission))
    assert page.status_code == 200
    assert submission.lender.name in page.text
    assert [field.name for field in page.context["form"].visible_fields()] == ["phone", "document_income"]
    assert f'value="{scene.ANSWERS["phone"]}"' in page.text
    assert 'enctype="multipart/form-data"' in page.text
    assert page.text.count('class="why"') == 2


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("identification.birth_date", "birth_date_day"),
        ("financial.employer", "employer"),
        ("pep.pep_relation", "pep_relation"),
        ("family.marital_status", "marital_status"),
        ("loan.amount_cents", "amount_cents"),
    ],
)
def test_every_kind_of_question_can_be_asked_alone(browser, label, name):
    submission = asked(browser, label, income_type="pension")
    assert f'name="{name}"' in browser.get(url(submission)).text


def test_given_it_goes_to_the_lender_and_the_page_of_offers_follows(browser):
    submission = asked(browser)
    answer = posted(browser, submission)
    assert (answer.status_code, answer["Location"]) == (302, back(submission))
    with data_key_scope():
        assert Supplement.objects.get().given == {"identification.phone": "+37129999999"}
        assert SuppliedFile.objects.get().content == A_PDF
    assert Delivery.objects.filter(kind="supplement").count() == 1


def test_what_was_answered_before_can_be_passed_on_as_it_stands(browser):
    submission = asked(browser, "identification.phone")
    answered = browser.get(url(submission)).context["form"].parts[0]["phone"].value()
    posted(browser, submission, phone=answered, document_income=None)
    with data_key_scope():
        assert Supplement.objects.get().given == {"identification.phone": scene.ANSWERS["phone"]}


def test_email_address_is_the_proved_one_and_not_asked(browser):
    submission = asked(browser, "identification.email")
    page = browser.get(url(submission))
    assert submission.application.subject.email in page.text
    browser.post(url(submission), {"email": "other@example.lv"})
    with data_key_scope():
        email = {"identification.email": submission.application.subject.email}
        assert Supplement.objects.get().given == email


def test_several_files_of_one_document_stay_in_their_order(browser):
    submission = asked(browser, "document.identity")
    front, behind = image(size=(30, 20)), image(size=(20, 30))
    posted(browser, submission, phone=None, document_income=None,
           document_identity=[a_file(front), a_file(behind)])  # fmt: skip
    with data_key_scope():
        files = SuppliedFile.objects.order_by("place")
        assert [file.media_type for file in files] == ["image/jpeg"] * 2
        assert files[0].content != files[1].content
        assert files[0].file_identity_document is not None


def test_second_press_leads_back_and_gives_nothing(browser):
    submission = asked(browser)
    posted(browser, submission)
    answer = posted(browser, submission)
    assert (answer.status_code, answer["Location"]) == (302, back(submission))
    assert Supplement.objects.count() == 1


# --- errors ---


def test_wrong_answer_is_told_beside_its_field_and_kept_as_typed(browser):
    submission = asked(browser)
    page = posted(browser, submission, phone="12")
    assert page.status_code == 200
    assert 'value="12"' in page.text
    assert 'id="id_phone_error"' in page.text
    assert page.text.count("error-summary") >= 1
    assert 'href="#id_phone"' in page.text
    assert not Supplement.objects.exists()
    assert status_of(submission) == "action_required"


def test_page_says_that_files_are_to_be_chosen_again_only_where_there_are_files(browser):
    sentence = "Choose the files again"
    assert sentence in posted_in_english(browser, asked(browser), phone="12").text
    other = asked(browser, "identification.phone")
    assert sentence not in posted_in_english(browser, other, phone="12", document_income=None).text


def posted_in_english(browser: Client, submission: Submission, **changes: Any) -> Any:
    data = {"phone": "+37129999999", "document_income": a_file()} | changes
    english = url(submission).replace("/lv/", "/en/")
    return browser.post(english, {name: value for name, value in data.items() if value is not None})


@pytest.mark.parametrize(
    "file",
    [
        None,
        a_file(b""),
        a_file(b"<html><script>alert(1)</script>", "alga.pdf"),
        a_file(b"PK\x03\x04" + b"\0" * 50, "../../etc/passwd"),
        a_file(A_PDF + b"\0" * (5 * 1024 * 1024 + 1)),
        [a_file()] * 5,
    ],
)
def test_file_that_will_not_do_is_refused_beside_its_field(browser, file):
    submission = asked(browser)
    page = posted(browser, submission, document_income=file)
    assert page.status_code == 200
    assert 'id="id_document_income_error"' in page.text
    assert 'value="+37129999999"' in page.text
    assert not SuppliedFile.objects.exists()


def test_name_of_a_file_is_neither_kept_nor_shown(browser):
    submission = asked(browser)
    posted(browser, submission, document_income=a_file(name="../../canary<script>.pdf"))
    with data_key_scope():
        (file,) = SuppliedFile.objects.all()
        assert "canary" not in repr(vars(file))


def test_files_that_are_too_large_together_are_refused_with_a_sentence(browser):
    submission = asked(browser)
    one = A_PDF[:9] + b" " * (4 * 1024 * 1024) + b"%%EOF"
    page = posted(browser, submission, document_income=[a_file(one) for _ in range(3)])
    assert page.context["form"].non_field_errors()
    assert not SuppliedFile.objects.exists()


def test_body_too_large_to_be_held_is_told_as_such_and_reaches_no_disk(browser, settings, monkeypatch):
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 20_000
    submission = asked(browser)
    page = posted(browser, submission, document_income=a_file(A_PDF + b" " * 30_000 + b"%%EOF"))
    assert page.status_code == 200
    assert page.context["form"].non_field_errors()
    assert 'value="+37129999999"' in page.text
    assert settings.FILE_UPLOAD_HANDLERS == ["django.core.files.uploadhandler.MemoryFileUploadHandler"]


# --- saying no ---


def test_saying_no_is_one_press_and_can_be_thought_better_of(browser):
    submission = asked(browser)
    answer = browser.post(url(submission), {"refuse": ""})
    assert (answer.status_code, answer["Location"]) == (302, back(submission))
    assert Submission.objects.get(pk=submission.pk).asking == "refused"
    page = browser.get(url(submission))
    assert 'name="refuse"' not in page.text
    posted(browser, submission)
    assert status_of(submission) == "pending"


# --- where nothing can be given ---


@pytest.mark.parametrize("method", ["get", "post"])
def test_request_that_is_over_leads_to_the_offers_which_say_so(browser, method):
    submission = asked(browser)
    scene.say(submission, "declined")
    answer = getattr(browser, method)(url(submission))
    assert (answer.status_code, answer["Location"]) == (302, back(submission))


@pytest.mark.parametrize("method", ["get", "post"])
def test_request_to_somebody_else_is_not_found(browser, method):
    asked(browser)
    other = asked(Client())
    assert getattr(browser, method)(url(other)).status_code == 404


def test_own_request_under_another_application_is_not_found(browser):
    submission = asked(browser)
    other = asked(Client())
    address = reverse("lenders:more", args=[submission.application_id, other.pk])
    assert browser.post(address).status_code == 404


def restricted(submission: Submission) -> None:
    actor = Actor.consumer(submission.subject_id)
    restrict(subject_id=submission.subject_id, ground=RestrictionGround.ACCURACY, actor=actor)


def test_page_of_a_restricted_person_asks_for_nothing_and_says_why(browser):
    submission = asked(browser)
    restricted(submission)
    page = browser.get(url(submission))
    assert page.status_code == 200
    assert page.context["stopped"]
    assert "<input" not in page.text.partition("<main")[2]


def test_what_a_restricted_person_posts_is_refused(browser):
    submission = asked(browser)
    restricted(submission)
    assert posted(browser, submission).status_code == 409
    assert not Supplement.objects.exists()


# --- on other pages ---


def offers(browser: Client, submission: Submission) -> Any:
    return browser.get(back(submission))


def test_page_of_offers_leads_there(browser):
    submission = asked(browser)
    page = offers(browser, submission)
    assert page.text.count(f'href="{url(submission)}"') == 2
    assert not page.context["waiting"]
    assert not page.context["page"].late


def test_page_of_offers_of_a_refused_request_keeps_the_way_open(browser):
    submission = asked(browser)
    browser.post(url(submission), {"refuse": ""})
    page = offers(browser, submission)
    assert page.text.count(f'href="{url(submission)}"') == 1
    assert page.context["page"].asking == []


def test_page_of_offers_says_when_it_cannot_be_given_here(browser):
    submission = asked(browser)
    scene.shift(submission.lender, adapter="telex")
    page = offers(browser, submission)
    assert url(submission) not in page.text
    (view,) = page.context["lenders"]
    assert "pats" in view.reason_text


def test_page_of_offers_says_that_the_lender_asked_in_vain(browser):
    submission = asked(browser)
    scene.shift(submission, status="no_response", late_until=timezone.now() - timedelta(days=1))
    (view,) = offers(browser, submission).context["lenders"]
    assert view.reason_text


def test_page_waits_again_once_it_was_given(browser):
    submission = asked(browser)
    posted(browser, submission)
    assert offers(browser, submission).context["waiting"]


def test_account_lists_what_waits_for_an_answer_and_nothing_else(browser):
    submission = asked(browser)
    account = reverse("applications:account")
    assert url(submission) in browser.get(account).text
    browser.post(url(submission), {"refuse": ""})
    assert url(submission) not in browser.get(account).text


def test_open_page_of_offers_is_told_of_a_refusal(browser):
    submission = asked(browser)
    fragment = reverse("lenders:fragment", args=[submission.application_id])
    etag = browser.get(fragment)["ETag"]
    browser.post(url(submission), {"refuse": ""})
    assert browser.get(fragment, headers={"if-none-match": etag}).status_code == 200


# --- nothing typed is lost ---


@pytest.fixture
def strict(browser: Client) -> Client:
    """The same browser, before a server that asks for the token of each form."""
    other = Client(enforce_csrf_checks=True)
    other.cookies = browser.cookies
    return other


def token_in(page: Any) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    assert found
    return found[1]


def as_on(page: Any, **changes: Any) -> dict[str, Any]:
    """What a browser sends from this page, with what the person typed into it."""
    hidden = re.findall(r'<input type="hidden" name="asked" value="([\w.]+)">', page.text)
    return {"asked": hidden, "csrfmiddlewaretoken": token_in(page)} | changes


def sign_out(browser: Client) -> None:
    del browser.cookies[settings.CONSUMER_COOKIE_NAME]


def test_what_was_typed_stays_when_the_session_ended_and_the_page_tells_nothing_else(browser):
    submission = asked(browser)
    page = browser.get(url(submission))
    sign_out(browser)
    kept = browser.post(url(submission), as_on(page, phone="+37128888888", document_income=a_file()))
    assert kept.status_code == 403
    assert 'value="+37128888888"' in kept.text
    assert 'name="document_income"' in kept.text
    assert "Datnes izvēlieties vēlreiz" in kept.text
    assert submission.lender.name not in kept.text
    assert scene.ANSWERS["phone"] not in kept.text
    assert not Supplement.objects.exists()


def test_page_that_outlived_its_session_can_be_sent_as_it_stands_after_signing_in(strict, browser):
    submission = asked(browser, "identification.phone")
    page = strict.get(url(submission))
    session = browser.cookies[settings.CONSUMER_COOKIE_NAME].value
    sign_out(strict)
    kept = strict.post(url(submission), as_on(page, phone="+37128888888"))
    strict.cookies[settings.CONSUMER_COOKIE_NAME] = session
    again = strict.post(url(submission), as_on(kept, phone="+37128888888"))
    assert again["Location"] == back(submission)
    with data_key_scope():
        assert Supplement.objects.get().given == {"identification.phone": "+37128888888"}


def test_what_was_typed_stays_when_the_token_is_old(strict, browser):
    submission = asked(browser)
    strict.get(url(submission))
    kept = strict.post(url(submission), {"phone": "+37128888888"})
    assert kept.status_code == 403
    assert str(FormTooOld.sentence) in html.unescape(kept.text)
    assert 'value="+37128888888"' in kept.text
    assert not Supplement.objects.exists()
    again = strict.post(url(submission), as_on(kept, phone="+37128888888", document_income=a_file()))
    assert again["Location"] == back(submission)


def test_old_token_is_told_where_nothing_is_typed_as_well(strict, browser):
    submission = asked(browser, "identification.email")
    strict.get(url(submission))
    kept = strict.post(url(submission), {})
    assert kept.status_code == 403
    assert str(FormTooOld.sentence) in html.unescape(kept.text)


def test_session_that_ended_where_nothing_was_typed_leads_back_to_the_page(browser):
    submission = asked(browser, "identification.email")
    page = browser.get(url(submission))
    sign_out(browser)
    ended = browser.post(url(submission), as_on(page))
    assert ended.status_code == 403
    assert quote(url(submission), safe="") in ended.text


@pytest.mark.parametrize("label", ["identification.nothing", "identification.keyword", "<script>", ""])
def test_a_made_up_page_asks_a_stranger_for_nothing(browser, label):
    submission = asked(browser)
    sign_out(browser)
    assert "more_kept" not in str(browser.post(url(submission), {"asked": [label]}).templates)


def test_refusal_of_a_stranger_or_without_a_token_is_not_taken_for_one(strict, browser):
    submission = asked(browser)
    strict.get(url(submission))
    assert strict.post(url(submission), {"refuse": ""}).status_code == 403
    sign_out(strict)
    assert strict.post(url(submission), {"refuse": ""}).status_code == 403
    assert scene.submission_at(submission.application, "leja").asking == "open"
