"""What of requests speaks up or ends by itself: reminders, copies that expire, words that were answered."""

from datetime import timedelta

import pytest
from django.utils import timezone

from applications.crypto.keyring import data_key_scope
from applications.crypto.models import DataKey
from applications.models import DataSubject, MailKind, OutboundMail
from applications.roles import Role
from applications.services import mail
from privacy.models import AccessPackage, Refusal, RequestWords, Right, RightsRequest
from privacy.request_clock import Reminder
from privacy.services import identifying, reminding, requests, searching
from tests import factories
from tests.clock import later
from tests.privacy import rights

pytestmark = pytest.mark.django_db(databases=["default", "keys", "aside"])


@pytest.fixture
def anna() -> DataSubject:
    return factories.subject()


@pytest.fixture
def request_(anna: DataSubject) -> RightsRequest:
    return rights.ask(anna, Right.ERASURE)


def reminded(request: RightsRequest) -> list[str]:
    found = request.events.filter(what="reminded").order_by("at", "pk")
    return list(found.values_list("why", flat=True))


def mails() -> list[str]:
    with data_key_scope():
        found = OutboundMail.objects.filter(kind=MailKind.REQUEST_DUE).order_by("created_at")
        return [f"{one.recipient} {one.title} {one.body}" for one in found]


def on(day: int) -> int:
    """Reminders sent that many days after the request came."""
    with later(days=day):
        return reminding.remind()["reminders"]


def days_before_the_end(request: RightsRequest, left: int) -> int:
    return (request.due_on - timezone.localdate()).days - left


# --- reminders ---


def test_officer_is_reminded_at_the_address_of_the_account(request_):
    """The privacy address is a mailbox that the software empties."""
    factories.staff(Role.DPO, name="dpo", email="ilze@jo1n.example")
    factories.staff(Role.DPO, name="untrained", email="other@jo1n.example", trained=False)
    factories.staff(Role.SUPPORT, name="support", email="third@jo1n.example")
    on(20)
    [text] = mails()
    assert text.startswith("ilze@jo1n.example ")


def test_nobody_is_reminded_in_the_first_half(request_):
    assert on(10) == 0
    assert mails() == []


def test_reminders_come_at_half_time_three_days_and_one_day_before_the_end(request_):
    for day, expected in (
        (days_before_the_end(request_, 31) // 2 + 17, Reminder.HALF_TIME),
        (days_before_the_end(request_, 3), Reminder.THREE_DAYS),
        (days_before_the_end(request_, 1), Reminder.ONE_DAY),
    ):
        assert on(day) == 1
        assert reminded(request_)[-1] == expected
    assert len(mails()) == 3


def test_reminder_goes_to_our_own_mailbox_and_names_the_number_and_the_day_alone(request_, anna):
    on(20)
    [text] = mails()
    assert text.startswith("privacy@jo1n.com ")
    assert request_.reference in text
    assert f"{request_.due_on:%d.%m.%Y.}" in text
    assert anna.verified_email not in text


def test_each_reminder_is_sent_once(request_):
    assert [on(20), on(20), on(21)] == [1, 0, 0]


def test_of_several_at_once_the_most_urgent_is_sent(request_):
    assert on(days_before_the_end(request_, 0)) == 1
    assert reminded(request_) == list(Reminder)
    assert len(mails()) == 1


def test_what_stands_still_reminds_nobody_and_its_last_day_moves_on(request_):
    identifying.ask_who(request_id=request_.pk, actor=rights.OFFICER)
    assert on(40) == 0
    moved = rights.current(request_).due_on
    assert moved >= request_.due_on + timedelta(days=38)


def test_ended_request_reminds_nobody(request_):
    requests.refuse(request_id=request_.pk, why=Refusal.UNFOUNDED, actor=rights.OFFICER, reasons="x")
    assert on(30) == 0


def test_mail_that_fails_wedges_no_request(request_, monkeypatch):
    on(20)
    monkeypatch.setattr("django.core.mail.EmailMessage.send", lambda _self: (_ for _ in ()).throw(OSError))
    for claimed in mail.claim_due():
        mail.deliver(claimed)
    requests.approve(request_id=request_.pk, actor=rights.OFFICER)
    assert rights.run(request_).status == "completed"


# --- what ends ---


def test_expired_copy_is_deleted_and_its_request_stays(anna):
    request = rights.run(rights.ask(anna, Right.ACCESS))
    with later(days=29):
        assert reminding.end_packages() == {"packages": 0}
    with later(days=31):
        assert reminding.end_packages() == {"packages": 1}
    assert not AccessPackage.objects.exists()
    assert rights.current(request).status == "completed"


def test_words_of_a_request_go_three_months_after_its_end_with_their_key(request_):
    requests.refuse(request_id=request_.pk, why=Refusal.UNFOUNDED, actor=rights.OFFICER, reasons="x")
    with later(days=85):
        assert reminding.forget_words() == {"requests": 0}
    with later(days=95):
        assert reminding.forget_words() == {"requests": 1}
    assert not RequestWords.objects.exists()
    assert not DataKey.objects.filter(owner_id=request_.pk).exists()
    assert rights.current(request_).letters.exists()


def test_words_of_an_open_request_stay(request_):
    with later(days=200):
        assert reminding.forget_words() == {"requests": 0}


def test_words_of_an_erasure_wait_for_the_mail_with_its_answer(request_):
    requests.approve(request_id=request_.pk, actor=rights.OFFICER)
    assert rights.run(request_).status == "completed"
    assert reminding.forget_words() == {"requests": 0}
    searching.search_everything()
    assert reminding.forget_words() == {"requests": 0}
    OutboundMail.objects.filter(owner_id=request_.pk).update(status="failed")
    assert reminding.forget_words() == {"requests": 1}
