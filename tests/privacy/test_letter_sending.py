"""Letters: versions of their texts, mail that no right stops, links that open for a while."""

import re
from typing import Any

import pytest
from django.conf import settings
from django.core import mail as django_mail
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.transaction import TransactionManagementError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from applications.actors import SYSTEM, Actor
from applications.crypto import keyring
from applications.crypto.keyring import data_key_scope
from applications.models import AuditEntry, DataSubject, MailKind, MailStatus, OutboundMail, RestrictionGround
from applications.services.processing import restrict
from applications.tasks import deliver_due_mail
from privacy import letters
from privacy.letter_facts import Delay
from privacy.models import (
    Identity,
    Letter,
    LetterKind,
    LetterTemplate,
    Refusal,
    RequestEvent,
    Right,
    RightsRequest,
    Way,
)
from privacy.selectors.requests import letters_to_hand_over
from privacy.services import receiving, requests
from privacy.services.letters import (
    give_up_mailing,
    load_delivered_templates,
    open_letter,
    send_letter,
    write_template,
)
from tests import factories
from tests.clock import later

DATABASES = ["default", "keys", "aside"]
pytestmark = pytest.mark.django_db(databases=DATABASES)
OFFICER = Actor.staff(1)
CONTACT = "anna@piemers.lv"
LINK = re.compile(r"http\S+/letters/\S+")


def asked(subject: DataSubject | None = None, *, contact: str = CONTACT, **facts: Any) -> RightsRequest:
    options: dict[str, Any] = {"right": Right.ACCESS, "language": "lv"}
    return receiving.receive(
        way=Way.OWN_PAGES, actor=OFFICER, subject_id=subject.pk if subject else None, contact=contact,
        identity=Identity.FRESH_CODE if subject else Identity.NONE, **(options | facts),
    )  # fmt: skip


def sent(
    request: RightsRequest,
    kind: LetterKind = LetterKind.RECEIVED,
    facts: dict[str, Any] | None = None,
    words: str = "",
) -> Letter:
    with transaction.atomic():
        return send_letter(request=request, kind=kind, actor=OFFICER, facts=facts, words=words)


@data_key_scope()
def link() -> str:
    """The link in the newest mail about a letter."""
    body = OutboundMail.objects.filter(kind=MailKind.RIGHTS_LETTER).latest("created_at").body
    found = LINK.search(str(body))
    assert found
    return found[0]


def opened(address: str) -> Any:
    return Client().get(address.removeprefix(settings.PUBLIC_URL))


@pytest.fixture
def anna() -> DataSubject:
    return factories.subject(CONTACT)


# --- versions ---


def test_delivered_texts_are_there_after_migrations_and_loading_again_adds_nothing():
    assert LetterTemplate.objects.count() == len(LetterKind) * len(settings.LANGUAGES)
    assert load_delivered_templates() == 0


def test_missing_text_is_loaded_and_a_written_one_stays():
    LetterTemplate.objects.filter(kind=LetterKind.WHO, language="ru").delete()
    written(title="Cits virsraksts")
    assert load_delivered_templates() == 1
    assert letters.newest_template(LetterKind.RECEIVED, "lv").title == "Cits virsraksts"


def written(**changes: Any) -> LetterTemplate:
    standing = letters.newest_template(LetterKind.RECEIVED, "lv")
    given: dict[str, Any] = {"title": standing.title, "body": standing.body} | changes
    return write_template(kind=LetterKind.RECEIVED, language="lv", actor=OFFICER, **given)


def test_change_is_a_new_version_and_is_audited():
    version = written(title="Cits virsraksts")
    assert (version.number, letters.newest_template(LetterKind.RECEIVED, "lv")) == (2, version)
    entry = AuditEntry.objects.get(action="letter_template.written")
    assert entry.detail == {"kind": "received", "language": "lv", "number": 2}


def test_same_text_again_writes_nothing():
    before = LetterTemplate.objects.count()
    body = letters.newest_template(LetterKind.RECEIVED, "lv").body
    assert written(body="\r\n" + body.replace("\n", "\r\n")).number == 1
    assert LetterTemplate.objects.count() == before


def test_text_that_does_not_pass_is_not_written():
    with pytest.raises(ValidationError):
        written(body="{nobody}")
    with pytest.raises(ValidationError):
        write_template(kind=LetterKind.WHO, language="xx", title="T", body="{reference}", actor=OFFICER)


@pytest.mark.django_db(databases=DATABASES, transaction=True)
def test_writers_at_once_make_versions_one_after_another():
    found = factories.in_parallel(lambda number: written(title=f"T {number}").number, 4)
    assert sorted(found) == [2, 3, 4, 5]


