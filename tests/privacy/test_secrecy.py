"""What a law forbids telling: nobody learns of it before the day, and everybody on the day."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from applications.crypto.keyring import data_key_scope
from applications.errors import IllegalTransition
from applications.models import DataSubject, Disclosure, MailKind, OutboundMail
from applications.personal import Category, Purpose, RecipientKind
from applications.recipients import RECIPIENTS
from applications.selectors.who_saw import who_saw
from applications.services.finding import find
from applications.services.mail import claim_due
from privacy.errors import SecrecyRefused
from privacy.models import DisclosureRequest, RecipientNotice, Right, RightsRequest
from privacy.rights import notification, papers
from privacy.rights.package import as_document, collect
from privacy.services import secrecy
from privacy.services.secrecy import Secrecy
from tests import factories
from tests.clock import later
from tests.privacy import disclosures, rights

pytestmark = pytest.mark.django_db(databases=["default", "keys", "aside"])
NAME = disclosures.COURT.name


@pytest.fixture
def anna() -> DataSubject:
    return factories.subject("zqxqzanna@piemers.lv")


def hidden(subject: DataSubject, days: int = 30) -> DisclosureRequest:
    """Disclosed, and a law forbids telling."""
    request = disclosures.asked(subject, asker=disclosures.COURT, secrecy=disclosures.secret(days))
    return disclosures.disclosed(request, Category.ACCOUNT, Category.IDENTIFICATION)


def seen(subject: DataSubject) -> str:
    return str(who_saw(subject.pk, purpose=Purpose.DATA_SUBJECT_RIGHTS))


@data_key_scope()
def copied(subject: DataSubject) -> str:
    return str(as_document(collect(DataSubject.objects.get(pk=subject.pk))))


def mails(subject: DataSubject) -> int:
    return OutboundMail.objects.filter(kind=MailKind.DISCLOSED, owner_id=subject.pk).count()


def test_nobody_learns_of_it_before_the_day(anna):
    request = hidden(anna)
    said = seen(anna) + copied(anna)
    for word in (NAME, request.reference, disclosures.SECRET_BY, disclosures.LAW, str(request.pk)):
        assert word not in said
    assert secrecy.tell_what_is_secret_no_more() == {"people": 0}
    assert mails(anna) == 0


def test_on_the_day_it_is_shown_and_the_person_is_told_once(anna):
    hidden(anna)
    with later(days=30):
        assert NAME in seen(anna)
        assert NAME in copied(anna)
        assert secrecy.tell_what_is_secret_no_more() == {"people": 1}
        assert secrecy.tell_what_is_secret_no_more() == {"people": 0}
    assert mails(anna) == 1


def test_day_before_it_is_still_hidden(anna):
    hidden(anna)
    with later(days=29):
        assert NAME not in seen(anna)
        assert secrecy.tell_what_is_secret_no_more() == {"people": 0}


def test_own_pages_do_not_show_it(anna):
    browser = Client()
    factories.sign_in(browser, "zqxqzanna@piemers.lv")
    hidden(anna)
    assert NAME not in browser.get("/account/seen/").text


def test_look_up_for_a_secret_matter_is_hidden_with_it(anna):
    request = disclosures.asked(secrecy=disclosures.secret())
    find(text=anna.customer_reference, actor=disclosures.officer(), matter=request.pk)
    assert not who_saw(anna.pk, purpose=Purpose.DATA_SUBJECT_RIGHTS)
    with later(days=31):
        assert len(who_saw(anna.pk, purpose=Purpose.DATA_SUBJECT_RIGHTS)) == 1


def test_look_up_for_a_matter_that_is_no_secret_is_shown(anna):
    request = disclosures.asked()
    find(text=anna.customer_reference, actor=disclosures.officer(), matter=request.pk)
    assert len(who_saw(anna.pk, purpose=Purpose.DATA_SUBJECT_RIGHTS)) == 1


def test_staff_still_know_whom_to_tell_of_an_erasure(anna):
    hidden(anna)
    [received] = [one for one in RECIPIENTS.of(anna.pk) if one.kind == RecipientKind.AUTHORITY]
    assert received.name == NAME
    assert received.hidden_until == timezone.localdate() + timedelta(days=30)


def test_recipient_of_an_open_disclosure_as_well_is_hidden_from_nobody(anna):
    hidden(anna)
    disclosures.disclosed(disclosures.asked(anna, asker=disclosures.COURT), Category.ACCOUNT)
    [received] = [one for one in RECIPIENTS.of(anna.pk) if one.kind == RecipientKind.AUTHORITY]
    assert received.hidden_until is None


def letter_of(request: RightsRequest) -> str:
    """What whoever has the link to its last letter reads."""
    with data_key_scope():
        body = str(OutboundMail.objects.filter(owner_id=request.pk).latest("created_at").body)
    (address,) = re.findall(r"http\S+/letters/\S+", body)
    return str(Client().get(address.removeprefix(settings.PUBLIC_URL)).text)


@pytest.mark.parametrize("right", [Right.RESTRICTION, Right.ERASURE])
def test_letter_leaves_out_who_is_secret(anna, right):
    hidden(anna)
    request = rights.run(rights.approved(anna, right))
    assert RecipientNotice.objects.filter(request=request, name=NAME).exists()
    assert NAME not in letter_of(request)
    with later(days=30):
        assert NAME in letter_of(request)


def row_by_row() -> str:
    """What their page before an erasure says of everything that goes and stays, and of who is told."""
    browser = Client()
    factories.sign_in(browser, "zqxqzanna@piemers.lv")
    (found,) = re.findall("<details.*?</details>", browser.get(reverse("my_data:erasure")).text, re.DOTALL)
    return str(found)


def test_page_before_an_erasure_leaves_out_what_is_secret(anna):
    hidden(anna)
    said = row_by_row()
    assert NAME not in said
    assert str(DisclosureRequest._meta.verbose_name) not in said
    with later(days=30):
        said = row_by_row()
        assert NAME in said
        assert str(DisclosureRequest._meta.verbose_name) in said


def test_secrecy_that_comes_later_hides_the_recipient_in_lists_as_well(anna):
    request = disclosures.sealed(disclosures.asked(anna, asker=disclosures.COURT), Category.ACCOUNT)
    about = rights.run(rights.approved(anna, Right.RESTRICTION))
    assert NAME in str(papers._recipients(about))
    secrecy.set_secrecy(request_id=request.pk, secrecy=disclosures.secret(), actor=disclosures.officer())
    assert papers._recipients(about) is None
    secrecy.end_secrecy(request_id=request.pk, actor=disclosures.officer())
    assert NAME in str(papers._recipients(about))


def test_secrecy_of_another_disclosure_hides_nobody_who_is_known(anna):
    disclosures.disclosed(disclosures.asked(anna, asker=disclosures.COURT), Category.ACCOUNT)
    about = rights.run(rights.approved(anna, Right.RESTRICTION))
    request = disclosures.sealed(disclosures.asked(anna, asker=disclosures.COURT), Category.ACCOUNT)
    secrecy.set_secrecy(request_id=request.pk, secrecy=disclosures.secret(), actor=disclosures.officer())
    assert NAME in str(papers._recipients(about))


def test_secrecy_of_an_erased_persons_recipient_moves_in_the_lists(anna):
    request = hidden(anna)
    rights.run(rights.approved(anna))
    until = timezone.localdate() + timedelta(days=90)
    secrecy.set_secrecy(
        request_id=request.pk, secrecy=Secrecy(until, "another law"), actor=disclosures.officer()
    )
    assert RecipientNotice.objects.get(name=NAME).hidden_until == until


def test_papers_of_a_complaint_leave_out_who_is_secret(anna):
    hidden(anna)
    request = rights.run(rights.approved(anna, Right.RESTRICTION))
    notice = RecipientNotice.objects.get(request=request, kind=RecipientKind.AUTHORITY)
    assert notice.hidden_until is not None
    assert NAME in str(notification.prove(request))
    assert NAME not in str(papers._recipients(request))
    with later(days=30):
        assert NAME in str(papers._recipients(request))


def test_secrecy_that_is_looked_at_again_moves_everywhere(anna):
    request = hidden(anna)
    rights.run(rights.approved(anna, Right.RESTRICTION))
    until = timezone.localdate() + timedelta(days=90)
    secrecy.set_secrecy(
        request_id=request.pk, secrecy=Secrecy(until, "another law"), actor=disclosures.officer()
    )
    assert Disclosure.objects.get(subject=anna).hidden_until == until
    assert RecipientNotice.objects.get(kind=RecipientKind.AUTHORITY).hidden_until == until
    with later(days=31):
        assert NAME not in seen(anna)


def test_secrecy_can_be_ended_before_its_day(anna):
    request = hidden(anna)
    secrecy.end_secrecy(request_id=request.pk, actor=disclosures.officer())
    assert NAME in seen(anna)
    assert mails(anna) == 1


def test_what_was_told_is_hidden_no_more(anna):
    request = disclosures.disclosed(disclosures.asked(anna), Category.ACCOUNT)
    with pytest.raises(IllegalTransition):
        secrecy.set_secrecy(request_id=request.pk, secrecy=disclosures.secret(), actor=disclosures.officer())


@pytest.mark.parametrize("days", [-1, 0, 190])
def test_secrecy_has_a_day_in_the_next_six_months(days):
    with pytest.raises(SecrecyRefused):
        disclosures.asked(secrecy=disclosures.secret(days))


def test_secrecy_has_a_law():
    with pytest.raises(SecrecyRefused):
        disclosures.asked(secrecy=Secrecy(timezone.localdate() + timedelta(days=1), " "))


def test_person_who_was_erased_meanwhile_is_written_to_no_more(anna):
    hidden(anna)
    rights.run(rights.approved(anna))
    with later(days=31):
        assert secrecy.tell_what_is_secret_no_more() == {"people": 0}
        assert not secrecy.waiting_to_be_told().exists()
    assert mails(anna) == 0


def test_restricted_person_is_told_all_the_same(anna):
    request = disclosures.disclosed(disclosures.asked(anna), Category.ACCOUNT)
    rights.run(rights.approved(anna, Right.RESTRICTION))
    mail = OutboundMail.objects.get(kind=MailKind.DISCLOSED, owner_id=anna.pk)
    assert mail.pk in claim_due(limit=50)
    assert request.cases.get().told_at is not None
