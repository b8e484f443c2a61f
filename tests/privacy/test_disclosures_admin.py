"""The desk on which a request for disclosure is worked: from the letter to the proof, by two people."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from applications.models import AuditEntry, DataSubject, Disclosure, DisclosureStatus, StaffUser
from applications.personal import Category, RecipientKind
from privacy.attention import groups
from privacy.disclosure_states import DisclosureState
from privacy.disclosure_texts import HAPPENED, WAITS
from privacy.models import DisclosureRequest, SealedPackage
from privacy.services import handing_over
from tests import factories
from tests.clock import later
from tests.lenders import scene
from tests.privacy import disclosures, dpo
from tests.privacy.desk import ENGLISH, messages_of

pytestmark = [
    pytest.mark.django_db(databases=["default", "keys", "aside"]),
    pytest.mark.usefixtures("lenders"),
]
S = DisclosureState
LIST = reverse("admin:privacy_disclosurerequest_changelist")
INTAKE = reverse("admin:privacy_disclosurerequest_add")
PAGES = ("assess", "approve", "seal", "handed_over", "never_left", "reopen", "secrecy", "tell", "refuse",
         "withdraw", "name", "drop", "words", "letter", "package")  # fmt: skip


def browser(name: str) -> Client:
    disclosures.officer(name)
    return factories.sign_in_staff(Client(), StaffUser.objects.get(username=name))


@pytest.fixture
def officer() -> Client:
    return browser("dpo")


@pytest.fixture
def anna() -> DataSubject:
    return scene.sent("atra", keyword="zqxqzkey", city="Zqxqzcity").subject


def page_of(request: DisclosureRequest) -> str:
    return reverse("admin:privacy_disclosurerequest_change", args=[request.pk])


def address(name: str, request: DisclosureRequest) -> str:
    return reverse(f"admin:privacy_disclosurerequest_{name}", args=[request.pk])


def press(client: Client, name: str, request: DisclosureRequest, **given):
    """Open the page of a deed, write this, press its button."""
    form = client.get(address(name, request)).context["form"]
    return client.post(address(name, request), form.initial | given, follow=True, headers=ENGLISH)


def letter(**changes) -> dict:
    return {
        "kind": "authority", "asker": "Valsts policija", "country": "LV", "way": "letter",
        "received_on": timezone.localdate().isoformat(), "legal_basis": disclosures.LAW,
        "asker_case": "zqxqzcase", "asker_contact": "zqxqzcontact", "their_reasons": "zqxqzreasons",
        "letter": SimpleUploadedFile("a.pdf", b"%PDF-1 zqxqzletter %%EOF"),
    } | changes  # fmt: skip


def test_from_the_letter_to_the_proof(officer, anna):
    officer.post(INTAKE, letter(), follow=True)
    request = DisclosureRequest.objects.get()
    found = officer.post(address("name", request), {"known_by": anna.customer_reference})
    marks = [value for value, _words in found.context["cases"].fields["case"].choices]
    officer.post(address("name", request), {"case": marks})
    assert request.cases.count() == 2  # the application, and what belongs to none
    pem = SimpleUploadedFile("a.pem", disclosures.certificate())
    press(officer, "assess", request, categories=["identification", "loan"], certificate=pem)
    press(officer, "approve", request)
    press(browser("deputy"), "approve", request)
    press(officer, "seal", request)
    sealed = officer.post(address("package", request)).content
    assert b"zip" not in sealed[:4]
    assert disclosures.opened(sealed).startswith(b"PK")
    press(officer, "handed_over", request, on=timezone.localdate().isoformat(), by="eaddress")
    assert disclosures.current(request).state == S.DISCLOSED
    rows = Disclosure.objects.filter(recipient_name="Valsts policija")
    assert set(rows.values_list("status", flat=True)) == {DisclosureStatus.MADE}
    text = officer.get(page_of(request), headers=ENGLISH).text
    assert disclosures.current(request).sealed_digest in text


def test_page_shows_no_value_and_nothing_that_was_written(officer, anna):
    request = disclosures.assessed(disclosures.asked(anna, scene_application(anna)), Category.LOAN)
    for one in (page_of(request), address("approve", request), LIST):
        assert "zqxqz" not in officer.get(one, headers=ENGLISH).text.lower()
    assert "Keyword" in officer.get(page_of(request), headers=ENGLISH).text


def scene_application(subject):
    return disclosures.Application.objects.get(subject=subject)


def test_words_are_written_down_before_they_are_shown(officer, anna):
    request = disclosures.asked(anna)
    assert "zqxqz" not in officer.get(address("words", request)).text
    assert "zqxqzwritten" in officer.post(address("words", request)).text
    assert AuditEntry.objects.filter(action="disclosure.words_read", object_id=str(request.pk)).exists()


def test_letter_is_handed_out_as_bytes(officer):
    officer.post(INTAKE, letter())
    request = DisclosureRequest.objects.get()
    response = officer.post(address("letter", request), {"file": request.files.get().pk})
    assert b"zqxqzletter" in response.content
    assert response["Content-Type"] == "application/octet-stream"
    other = disclosures.asked()
    assert officer.post(address("letter", other), {"file": request.files.get().pk}).status_code == 404


def test_same_person_does_not_approve_twice(officer, anna):
    request = disclosures.assessed(disclosures.asked(anna))
    press(officer, "approve", request)
    response = press(officer, "approve", request)
    assert "another person" in messages_of(response)[0]
    assert disclosures.current(request).state == S.APPROVED_ONCE


def test_page_that_was_opened_before_a_change_approves_nothing(officer, anna):
    request = disclosures.assessed(disclosures.asked(anna))
    old = officer.get(address("approve", request)).context["form"].initial
    disclosures.disclosing.reopen(request_id=request.pk, actor=disclosures.officer())
    disclosures.assessed(request, Category.FINANCIAL)
    response = officer.post(address("approve", request), old, follow=True, headers=ENGLISH)
    assert "nothing was done" in messages_of(response)[0]
    assert disclosures.current(request).state == S.ASSESSED


@pytest.mark.parametrize("name", ["approve", "seal", "handed_over", "never_left", "package", "words"])
def test_what_matters_asks_for_a_fresh_proof(anna, name):
    request = disclosures.assessed(disclosures.asked(anna))
    if name != "approve":
        request = disclosures.approved(request)
    if name not in ("approve", "seal"):
        handing_over.make_package(request_id=request.pk, actor=disclosures.officer())
    client = browser("dpo")
    with later(minutes=6):
        response = client.post(address(name, request), {"seen": ""})
        assert "Is it still you?" in client.post(address(name, request), {"seen": ""}, headers=ENGLISH).text
    assert response.context["replay"]
    assert not AuditEntry.objects.filter(action__in=["disclosure.taken", "disclosure.words_read"]).exists()


@pytest.mark.parametrize("who", [dpo.support, lambda: dpo.staff("auditor", ["view_record"])])
def test_nobody_else_opens_anything(who, anna):
    request, client = disclosures.asked(anna), who()
    for one in [LIST, INTAKE, page_of(request), *(address(name, request) for name in PAGES)]:
        assert client.get(one).status_code == 403, one
        assert client.post(one, {"seen": ""}).status_code == 403, one


def test_who_only_approves_finds_the_button_and_no_other(anna):
    request = disclosures.assessed(disclosures.asked(anna))
    client = dpo.staff("second", ["view_disclosurerequest", "approve_disclosurerequest"])
    assert [deed.name for deed in client.get(page_of(request)).context["deeds"]] == ["approve"]
    for name in set(PAGES) - {"approve"}:
        assert client.get(address(name, request)).status_code == 403, name


def test_case_that_was_not_proposed_is_refused(officer, anna):
    request, other = disclosures.asked(), disclosures.asked()
    found = officer.post(address("name", other), {"known_by": anna.customer_reference})
    [mark, *_rest] = [value for value, _words in found.context["cases"].fields["case"].choices]
    for case in (f"{anna.pk}:", mark):  # unsigned; of another request
        assert officer.post(address("name", request), {"case": [case]}).status_code == 403
    assert not request.cases.exists()


def test_nobody_found_says_so(officer):
    request = disclosures.asked()
    page = officer.post(address("name", request), {"known_by": "C-AAAAA-AAAAA"}, headers=ENGLISH)
    assert "Nobody is known by exactly this" in page.text


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"asker": ""}, "asker"),
        ({"country": "US"}, "country"),
        ({"kind": "partner"}, "recipient"),
        ({"legal_basis": ""}, "legal_basis"),
        ({"their_reasons": ""}, "their_reasons"),
        ({"hidden_until": "2099-01-01"}, "hidden_basis"),
        ({"hidden_basis": "a law"}, "hidden_until"),
        ({"received_on": "2099-01-01"}, "received_on"),
        ({"letter": SimpleUploadedFile("a.svg", b"<svg/>")}, "letter"),
    ],
)
def test_request_that_lacks_something_is_not_entered(officer, changes, field):
    form = officer.post(INTAKE, letter(**changes)).context["form"]
    assert field in form.errors
    assert not DisclosureRequest.objects.exists()


def test_secrecy_that_is_too_long_is_refused_at_the_desk(officer):
    form = officer.post(INTAKE, letter(hidden_until="2099-01-01", hidden_basis="a law")).context["form"]
    assert form.non_field_errors()
    assert not DisclosureRequest.objects.exists()


def test_partner_is_taken_from_the_register(officer):
    office = dpo.recipient("office", kind=RecipientKind.PARTNER)
    officer.post(INTAKE, letter(kind="partner", recipient=office.pk, asker="ignored"))
    assert DisclosureRequest.objects.get().asker == office.name


def test_unfit_certificate_is_refused_at_the_desk(officer, anna):
    request = disclosures.asked(anna)
    wrong = SimpleUploadedFile("a.pem", b"no certificate")
    page = press(officer, "assess", request, categories=["loan"], certificate=wrong)
    assert "certificate" in page.context["form"].errors
    assert disclosures.current(request).state == S.RECEIVED


def test_list_shows_open_ones_first(officer, anna):
    ended, first, second = (disclosures.asked(anna) for _ in range(3))
    disclosures.refused(ended)
    rows = officer.get(LIST, headers=ENGLISH).context["cl"].result_list
    assert [row.reference for row in rows] == [first.reference, second.reference, ended.reference]


def test_page_says_that_a_package_must_be_fetched_before_it_is_handed_over(officer, anna):
    request = disclosures.sealed(disclosures.asked(anna))
    answer = press(officer, "handed_over", request, on=timezone.localdate().isoformat(), by="eaddress")
    assert any("fetch it first" in str(one) for one in answer.context["messages"])
    assert disclosures.current(request).state == S.SEALED


def test_every_deed_possible_in_some_state_leads_to_a_page(officer, anna):
    request = disclosures.asked(anna)
    seen: set[str] = set()
    steps = (disclosures.assessed, disclosures.approved, _sealed, disclosures.taken, disclosures.handed_over)
    for step in (None, *steps):
        if step:
            step(request)
        deeds = officer.get(page_of(request)).context["deeds"]
        for deed in deeds:
            assert officer.get(address(deed.name, request)).status_code == 200, deed.name
        seen |= {deed.name for deed in deeds}
    assert seen == {
        "assess", "approve", "seal", "handed_over", "never_left", "reopen", "secrecy", "refuse", "withdraw",
    }  # fmt: skip


def _sealed(request):
    handing_over.make_package(request_id=request.pk, actor=disclosures.officer())


def test_what_waits_is_among_what_needs_attention(anna):
    open_one = disclosures.asked(anna)
    sealed = disclosures.sealed(disclosures.asked(anna))
    secret = disclosures.asked(anna, secrecy=disclosures.secret(10))
    flags = {str(group.title): " ".join(flag.sentence for flag in group.flags) for group in groups()}
    said = " ".join(flags.values())
    for one in (open_one, sealed, secret):
        assert one.reference in said
    assert sum(secret.reference in one for one in flags.values()) == 2


def test_person_who_could_not_be_told_is_among_what_needs_attention(anna):
    request = disclosures.disclosed(disclosures.asked(anna, secrecy=disclosures.secret(10)))
    with later(days=11):
        said = " ".join(flag.sentence for group in groups() for flag in group.flags)
    assert request.reference in said


def test_opening_the_page_is_written_down_and_tells_the_person_nothing(officer, anna):
    request = disclosures.asked(anna, secrecy=disclosures.secret())
    officer.get(page_of(request))
    entry = AuditEntry.objects.get(action="disclosurerequest.seen", object_id=str(request.pk))
    assert entry.subject_id is None


def test_everything_that_happens_has_words(anna):
    request = disclosures.disclosed(disclosures.asked(anna, scene_application(anna)))
    assert set(request.events.values_list("what", flat=True)) <= set(HAPPENED)
    assert set(WAITS) == set(S) - {S.DISCLOSED, S.REFUSED, S.WITHDRAWN}


def test_names_of_files_hold_nothing_of_anybody(officer, anna):
    request = disclosures.sealed(disclosures.asked(anna))
    response = officer.post(address("package", request))
    assert re.search(r'filename="D-[0-9A-Z-]+\.zip\.p7m"', response["Content-Disposition"])
    assert SealedPackage.objects.get(request=request).taken_at is not None