def test_letter_keeps_the_words_it_was_sent_with(anna):
    request = asked(anna)
    sent(request)
    written(title="Cits virsraksts")
    assert "Jūsu pieprasījums ir saņemts" in opened(link()).text


# --- sending ---


def test_letter_belongs_into_the_transaction_of_what_it_tells(anna):
    request = asked(anna)
    connection.in_atomic_block, was = False, connection.in_atomic_block
    try:
        with pytest.raises(TransactionManagementError):
            send_letter(request=request, kind=LetterKind.RECEIVED, actor=OFFICER)
    finally:
        connection.in_atomic_block = was


def test_letter_is_mailed_as_a_link_to_where_the_person_is_answered(anna):
    request = asked(anna)
    sent(request)
    deliver_due_mail()
    (message,) = (one for one in django_mail.outbox if "/letters/" in one.body)
    assert message.to == [CONTACT]
    assert request.reference in message.subject
    assert LINK.search(message.body)
    assert CONTACT not in message.body


@pytest.mark.parametrize("language", ["lv", "en", "ru"])
def test_letter_and_link_are_in_the_language_of_the_request(anna, language):
    sent(asked(anna, language=language))
    assert f"/{language}/letters/" in link()
    page = opened(link())
    assert letters.newest_template(LetterKind.RECEIVED, language).title in page.text
    assert 'class="note"' not in page.text


def test_letter_in_a_language_without_a_text_is_in_latvian(anna):
    LetterTemplate.objects.filter(language="ru").delete()
    assert sent(asked(anna, language="ru")).template.language == "lv"


def test_sending_is_a_step_of_the_request(anna):
    letter = sent(asked(anna))
    event = RequestEvent.objects.get(what="letter")
    assert (event.request_id, event.why, event.actor_kind) == (letter.request_id, "received", "staff")
    assert AuditEntry.objects.get(action="request.letter").subject_id == anna.pk


def test_token_is_stored_as_a_hash(anna):
    letter = sent(asked(anna))
    token = link().rstrip("/").rpartition("/")[2]
    assert token.encode() not in bytes(letter.token_hash)
    assert open_letter(token=token) == letter


def test_facts_are_stored_as_codes_and_days(anna):
    request = asked(anna)
    letter = sent(request, LetterKind.EXTENDED, {"why": Delay.COMPLEX})
    assert letter.facts == {
        "right": "access", "received_on": request.received_on.isoformat(),
        "due_on": request.due_on.isoformat(), "why": "complex",
    }  # fmt: skip


def test_letter_without_a_fact_that_it_names_is_not_sent(anna):
    request = asked(anna)
    with pytest.raises(ValueError, match="why"):
        sent(request, LetterKind.EXTENDED)
    assert not Letter.objects.exists()


def test_error_about_facts_repeats_none_of_them(anna):
    with pytest.raises(ValueError, match=r"^facts of refused$") as caught:
        sent(asked(anna), LetterKind.REFUSED, {"why": "Anna Bērziņa"})
    assert caught.value.__suppress_context__


def test_refusal_tells_the_reason_that_the_request_has(anna):
    request = asked(anna, right=Right.ERASURE)
    requests.refuse(request_id=request.pk, why=Refusal.UNFOUNDED, actor=OFFICER)
    assert request.letters.get(template__kind=LetterKind.REFUSED).facts["why"] == "unfounded"


def test_grounds_of_what_stays_are_told_once_and_without_applications(anna):
    request = asked(anna, right=Right.ERASURE)
    request.kept = [{"application": str(n), "ground": "duty", "until": "2032-02-01"} for n in range(3)]
    letter = sent(request, LetterKind.PARTLY_ERASED, {"final_by": timezone.localdate()})
    assert letter.facts["kept"] == [{"ground": "duty", "until": "2032-02-01"}]


# --- where no mail can go ---


def events() -> list[str]:
    return list(
        RequestEvent.objects.filter(what__startswith="letter").order_by("at").values_list("what", flat=True)
    )


def test_letter_to_nowhere_is_written_and_waits_to_be_handed_over():
    request = asked(contact="")
    assert request.letters.get().template.kind == LetterKind.RECEIVED
    assert not OutboundMail.objects.filter(kind=MailKind.RIGHTS_LETTER).exists()
    assert events() == ["letter", "letter_to_hand_over"]


def test_letter_after_the_words_are_gone_is_written_all_the_same(anna):
    request = asked(anna)
    keyring.destroy_key(request.pk)
    sent(request)
    assert events() == ["letter", "letter_to_hand_over"]


def test_mail_that_cannot_be_queued_stops_nothing(anna, monkeypatch):
    request = asked(anna)

    def refuse(**_: Any) -> None:
        raise keyring.KeyMissing

    monkeypatch.setattr("privacy.services.letters.mail.compose", refuse)
    sent(request)
    assert events() == ["letter", "letter_to_hand_over"]


