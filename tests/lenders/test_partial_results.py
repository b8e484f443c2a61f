"""A lender that answers in parts: offers now, and perhaps more of them later."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from applications.actors import Actor
from applications.models import Application, MailKind, OutboundMail
from applications.personal import Purpose
from applications.services import locking
from lenders.models import Offer, Submission
from lenders.models.submission import AWAITED
from lenders.ordering import Order
from lenders.sandbox.secrets import secret_of
from lenders.selectors.offers_page import OffersPage, offers_page, waiting_submissions
from lenders.services import choosing, deliveries, ingest, polling
from lenders.states import SubmissionStatus
from tests.lenders import market_examples, scene
from tests.lenders.lender_examples import signed

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.django_db(databases=scene.DATABASES),
    pytest.mark.usefixtures("lenders"),
]

GROUP = "krasts"
NAME = scene.SANDBOX[GROUP].name
REST = ("Krasts Mierīgi", "Krasts Ilgi")
LONG_AGO = timedelta(seconds=1)


@pytest.fixture
def application(browser: Client) -> Application:
    return scene.sent_from(browser, GROUP)


@pytest.fixture
def submission(application: Application) -> Submission:
    return scene.submission_at(application, GROUP)


def lead(submission: Submission, names: str, pending: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    """An offer for each letter of `names`; the word follows from them and from who is pending."""
    offers = [
        market_examples.offer(offerId=name, expiresAt="2049-01-01T00:00:00Z", **more.pop(name, {}))
        for name in names
    ]
    state = "complete" if not pending else "partial" if offers else "processing"
    return market_examples.lead(state, *offers, pending=pending, leadUuid=str(submission.pk), **more)


def finish(prepared: deliveries.Prepared, document: Any) -> None:
    scene.finish(prepared, market_examples.reply(document, asked=prepared.submission_id))


def begun(submission: Submission, kind: str = "application") -> deliveries.Prepared:
    """What the group is told or asked, on its way."""
    (prepared,) = (one for one in scene.begun_in_order(submission.application) if one.kind == kind)
    return prepared


def replies(submission: Submission, document: Any) -> None:
    finish(begun(submission), document)


def is_asked(submission: Submission, document: Any) -> None:
    scene.end_leases(kind="inquiry")
    polling.ask_now(submission)
    finish(begun(submission, "inquiry"), document)


def calls_back(submission: Submission, document: Any) -> None:
    secret = secret_of(settings.SANDBOX_SECRET, GROUP)
    headers, body = signed(
        document, secret=secret, at=timezone.now(), message_id=f"msg_{hash(json.dumps(document)) % 10**9}"
    )
    address = reverse("lender-api:callbacks", kwargs={"slug": GROUP})
    reply = Client().generic("POST", address, body, content_type="application/json", headers=headers)
    assert reply.status_code == 204


WAYS = pytest.mark.parametrize("tells", [is_asked, calls_back])
Tells = Callable[[Submission, Any], None]


def found(submission: Submission) -> Submission:
    return Submission.objects.get(pk=submission.pk)


def stands(submission: Submission) -> tuple[str, bool, int]:
    """The state, whether more may come, and how many offers are open."""
    now = found(submission)
    return now.status, now.more_to_come, now.offers.filter(status="open").count()


def page_of(submission: Submission) -> OffersPage:
    application = Application.objects.get(pk=submission.application_id)
    return offers_page(application, Order.APR, purpose=Purpose.DATA_SUBJECT_RIGHTS)


def shown(browser: Client, submission: Submission) -> str:
    with translation.override("lv"):
        address = reverse("lenders:fragment", args=[submission.application_id])
    return browser.get(address).text


def choose(offer: Offer) -> None:
    choosing.choose(offer_id=offer.pk, subject_id=offer.subject_id, actor=Actor.consumer(offer.subject_id))


def page_waits_no_longer(submission: Submission) -> None:
    scene.shift(submission, page_wait_until=timezone.now() - LONG_AGO)
    for offer in submission.offers.all():
        scene.shift(offer, received_at=offer.received_at - timedelta(minutes=1))


# --- from partial to complete ---


def test_partial_reply_is_an_offer_with_more_to_come(submission):
    replies(submission, lead(submission, "A", REST))
    assert stands(submission) == ("offered", True, 1)
    assert page_of(submission).waiting


@WAYS
def test_the_rest_ends_the_waiting(submission, tells: Tells):
    replies(submission, lead(submission, "A", REST))
    tells(submission, lead(submission, "AB", REST[1:]))
    assert stands(submission) == ("offered", True, 2)
    tells(submission, lead(submission, "ABC"))
    assert stands(submission) == ("offered", False, 3)
    assert not page_of(submission).waiting


@WAYS
def test_end_of_the_waiting_without_another_offer_is_news_for_the_open_page(submission, tells: Tells):
    replies(submission, lead(submission, "A", REST))
    before = page_of(submission)
    tells(submission, lead(submission, "A"))
    after = page_of(submission)
    assert after.version > before.version
    assert (before.waiting, after.waiting, after.late) == (True, False, False)


@pytest.mark.parametrize("order", list(itertools.permutations(["reply", "callback", "inquiry"])))
def test_parts_in_any_order_and_again_are_one_state(submission, order):
    sent = begun(submission)
    tell = {
        "reply": lambda: finish(sent, lead(submission, "A", REST)),
        "callback": lambda: calls_back(submission, lead(submission, "AB", REST[1:])),
        "inquiry": lambda: is_asked(submission, lead(submission, "ABC")),
    }
    for way in (*order, "callback", "inquiry", "callback"):
        tell[way]()
    assert stands(submission) == ("offered", False, 3)
    assert Offer.objects.count() == 3


def test_other_figures_under_a_known_name_are_noted_and_change_nothing_that_was_shown(submission):
    replies(submission, lead(submission, "A", REST))
    dearer = {"amount": 561.0, "automatedPricing": True}
    calls_back(submission, lead(submission, "AB", A=dearer))
    first = Offer.objects.order_by("received_at").first()
    assert first is not None
    assert (first.amount_cents, first.price_personalised) == (560_00, False)
    assert first.restating == "open"
    assert stands(submission) == ("offered", False, 2)


def test_rejection_takes_back_what_was_offered_so_far(submission):
    replies(submission, lead(submission, "A", REST))
    calls_back(submission, lead(submission, "") | {"state": "rejected"})
    assert stands(submission) == ("declined", False, 0)


def test_nothing_more_is_awaited_once_the_late_window_has_closed(submission):
    replies(submission, lead(submission, "A", REST))
    long_ago = timezone.now() - LONG_AGO
    scene.shift(submission, page_wait_until=long_ago, late_until=long_ago)
    page = page_of(submission)
    assert (page.waiting, page.late, page.more_from) == (False, False, "")
    calls_back(submission, lead(submission, "AB"))
    assert stands(submission) == ("offered", True, 1)


@pytest.mark.parametrize("more", [False, True])
def test_row_and_query_agree_on_what_is_awaited(submission, more):
    for status in SubmissionStatus.values:
        scene.shift(submission, status=status, more_to_come=more)
        assert found(submission).awaited == Submission.objects.filter(AWAITED).exists(), status


# --- what the consumer reads ---


def test_page_says_from_whom_more_may_come_and_then_that_no_more_will(browser, submission):
    more = f"Citus piedāvājumus vēl var izteikt {NAME}."
    replies(submission, lead(submission, "A", REST))
    assert more in shown(browser, submission)
    assert "Tas vēl var izteikt citus piedāvājumus." in shown(browser, submission)
    page_waits_no_longer(submission)
    assert more in shown(browser, submission)
    calls_back(submission, lead(submission, "AB"))
    assert more not in shown(browser, submission)
    assert "Tas vēl var izteikt citus piedāvājumus." not in shown(browser, submission)
    assert "Citas atbildes vairs negaidām." in shown(browser, submission)


def test_page_that_waits_for_somebody_else_too_names_nobody(browser):
    application = scene.sent_from(browser, GROUP, "atra")
    submission = scene.submission_at(application, GROUP)
    calls_back(submission, lead(submission, "A", REST))
    assert page_of(submission).more_from == ""
    scene.say(scene.submission_at(application, "atra"), "declined")
    assert page_of(submission).more_from == NAME


def test_page_looks_again_while_more_may_come(browser, submission):
    replies(submission, lead(submission, "A", REST))
    assert waiting_submissions(submission.application) == 1
    page_waits_no_longer(submission)
    assert waiting_submissions(submission.application) == 0


def late_mails() -> list[str]:
    return [mail.body or "" for mail in OutboundMail.objects.filter(kind=MailKind.LATE_OFFER)]


@WAYS
def test_more_offers_while_the_page_waits_are_not_mailed(submission, tells: Tells):
    replies(submission, lead(submission, "A", REST))
    tells(submission, lead(submission, "AB"))
    assert late_mails() == []


@WAYS
def test_offers_that_come_late_together_are_one_mail(submission, tells: Tells):
    replies(submission, lead(submission, "A", REST))
    page_waits_no_longer(submission)
    tells(submission, lead(submission, "ABC"))
    (body,) = late_mails()
    assert f"Aizdevējs {NAME} ir papildinājis savus piedāvājumus." in body


def test_word_that_no_more_will_come_is_not_mailed(submission):
    replies(submission, lead(submission, "A", REST))
    page_waits_no_longer(submission)
    calls_back(submission, lead(submission, "A"))
    assert late_mails() == []


# --- offers, and something missing ---


def missing(*fields: str) -> dict[str, Any]:
    return {"missingFields": market_examples.missing(*fields)}


def test_offers_can_be_chosen_whatever_is_missing_for_others(submission):
    replies(submission, lead(submission, "A", REST, **missing("contact.mobilePhone")))
    assert stands(submission) == ("offered", True, 1)
    assert found(submission).needs == ["identification.phone"]
    assert [offer.can_be_chosen for offer in page_of(submission).offers] == [True]


def test_what_was_missing_is_not_asked_for_any_more_once_all_have_answered(submission):
    replies(submission, lead(submission, "A", REST, **missing("contact.mobilePhone")))
    calls_back(submission, lead(submission, "A"))
    assert found(submission).needs == []


def test_group_without_an_offer_that_misses_something_needs_action(submission):
    replies(submission, lead(submission, "", REST, **missing("contact.mobilePhone", "income.monthlyNet")))
    assert stands(submission) == ("action_required", False, 0)
    assert found(submission).needs == ["identification.phone", "financial.monthly_income_cents"]
    calls_back(submission, lead(submission, "A", REST))
    assert stands(submission) == ("offered", True, 1)


# --- the choice while more may come ---


def test_choice_ends_the_waiting(submission):
    replies(submission, lead(submission, "A", REST))
    choose(Offer.objects.get())
    assert stands(submission)[:2] == ("selected", False)
    page = page_of(submission)
    assert (page.waiting, page.late) == (False, False)


@WAYS
def test_what_comes_after_the_choice_changes_nothing(submission, tells: Tells):
    replies(submission, lead(submission, "A", REST))
    choose(Offer.objects.get())
    told = begun(submission, "choice")
    tells(submission, lead(submission, "AB", REST[1:]))
    finish(told, lead(submission, "AB", REST[1:]) | {"state": "selected"})
    is_asked(submission, lead(submission, "AB", REST[1:]) | {"state": "selected"})
    calls_back(submission, lead(submission, "ABC"))
    assert stands(submission)[:2] == ("selected", False)
    assert Offer.objects.count() == 1
    assert page_of(submission).choice_told


def test_group_that_took_no_note_of_the_choice_is_for_staff_to_see(submission):
    replies(submission, lead(submission, "A", REST))
    choose(Offer.objects.get())
    finish(begun(submission, "choice"), lead(submission, "A", REST))
    assert scene.delivery_at(submission.application, GROUP, "choice").error_code == "malformed_answer"
    assert page_of(submission).choice_failed


def test_rejection_after_the_choice_reopens_what_others_offered():
    application = scene.sent(GROUP, "atra")
    submission = scene.submission_at(application, GROUP)
    held = scene.open_offer(application, "atra")
    calls_back(submission, lead(submission, "A", REST))
    choose(Offer.objects.get(submission=submission))
    calls_back(submission, lead(submission, "") | {"state": "expired"})
    assert stands(submission) == ("lender_declined_late", False, 0)
    assert [(offer.id, offer.can_be_chosen) for offer in page_of(submission).offers] == [(held.pk, True)]


def test_offers_that_come_while_anothers_is_chosen_are_held():
    application = scene.sent(GROUP, "atra")
    submission = scene.submission_at(application, GROUP)
    calls_back(submission, lead(submission, "A", REST))
    choose(scene.open_offer(application, "atra"))
    calls_back(submission, lead(submission, "AB"))
    held = [offer for offer in page_of(submission).offers if offer.held]
    assert [offer.lender_name for offer in held] == [NAME, NAME]


# --- offers that end before all are there ---


def test_offers_that_run_out_while_more_may_come_leave_the_group_considering(submission):
    replies(submission, lead(submission, "A", REST))
    Offer.objects.update(valid_until=timezone.now() - LONG_AGO)
    ingest.expire_offers()
    assert stands(submission) == ("pending", False, 0)
    calls_back(submission, lead(submission, "AB"))
    assert stands(submission) == ("offered", False, 1)


@pytest.mark.parametrize(("pending", "stands_as"), [(REST, "pending"), ((), "expired")])
def test_offer_that_ran_out_and_is_made_once_more_is_no_offer(submission, pending, stands_as):
    replies(submission, lead(submission, "A", REST))
    Offer.objects.update(valid_until=timezone.now() - LONG_AGO)
    ingest.expire_offers()
    calls_back(submission, lead(submission, "A", pending))
    assert stands(submission) == (stands_as, False, 0)


@pytest.mark.parametrize("said_more", [False, True])
def test_offers_that_run_out_when_no_more_can_come_end_it(submission, said_more):
    replies(submission, lead(submission, "A", REST if said_more else ()))
    Offer.objects.update(valid_until=timezone.now() - LONG_AGO)
    if said_more:
        scene.shift(submission, late_until=timezone.now() - LONG_AGO)
    ingest.expire_offers()
    assert stands(submission) == ("expired", False, 0)


def test_last_word_counts_when_offers_run_out_at_the_same_time(submission, monkeypatch):
    replies(submission, lead(submission, "A", REST))
    Offer.objects.update(valid_until=timezone.now() - LONG_AGO)

    def lock_after_the_last_word(subject_id: Any) -> Any:
        Submission.objects.update(more_to_come=False)
        return locking.lock_subject(subject_id)

    monkeypatch.setattr(ingest, "lock_subject", lock_after_the_last_word)
    ingest.expire_offers()
    assert stands(submission)[0] == "expired"


PAST = {"expiresAt": "2020-01-01T00:00:00Z"}
# a hundred euros for ten million within a month: nobody can mean the APR of that
ABSURD = {
    "amount": 100,
    "termMonths": 1,
    "monthlyPayment": 9_999_999,
    "totalPayable": 9_999_999,
    "payments": [{"month": 1, "amount": 9_999_999}],
}


@pytest.mark.parametrize(("useless", "ends_as"), [(PAST, "expired"), (ABSURD, "failed")])
def test_offers_that_cannot_be_shown_do_not_end_what_may_still_bring_others(submission, useless, ends_as):
    document = lead(submission, "A", REST)
    document["offers"][0] |= useless
    replies(submission, document)
    assert stands(submission) == ("pending", False, 0)
    is_asked(submission, document | {"state": "complete", "pendingResponses": []})
    assert stands(submission) == (ends_as, False, 0)


@pytest.mark.parametrize("useless", [PAST, ABSURD])
def test_offers_that_cannot_be_shown_leave_those_that_were(submission, useless):
    replies(submission, lead(submission, "A", REST))
    document = lead(submission, "B")
    document["offers"][0] |= useless
    calls_back(submission, document)
    assert stands(submission) == ("offered", False, 1)
