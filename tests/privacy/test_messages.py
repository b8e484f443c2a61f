"""The officer decides about messages; before, nothing happens to one, and nobody's data are touched."""

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from applications.crypto import keyring
from applications.crypto.keyring import data_key_scope, owners_with_keys
from applications.errors import IllegalTransition, SubjectErased
from applications.models import AuditEntry, DataSubject, OutboundMail
from applications.services.mail import deliver
from privacy.datamap import doors
from privacy.models import (
    Identity,
    MailboxMessage,
    MessageState,
    RequestWords,
    Right,
    RightsRequest,
    Way,
    WhyAside,
)
from privacy.services import messages, reminding, requests
from privacy.states import RequestStatus
from tests import factories
from tests.clock import later
from tests.privacy import desk, rights
from tests.privacy.mailed import OFFICER, arrived, entered, now

pytestmark = [pytest.mark.thorough, pytest.mark.django_db(databases=["default", "keys", "aside"])]
QUEUE = reverse("admin:privacy_mailboxmessage_changelist")


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
    with translation.override("en"):
        [found] = messages.look(message_id=message.pk, actor=OFFICER).people
        assert because in str(found.because)
    assert found.subject == application.subject
    acts = AuditEntry.objects.filter(actor_kind="staff").values_list("action", "subject_id")
    assert set(acts) >= {("mailbox.seen", None), ("subject.found", application.subject.pk)}


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
    assert text.startswith("zqxqzwritten")
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