# --- what no right stops ---


def test_letter_whose_mail_has_failed_waits_to_be_handed_over(anna):
    request = asked(anna)
    sent(request)
    OutboundMail.objects.filter(owner_id=request.pk).update(status=MailStatus.FAILED)
    assert give_up_mailing() == {"letters": 1}
    assert give_up_mailing() == {"letters": 0}
    assert list(letters_to_hand_over().values()) == [request]


def test_letter_reaches_a_person_whose_data_are_restricted(anna):
    restrict(subject_id=anna.pk, ground=RestrictionGround.ACCURACY, actor=SYSTEM)
    sent(asked(anna))
    deliver_due_mail()
    assert any("/letters/" in one.body for one in django_mail.outbox)


def test_letter_is_sent_after_the_persons_key_is_gone(anna):
    request = asked(anna, right=Right.ERASURE)
    keyring.destroy_key(anna.pk)
    sent(request)
    deliver_due_mail()
    row = OutboundMail.objects.get(kind=MailKind.RIGHTS_LETTER)
    assert (row.status, row.owner_id, row.recipient) == (MailStatus.SENT, request.pk, CONTACT)
    assert opened(link()).status_code == 200


# --- the page ---


def test_first_opening_is_noted(anna):
    sent(asked(anna))
    opened(link())
    first = Letter.objects.get().opened_at
    assert first
    with later(hours=1):
        opened(link())
    assert Letter.objects.get().opened_at == first


def test_page_is_kept_nowhere_and_tells_nobody_its_address(anna):
    sent(asked(anna))
    for page in (opened(link()), opened(reverse("letters:letter", args=["x" * 43]))):
        assert page["Cache-Control"] == "no-store, private"
        assert page["Referrer-Policy"] == "no-referrer"
        assert "noindex" in page["X-Robots-Tag"]
        assert '<meta name="robots" content="noindex">' in page.text


def test_page_holds_nothing_of_the_person(anna):
    sent(asked(anna))
    for personal in (CONTACT, anna.customer_reference, anna.account_number, str(anna.pk)):
        assert personal not in opened(link()).text


def test_letter_opens_for_ninety_days(anna):
    sent(asked(anna))
    address = link()
    with later(days=89):
        assert opened(address).status_code == 200
    with later(days=90, seconds=1):
        page = opened(address)
    assert page.status_code == 404
    assert "privacy@jo1n.com" in page.text


@pytest.mark.parametrize("token", ["x", "-", "a" * 500])
def test_unknown_link_leads_to_a_kind_word(token):
    page = opened(reverse("letters:letter", args=[token]))
    assert page.status_code == 404
    assert "mailto:privacy@jo1n.com" in page.text


def test_nothing_is_posted_to_a_letter(anna):
    sent(asked(anna))
    assert Client().post(link().removeprefix(settings.PUBLIC_URL)).status_code == 405


def test_letter_read_on_a_page_of_another_language_says_so(anna):
    sent(asked(anna))
    page = opened(link().replace("/lv/", "/en/"))
    assert "The letter is in the language in which you asked." in page.text
    assert "Jūsu pieprasījums ir saņemts" in page.text


@pytest.mark.parametrize(
    ("kind", "shown"), [(LetterKind.REFUSED, True), (LetterKind.EXTENDED, True), (LetterKind.RECEIVED, False)]
)
def test_words_of_the_officer_stand_in_letters_that_give_reasons(anna, kind, shown):
    request = asked(anna)
    why = {LetterKind.REFUSED: Refusal.UNFOUNDED, LetterKind.EXTENDED: Delay.MANY}.get(kind)
    sent(request, kind, {"why": why}, words="Jau atbildējām <b>martā</b>.")
    assert ("Jau atbildējām &lt;b&gt;martā&lt;/b&gt;." in opened(link()).text) is shown


def test_each_letter_keeps_the_words_that_were_added_to_it(anna):
    request = asked(anna)
    sent(request, LetterKind.EXTENDED, {"why": Delay.MANY}, words="Daudz darba.")
    first = link()
    sent(request, LetterKind.REFUSED, {"why": Refusal.UNFOUNDED}, words="Jau atbildējām.")
    assert "Daudz darba." in opened(first).text
    assert "Jau atbildējām." not in opened(first).text


def test_letter_stays_after_the_words_are_gone(anna):
    request = asked(anna)
    sent(request, LetterKind.REFUSED, {"why": Refusal.UNFOUNDED}, words="Jau atbildējām.")
    address = link()
    keyring.destroy_key(request.pk)
    page = opened(address)
    assert page.status_code == 200
    assert "Jau atbildējām." not in page.text
    assert "pieprasījumu neizpildām" in page.text
