"""The pages on which the officer works messages, and what of them needs attention."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from applications.models import AuditEntry, RestrictionGround
from applications.services.processing import restrict
from privacy.attention import flags
from privacy.models import (
    Mailbox,
    MailboxMessage,
    Right,
    RightsRequest,
    WhyAside,
)
from privacy.services import messages
from tests import factories
from tests.clock import later
from tests.privacy import desk, dpo
from tests.privacy.mailed import OFFICER, arrived, now

pytestmark = [pytest.mark.thorough, pytest.mark.django_db(databases=["default", "keys", "aside"])]
QUEUE = reverse("admin:privacy_mailboxmessage_changelist")


# --- the pages ---------------------------------------------------------------------------------------------
@pytest.fixture
def officer() -> Client:
    return dpo.dpo()


def page(message: MailboxMessage, name: str = "change") -> str:
    return reverse(f"admin:privacy_mailboxmessage_{name}", args=[message.pk])


def words(client: Client, message: MailboxMessage, **given: object):
    return client.post(page(message, "words"), given, follow=True, headers=desk.ENGLISH)


def deed(response, name: str):
    return next(one["form"] for one in response.context["deeds"] if one["name"] == name)


def body(response) -> str:
    return response.content.decode()


def test_list_and_page_show_nothing_of_what_was_written(officer):
    message = arrived("zqxqztext", title="zqxqztitle", sender="Zqxqzname <zqxqz@piemers.lv>")
    for address in (QUEUE, page(message), page(message, "words")):
        assert "zqxqz" not in body(officer.get(address)).lower()
    assert not AuditEntry.objects.filter(action="mailbox.seen").exists()


def test_list_tells_what_was_dropped(officer):
    Mailbox.objects.create(name="privacy", taken_in=3, duplicates=2, automatic=1)
    assert "2 copies, 1 automatic" in body(officer.get(QUEUE, headers=desk.ENGLISH))


def test_words_are_shown_after_the_look_is_on_record_and_as_words_alone(officer):
    message = arrived("<script>alert('zqxqz')</script>")
    response = words(officer, message)
    assert "&lt;script&gt;alert(&#x27;zqxqz&#x27;)" in body(response)
    assert AuditEntry.objects.filter(action="mailbox.seen", object_id=str(message.pk)).exists()


def test_form_is_filled_in_with_what_is_proposed(officer):
    factories.subject("anna@piemers.lv")
    request = desk.entered(None)
    response = words(officer, arrived(f"Please delete my data, see {request.reference}"))
    form = deed(response, "request")
    assert (form["right"].initial, form["language"].initial) == (Right.ERASURE, "en")
    assert form["contact"].initial == "anna@piemers.lv"
    assert form["person"].value() is None  # who it is, is ticked by hand
    assert "delet" in str(form.fields["right"].help_text)
    assert deed(response, "add")["number"].initial == request.reference


def test_officer_makes_a_request_of_a_message(officer):
    anna = factories.subject("anna@piemers.lv")
    message = arrived()
    mark = deed(words(officer, message), "request").fields["person"].choices[0][0]
    given = {"right": "erasure", "person": mark, "contact": "anna@piemers.lv", "language": "lv"}
    response = words(
        officer, message, deed="request", **{f"request-{name}": value for name, value in given.items()}
    )
    request = RightsRequest.objects.get()
    assert response.redirect_chain == [(desk.page_of(request), 302)]
    assert request.subject == anna
    assert page(message) in body(response)


@pytest.mark.parametrize("mark", ["", "made up"])
def test_nobody_is_taken_who_was_not_proposed(officer, mark):
    anna = factories.subject("anna@piemers.lv")
    message = arrived(sender="other@piemers.lv")
    given = {"right": "erasure", "person": mark or str(anna.pk), "contact": "a@b.lv", "language": "lv"}
    response = words(
        officer, message, deed="request", **{f"request-{name}": value for name, value in given.items()}
    )
    assert deed(response, "request").errors["person"]
    assert not RightsRequest.objects.exists()


def test_officer_adds_a_message_to_a_request(officer):
    request, message = desk.entered(None), arrived()
    response = words(
        officer, message, deed="add", **{"add-number": request.reference.replace("-", "").lower()}
    )
    assert response.redirect_chain == [(desk.page_of(request), 302)]
    assert now(message).request == request


def test_number_of_no_open_request_is_refused(officer):
    response = words(officer, arrived(), deed="add", **{"add-number": "R-AAAAA-AAAAA"})
    assert deed(response, "add").errors["number"]


def test_officer_sets_a_message_aside(officer):
    message = arrived()
    response = words(officer, message, deed="aside", **{"aside-why": "nothing"})
    assert response.redirect_chain == [(QUEUE, 302)]
    assert now(message).why_aside == WhyAside.NOTHING


def test_decided_message_offers_no_deed_and_a_late_button_does_nothing(officer):
    message = arrived()
    messages.set_aside(message_id=message.pk, why=WhyAside.NOTHING, actor=OFFICER)
    assert words(officer, message).context["deeds"] == []
    response = words(officer, message, deed="aside", **{"aside-why": "twice"})
    assert "already done" in desk.messages_of(response)[0]
    assert now(message).why_aside == WhyAside.NOTHING


FILE = (
    'Content-Disposition: attachment; filename="../../a.html"', "Content-Type: text/html", "",
    "<script>alert(1)</script>",
)  # fmt: skip


def with_file() -> MailboxMessage:
    parts = "\r\n".join(["--b", *FILE, "--b--"])
    return arrived(parts, Content_Type='multipart/mixed; boundary="b"')


def test_file_is_handed_out_as_bytes_after_that_is_on_record(officer):
    message = with_file()
    file = message.files.get()
    response = officer.post(page(message, "file"), {"file": file.pk})
    assert response.content == b"<script>alert(1)</script>"
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"] == 'attachment; filename="a.html"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert AuditEntry.objects.filter(action="mailbox.file_taken", object_id=str(message.pk)).exists()


def test_file_opens_by_no_address_and_by_no_other_message(officer):
    message, other = with_file(), arrived()
    file = message.files.get()
    assert officer.get(page(message, "file"), {"file": file.pk}).status_code == 302
    for wrong in (str(file.pk), "", "nonsense", str(uuid4())):
        assert officer.post(page(other, "file"), {"file": wrong}).status_code == 404


@pytest.mark.parametrize("name", ["change", "words", "file"])
def test_support_opens_nothing(name):
    client = dpo.support()
    assert client.get(page(arrived(), name)).status_code == 403
    assert client.get(QUEUE).status_code == 403


def test_of_a_restricted_person_nothing_but_the_number_is_proposed():
    application = factories.sent_application(factories.subject("anna@piemers.lv"))
    restrict(subject_id=application.subject_id, ground=RestrictionGround.CLAIMS, actor=OFFICER)
    page = words(dpo.dpo(), arrived())
    choices = [str(name) for _value, name in deed(page, "request").fields["person"].choices]
    assert application.subject.customer_reference in choices[0]
    assert application.reference not in choices[0]


# --- what needs attention ----------------------------------------------------------------------------------
def sentences() -> list[str]:
    with translation.override("en"):
        return [
            flag.sentence for flag in flags() if "mailbox" in flag.sentence or "Messages" in flag.sentence
        ]


def test_messages_that_wait_are_flagged_the_oldest_first():
    arrived(days_ago=3)
    arrived(days_ago=40)
    messages.set_aside(message_id=arrived().pk, why=WhyAside.TWICE, actor=OFFICER)
    found = sentences()
    assert len(found) == 2
    assert "Overdue by" in found[0]
    assert "left" in found[1]


def test_mailbox_that_fails_for_hours_is_flagged_with_the_code(settings):
    settings.PRIVACY_MAILBOX = object()
    Mailbox.objects.create(
        name="privacy", failing_since=timezone.now() - timedelta(hours=1), trouble="LoginError"
    )
    assert sentences() == []
    with later(hours=2):
        [found] = sentences()
    assert "LoginError" in found


def test_messages_left_on_the_server_are_flagged(settings):
    settings.PRIVACY_MAILBOX = object()
    Mailbox.objects.create(name="privacy", stuck=2)
    assert "2 messages could not be taken over" in sentences()[0]


def test_installation_in_production_without_a_mailbox_says_so(settings):
    assert sentences() == []
    settings.PRODUCTION = True
    assert "PRIVACY_MAILBOX_URL is empty" in sentences()[0]
