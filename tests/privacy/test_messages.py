"""The officer decides about messages; before, nothing happens to one, and nobody's data are touched."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from applications.actors import Actor
from applications.crypto import keyring
from applications.crypto.keyring import data_key_scope, owners_with_keys
from applications.errors import IllegalTransition, SubjectErased
from applications.models import AuditEntry, DataSubject, OutboundMail, RestrictionGround
from applications.services.mail import deliver
from applications.services.processing import restrict
from privacy.attention import flags
from privacy.datamap import doors
from privacy.models import (
    Identity,
    Mailbox,
    MailboxMessage,
    MessageState,
    RequestWords,
    Right,
    RightsRequest,
    Way,
    WhyAside,
)
from privacy.services import messages, reminding, requests
from privacy.services.mailbox import take_in
from privacy.states import RequestStatus
from tests import factories
from tests.clock import later
from tests.privacy import desk, dpo, rights
from tests.privacy.imap_server import mail

pytestmark = [pytest.mark.thorough, pytest.mark.django_db(databases=["default", "keys", "aside"])]
OFFICER = Actor.staff(1)
QUEUE = reverse("admin:privacy_mailboxmessage_changelist")


def arrived(
    text: str = "Lūdzu, izdzēsiet manus datus.", *, days_ago: int = 0, **headers: str
) -> MailboxMessage:
    """A message that was taken over."""
    headers.setdefault("message_id", f"<{uuid4()}@piemers.lv>")
    known = set(MailboxMessage.objects.values_list("pk", flat=True))
    take_in(raw=mail(text, **headers), delivered_at=timezone.now() - timedelta(days=days_ago))
    return MailboxMessage.objects.exclude(pk__in=known).get()


def now(message: MailboxMessage) -> MailboxMessage:
    return MailboxMessage.objects.select_related("request").get(pk=message.pk)


def entered(
    message: MailboxMessage, subject: DataSubject | None = None, right: Right = Right.ERASURE
) -> RightsRequest:
    return messages.enter_as_request(
        message_id=message.pk, right=right, language="lv", contact="anna@piemers.lv", actor=OFFICER,
        subject_id=subject.pk if subject else None,
    )  # fmt: skip


# --- before the decision -----------------------------------------------------------------------------------
def test_message_does_nothing_by_itself():
    anna = factories.subject("anna@piemers.lv")
    arrived()
    assert not RightsRequest.objects.exists()
    assert not AuditEntry.objects.filter(subject_id=anna.pk, action__startswith="mailbox").exists()


@pytest.mark.parametrize(
    ("say", "because"),
    [
        (lambda application: "Hello", "sender's address"),
        (lambda application: f"My number is {application.reference}.", "a number of ours"),
        (lambda application: f"I am {application.subject.customer_reference}", "a number of ours"),
        (lambda application: "My address is anna@piemers.lv.", "an address on file"),
        (lambda application: "Mans kods ir 321234-56789.", "personal code or phone"),
        (lambda application: "Zvaniet +371 21 234 567", "personal code or phone"),
    ],
)
def test_person_is_proposed_with_the_reason_and_the_look_is_on_record(say, because):
    application = factories.sent_application(factories.subject("anna@piemers.lv"))
    sender = "anna@piemers.lv" if "sender" in because else "other@piemers.lv"
    message = arrived(say(application), sender=sender)
    with desk_language():
        [found] = messages.look(message_id=message.pk, actor=OFFICER).people
        assert because in str(found.because)
    assert found.subject == application.subject
    acts = AuditEntry.objects.filter(actor_kind="staff").values_list("action", "subject_id")
    assert set(acts) >= {("mailbox.seen", None), ("subject.found", application.subject.pk)}


def desk_language():
    from django.utils import translation  # noqa: PLC0415

    return translation.override("en")


def test_our_own_addresses_lead_to_nobody():
    factories.subject("privacy@jo1n.com")
    message = arrived("I write to privacy@jo1n.com", sender="privacy@jo1n.com")
    assert messages.look(message_id=message.pk, actor=OFFICER).people == []


def test_erased_person_is_proposed_by_nothing():
    anna = factories.subject("anna@piemers.lv")
    reference = anna.customer_reference
    for door in doors():
        door.erase(anna)
    message = arrived(f"I am {reference}")
    assert messages.look(message_id=message.pk, actor=OFFICER).people == []


def test_of_a_restricted_person_nothing_but_the_number_is_proposed():
    application = factories.sent_application(factories.subject("anna@piemers.lv"))
    restrict(subject_id=application.subject_id, ground=RestrictionGround.CLAIMS, actor=OFFICER)
    page = words(dpo.dpo(), arrived())
    choices = [str(name) for _value, name in deed(page, "request").fields["person"].choices]
    assert application.subject.customer_reference in choices[0]
    assert application.reference not in choices[0]


# --- to which request it belongs ---------------------------------------------------------------------------
def proposed(message: MailboxMessage) -> list[RightsRequest]:
    return [one.request for one in messages.look(message_id=message.pk, actor=OFFICER).requests]


def test_request_is_proposed_by_its_number():
    request = desk.entered(None)
    assert proposed(arrived(title=f"Re: {request.reference.lower()}")) == [request]


def test_answer_to_a_letter_of_ours_leads_to_its_request(mailoutbox):
    request = desk.entered(None)
    letter = OutboundMail.objects.get(owner_id=request.pk)
    with data_key_scope():
        deliver(letter.pk)
    [sent] = mailoutbox
    assert sent.reply_to == ["privacy@jo1n.com"]
    message_id = sent.message()["Message-ID"]
    assert proposed(arrived("thanks", In_Reply_To=message_id)) == [request]


def test_answer_to_an_earlier_message_leads_to_its_request():
    first = arrived(message_id="<first@x>")
    request = entered(first)
    assert proposed(arrived("and one more thing", References="<zero@x> <first@x>")) == [request]


@pytest.mark.parametrize(
    "identifier", ["<first@x>", "<no-uuid@jo1n.com>", "<f1af8343-380a-4577-8264-03b12de70f65@jo1n.com>"]
)
def test_answer_to_something_else_leads_nowhere(identifier):
    arrived(message_id="<first@x>")
    assert proposed(arrived("second", In_Reply_To=identifier)) == []


def test_request_that_has_ended_is_not_proposed():
    request = desk.entered(None)
    requests.withdraw(request_id=request.pk, actor=OFFICER)
    assert proposed(arrived(f"about {request.reference}")) == []


# --- this is a request -------------------------------------------------------------------------------------
def test_request_is_received_with_the_words_on_the_day_of_the_delivery():
    message = arrived(days_ago=10)
    request = entered(message)
    assert (request.way, request.identity, request.status) == (
        Way.MAILBOX,
        Identity.NONE,
        RequestStatus.RECEIVED,
    )
    assert request.received_at == message.delivered_at
    assert request.received_on == timezone.localdate(message.delivered_at)
    words_kept = RequestWords.objects.get(pk=request.pk)
    assert words_kept.contact == "anna@piemers.lv"
    assert words_kept.text == "Mani dati\n\nLūdzu, izdzēsiet manus datus."
    assert (now(message).state, now(message).request) == (MessageState.REQUEST, request)


def test_person_who_was_ticked_is_not_proved_by_that():
    anna = factories.subject("anna@piemers.lv")
    request = entered(arrived(), anna)
    assert (request.subject, request.identity) == (anna, Identity.NONE)


def test_same_request_that_is_open_gets_the_message_as_well():
    anna = factories.subject("anna@piemers.lv")
    first = entered(arrived(), anna)
    second = arrived("And soon, please.")
    assert entered(second, anna) == first
    assert now(second).state == MessageState.ADDED
    assert str(RequestWords.objects.get(pk=first.pk).text).endswith("And soon, please.")


def test_message_is_decided_about_once():
    message = arrived()
    entered(message)
    for again in (
        lambda: entered(message),
        lambda: messages.set_aside(message_id=message.pk, why=WhyAside.NOTHING, actor=OFFICER),
        lambda: messages.add_to_request(
            message_id=message.pk, request_id=desk.entered(None).pk, actor=OFFICER
        ),
    ):
        with pytest.raises(IllegalTransition):
            again()
    assert RightsRequest.objects.filter(way=Way.MAILBOX).count() == 1


@pytest.mark.django_db(transaction=True, databases=["default", "keys", "aside"])
def test_two_officers_at_once_enter_one_request():
    message = arrived()
    found = factories.in_parallel(lambda _number: entered(message), count=2)
    assert sorted(type(one) for one in found if isinstance(one, IllegalTransition)) == [IllegalTransition]
    assert RightsRequest.objects.count() == 1


def test_nothing_is_entered_for_somebody_who_was_erased_meanwhile():
    anna = factories.subject("anna@piemers.lv")
    message = arrived()
    DataSubject.objects.filter(pk=anna.pk).update(erased_at=timezone.now())
    with pytest.raises(SubjectErased):
        entered(message, anna)
    assert now(message).state == MessageState.NEW


# --- it belongs to a request; it is none -------------------------------------------------------------------
def test_message_is_added_to_an_open_request_and_nothing_is_lost():
    request = desk.entered(None)
    message = arrived("My passport is attached.", title="Re")
    messages.add_to_request(message_id=message.pk, request_id=request.pk, actor=OFFICER)
    text = str(RequestWords.objects.get(pk=request.pk).text)
    assert text.startswith("zqxwritten")
    assert text.endswith("Re\n\nMy passport is attached.")
    assert rights.events(request)[-1] == "written_to"
    assert now(message).request == request


def test_message_is_not_added_to_a_request_that_has_ended():
    request = desk.entered(None)
    requests.withdraw(request_id=request.pk, actor=OFFICER)
    message = arrived()
    with pytest.raises(IllegalTransition):
        messages.add_to_request(message_id=message.pk, request_id=request.pk, actor=OFFICER)
    assert now(message).state == MessageState.NEW


def test_message_that_is_set_aside_keeps_the_reason():
    message = arrived()
    messages.set_aside(message_id=message.pk, why=WhyAside.ADVERTISING, actor=OFFICER)
    assert (now(message).state, now(message).why_aside) == (MessageState.SET_ASIDE, WhyAside.ADVERTISING)


# --- the end -----------------------------------------------------------------------------------------------
def test_message_set_aside_goes_after_its_period_with_its_key():
    message = arrived()
    messages.set_aside(message_id=message.pk, why=WhyAside.NOTHING, actor=OFFICER)
    assert messages.forget_messages() == {"messages": 0}
    with later(days=93):
        assert messages.forget_messages() == {"messages": 1}
    assert not MailboxMessage.objects.exists()
    assert owners_with_keys([message.pk]) == set()


def test_message_of_a_request_goes_with_its_words():
    message = arrived()
    request = entered(message)
    requests.withdraw(request_id=request.pk, actor=OFFICER)
    messages.forget_messages()
    assert MailboxMessage.objects.exists()
    with later(days=93):
        reminding.forget_words()
        messages.forget_messages()
    assert not MailboxMessage.objects.exists()
    assert owners_with_keys([message.pk]) == set()


def test_message_that_waits_never_goes_by_itself():
    arrived()
    with later(days=1000):
        messages.forget_messages()
    assert MailboxMessage.objects.count() == 1


def test_message_of_an_open_request_outlives_the_erasure_and_another_goes_with_the_person():
    anna = factories.subject("anna@piemers.lv")
    still_open, ended = entered(arrived(), anna), entered(arrived("copy"), anna, Right.ACCESS)
    requests.withdraw(request_id=ended.pk, actor=OFFICER)
    gone = MailboxMessage.objects.get(request=ended)
    for door in doors():
        door.erase(anna)
    assert [one.request for one in MailboxMessage.objects.all()] == [still_open]
    assert owners_with_keys([gone.pk]) == set()


def test_page_of_a_message_whose_key_is_gone_says_nothing():
    message = arrived()
    keyring.forget_keys([message.pk])
    keyring.destroy_key(message.pk)
    assert messages.look(message_id=message.pk, actor=OFFICER).words.as_text == ""


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
    message = arrived("zqxtext", title="zqxtitle", sender="Zqxname <zqx@piemers.lv>")
    for address in (QUEUE, page(message), page(message, "words")):
        assert "zqx" not in body(officer.get(address)).lower()
    assert not AuditEntry.objects.filter(action="mailbox.seen").exists()


def test_list_tells_what_was_dropped(officer):
    Mailbox.objects.create(name="privacy", taken_in=3, duplicates=2, automatic=1)
    assert "2 copies, 1 automatic" in body(officer.get(QUEUE, headers=desk.ENGLISH))


def test_words_are_shown_after_the_look_is_on_record_and_as_words_alone(officer):
    message = arrived("<script>alert('zqx')</script>")
    response = words(officer, message)
    assert "&lt;script&gt;alert(&#x27;zqx&#x27;)" in body(response)
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


# --- what needs attention ----------------------------------------------------------------------------------
def sentences() -> list[str]:
    with desk_language():
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
