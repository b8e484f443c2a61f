"""From the request of an authority to the proof: two people, a sealed package, the registers."""

import subprocess
import zipfile
from datetime import timedelta
from io import BytesIO

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.db import IntegrityError
from django.utils import timezone

from applications.crypto import keyring
from applications.crypto.keyring import data_key_scope
from applications.data_policy import NotInPolicy
from applications.errors import IllegalTransition, SubjectErased
from applications.models import (
    AuditEntry,
    DataSubject,
    Disclosure,
    DisclosureStatus,
    MailKind,
    OutboundMail,
    RestrictionGround,
    StaffUser,
)
from applications.personal import Basis, Category, Purpose, RecipientKind
from applications.roles import Role
from applications.selectors.who_saw import who_saw
from applications.services.processing import restrict
from privacy.disclosure_states import DisclosureState
from privacy.errors import (
    CertificateRefused,
    DecisionMissing,
    NoCase,
    NoOfficer,
    NothingToDisclose,
    NotTaken,
    RecipientLapsed,
    SamePerson,
)
from privacy.models import DisclosureCase, DisclosureFile, DisclosureWords, HandedBy, SealedPackage, WhyNot
from privacy.sealing import read_certificate
from privacy.services import disclosing, handing_over
from privacy.services.disclosure_words import forget_letters
from tests import factories
from tests.clock import later
from tests.lenders import scene
from tests.privacy import disclosures, dpo, rights

pytestmark = [
    pytest.mark.django_db(databases=["default", "keys", "aside"]),
    pytest.mark.usefixtures("lenders"),
]
S = DisclosureState


@pytest.fixture
def application():
    return scene.sent("atra")


@pytest.fixture
def anna(application) -> DataSubject:
    return application.subject


def disclosure(subject: DataSubject) -> Disclosure:
    return Disclosure.objects.get(subject=subject, recipient_kind=RecipientKind.AUTHORITY)


# --- two people ------------------------------------------------------------------------------------------
def test_two_different_people_approve(anna, application):
    request = disclosures.assessed(disclosures.asked(anna, application))
    disclosing.approve(request_id=request.pk, actor=disclosures.officer())
    assert disclosures.current(request).state == S.APPROVED_ONCE
    disclosing.approve(request_id=request.pk, actor=disclosures.officer("deputy"))
    found = disclosures.current(request)
    assert (found.state, len({found.first_by, found.second_by})) == (S.APPROVED, 2)


def test_nobody_approves_twice(anna, application):
    request = disclosures.assessed(disclosures.asked(anna, application))
    disclosing.approve(request_id=request.pk, actor=disclosures.officer())
    with pytest.raises(SamePerson):
        disclosing.approve(request_id=request.pk, actor=disclosures.officer())
    assert disclosures.current(request).state == S.APPROVED_ONCE


@pytest.mark.parametrize("address", ["Ieva@piemers.lv", "ieva+second@piemers.lv"])
def test_two_accounts_of_one_address_are_one_person(anna, application, address):
    request = disclosures.assessed(disclosures.asked(anna, application))
    for who in ("dpo", "deputy"):
        disclosures.officer(who)
    StaffUser.objects.filter(username="dpo").update(email="ieva@piemers.lv")
    StaffUser.objects.filter(username="deputy").update(email=address)
    disclosing.approve(request_id=request.pk, actor=disclosures.officer())
    with pytest.raises(SamePerson):
        disclosing.approve(request_id=request.pk, actor=disclosures.officer("deputy"))


def test_one_of_the_two_is_an_officer(anna, application):
    request = disclosures.assessed(disclosures.asked(anna, application))
    first, second = (factories.staff(Role.SUPPORT, name=one) for one in ("a", "b"))
    disclosing.approve(request_id=request.pk, actor=rights.OFFICER.staff(first.pk))
    with pytest.raises(NoOfficer):
        disclosing.approve(request_id=request.pk, actor=rights.OFFICER.staff(second.pk))


def test_database_holds_that_two_approved(anna, application):
    request = disclosures.asked(anna, application)
    with pytest.raises(IntegrityError, match="a_disclosure_is_approved_by_two"):
        type(request).objects.filter(pk=request.pk).update(state=S.APPROVED, first_by="1")


def test_approval_is_of_what_was_seen(anna, application):
    request = disclosures.assessed(disclosures.asked(anna, application))
    seen = str(request.events.get(what="assessed").pk)
    disclosing.reopen(request_id=request.pk, actor=disclosures.officer())
    disclosures.assessed(request, Category.FINANCIAL)
    with pytest.raises(IllegalTransition):
        disclosing.approve(request_id=request.pk, actor=disclosures.officer(), seen=seen)


def test_assessing_anew_takes_back_every_approval(anna, application):
    request = disclosures.approved(disclosures.assessed(disclosures.asked(anna, application)))
    disclosing.reopen(request_id=request.pk, actor=disclosures.officer())
    found = disclosures.current(request)
    assert (found.state, found.first_by, found.second_by) == (S.RECEIVED, "", "")
    with pytest.raises(IllegalTransition):
        handing_over.make_package(request_id=request.pk, actor=disclosures.officer())


# --- what is fixed ---------------------------------------------------------------------------------------
def test_nothing_is_assessed_before_it_is_known_whose_data(anna):
    with pytest.raises(NoCase):
        disclosures.assessed(disclosures.asked())


def test_category_that_the_map_does_not_give_is_refused(anna, application, monkeypatch):
    monkeypatch.setattr("privacy.disclosure_package.grantable", lambda kind: frozenset({Category.LOAN}))
    monkeypatch.setattr("privacy.disclosure_package.require_allowed", _refuse)
    request = disclosures.asked(anna, application)
    with pytest.raises(NotInPolicy):
        disclosures.assessed(request, Category.FINANCIAL)
    assert disclosures.current(request).state == S.RECEIVED


def _refuse(*_args, **_named):
    raise NotInPolicy


def test_cases_are_fixed_once_it_is_assessed(anna, application):
    request = disclosures.assessed(disclosures.asked(anna, application))
    with pytest.raises(IllegalTransition):
        disclosures.name(request, factories.subject())
    with pytest.raises(IllegalTransition):
        disclosing.drop_case(
            request_id=request.pk, case_id=request.cases.get().pk, actor=disclosures.officer()
        )


def test_case_of_somebody_else_and_a_draft_are_no_cases(anna, application):
    request = disclosures.asked()
    other = factories.subject()
    draft = factories.complete_draft(other)
    for subject, wanted in ((other, application), (other, draft)):
        with pytest.raises(IllegalTransition):
            disclosures.name(request, subject, wanted)


def test_partner_without_papers_gets_nothing(anna, application):
    office = dpo.recipient("office", kind=RecipientKind.PARTNER)
    request = disclosures.approved(
        disclosures.assessed(disclosures.asked(anna, application, asker=disclosures.partner(office)))
    )
    office.review_due_on = timezone.localdate() - timedelta(days=1)
    office.save()
    with pytest.raises(RecipientLapsed):
        handing_over.make_package(request_id=request.pk, actor=disclosures.officer())
    with pytest.raises(RecipientLapsed):
        disclosures.asked(asker=disclosures.partner(office))


def test_partner_receives_for_legal_claims(anna, application):
    office = dpo.recipient("office", kind=RecipientKind.PARTNER)
    disclosures.disclosed(disclosures.asked(anna, application, asker=disclosures.partner(office)))
    row = Disclosure.objects.get(subject=anna, recipient_kind=RecipientKind.PARTNER)
    assert (row.recipient, row.purpose, row.basis) == (
        "office", Purpose.LEGAL_CLAIMS, Basis.LEGITIMATE_INTERESTS,
    )  # fmt: skip


def test_nothing_goes_outside_the_eea():
    with pytest.raises(IntegrityError, match="disclosed_inside_the_eea"):
        disclosures.asked(asker=disclosing.Asker(RecipientKind.AUTHORITY, "Court", "US"))


@pytest.mark.parametrize("text", ["", "  "])
def test_refusal_has_reasons(anna, text):
    request = disclosures.asked(anna)
    with pytest.raises(DecisionMissing):
        disclosing.refuse(
            request_id=request.pk, why=WhyNot.TOO_MUCH, reasons=text, actor=disclosures.officer()
        )


# --- the package -----------------------------------------------------------------------------------------
def test_recipient_alone_opens_the_package_and_its_digests_are_kept(anna, application):
    request = disclosures.sealed(disclosures.asked(anna, application))
    sealed = disclosures.taken(request)
    content = disclosures.opened(sealed)
    assert b"LV-1010" not in sealed
    assert "LV-1010" in zipfile.ZipFile(BytesIO(content)).read("data.json").decode()
    found = disclosures.current(request)
    assert found.sealed_digest == handing_over.digest(sealed)
    assert found.content_digest == handing_over.digest(content)


def test_openssl_opens_the_package(anna, application, tmp_path):
    request = disclosures.sealed(disclosures.asked(anna, application))
    (tmp_path / "sealed").write_bytes(disclosures.taken(request))
    private = disclosures.key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "key").write_bytes(private)
    command = "openssl cms -decrypt -inform DER -in sealed -inkey key -out zip"
    subprocess.run(command.split(), cwd=tmp_path, check=True, capture_output=True)
    assert zipfile.is_zipfile(tmp_path / "zip")


def test_register_says_about_to_leave_before_anything_can(anna, application):
    request = disclosures.sealed(disclosures.asked(anna, application))
    row = disclosure(anna)
    assert (row.status, row.recipient_name, row.application) == (
        DisclosureStatus.INTENDED, "Valsts policija", application,
    )  # fmt: skip
    assert row.fields == sorted(row.fields)
    assert "identification.personal_code" in row.fields
    assert not [one for one in row.fields if one.startswith(("financial", "loan"))]
    disclosures.handed_over(request)
    assert disclosure(anna).status == DisclosureStatus.MADE


def test_key_of_the_package_is_destroyed_once_it_was_handed_over(anna, application):
    request = disclosures.sealed(disclosures.asked(anna, application))
    package = SealedPackage.objects.get(request=request)
    assert keyring.owners_with_keys([package.pk]) == {package.pk}
    disclosures.handed_over(request)
    assert keyring.owners_with_keys([package.pk]) == set()
    assert not SealedPackage.objects.exists()
    with pytest.raises(IllegalTransition):
        disclosures.taken(request)


def test_package_that_never_left_can_be_made_again(anna, application):
    request = disclosures.sealed(disclosures.asked(anna, application))
    handing_over.record_never_left(request_id=request.pk, actor=disclosures.officer())
    assert disclosure(anna).status == DisclosureStatus.NOT_MADE
    assert disclosures.current(request).state == S.APPROVED
    handing_over.make_package(request_id=request.pk, actor=disclosures.officer())
    disclosures.handed_over(request)
    assert disclosure(anna).status == DisclosureStatus.MADE


@pytest.mark.parametrize("was_taken", [False, True])
def test_package_expires_and_only_one_that_nobody_took_never_left(anna, application, was_taken):
    request = disclosures.sealed(disclosures.asked(anna, application))
    if was_taken:
        disclosures.taken(request)
    with later(days=15):
        handing_over.end_sealed_packages()
    assert not SealedPackage.objects.exists()
    expected = (S.SEALED, DisclosureStatus.INTENDED) if was_taken else (S.APPROVED, DisclosureStatus.NOT_MADE)
    assert (disclosures.current(request).state, disclosure(anna).status) == expected


def test_crash_after_the_handing_over_was_recorded_leaves_no_package(anna, application, monkeypatch):
    request = disclosures.sealed(disclosures.asked(anna, application))
    with monkeypatch.context() as patched:
        patched.setattr(handing_over, "destroy_package", _crash)
        with pytest.raises(RuntimeError):
            disclosures.handed_over(request)
    assert SealedPackage.objects.exists()
    handing_over.end_sealed_packages()
    assert not SealedPackage.objects.exists()
    assert disclosure(anna).status == DisclosureStatus.MADE


def test_crash_while_it_is_sealed_leaves_nothing(anna, application, monkeypatch):
    request = disclosures.approved(disclosures.assessed(disclosures.asked(anna, application)))
    before = factories.orphan_keys()
    monkeypatch.setattr(handing_over, "move", _crash)
    with pytest.raises(RuntimeError):
        handing_over.make_package(request_id=request.pk, actor=disclosures.officer())
    assert disclosures.current(request).state == S.APPROVED
    assert not SealedPackage.objects.exists()
    assert not Disclosure.objects.filter(recipient_kind=RecipientKind.AUTHORITY).exists()
    assert len(factories.orphan_keys() - before) <= 1  # swept after a day


def _crash(*_args, **_named):
    raise RuntimeError


def test_package_that_nobody_took_was_not_handed_over(anna, application):
    request = disclosures.sealed(disclosures.asked(anna, application))
    given = {"on": timezone.localdate(), "by": HandedBy.EMAIL, "actor": disclosures.officer()}
    with pytest.raises(NotTaken):
        handing_over.record_handed_over(request_id=request.pk, **given)
    disclosures.taken(request)
    with later(days=15):
        handing_over.end_sealed_packages()
        handing_over.record_handed_over(request_id=request.pk, **given)
    assert disclosure(anna).status == DisclosureStatus.MADE


@pytest.mark.parametrize("days", [-1, 1])
def test_day_of_handing_over_is_not_before_it_was_sealed_nor_still_to_come(anna, application, days):
    request = disclosures.sealed(disclosures.asked(anna, application))
    disclosures.taken(request)
    with pytest.raises(IllegalTransition):
        handing_over.record_handed_over(
            request_id=request.pk, on=timezone.localdate() + timedelta(days=days), by=HandedBy.EMAIL,
            actor=disclosures.officer(),
        )  # fmt: skip


def test_each_download_is_written_down(anna, application):
    request = disclosures.sealed(disclosures.asked(anna, application))
    for _time in range(2):
        disclosures.taken(request)
    assert AuditEntry.objects.filter(action="disclosure.taken", object_id=str(request.pk)).count() == 2


# --- rights of the person ----------------------------------------------------------------------------------
def test_person_reads_who_received_what_and_is_told_once(anna, application):
    disclosures.disclosed(disclosures.asked(anna, application))
    [sight] = [
        one for one in who_saw(anna.pk, purpose=Purpose.DATA_SUBJECT_RIGHTS) if one.who == "Valsts policija"
    ]
    assert (sight.purpose, sight.reference) == (
        str(Purpose.INFORM_AUTHORITIES.label), application.reference,
    )  # fmt: skip
    assert OutboundMail.objects.filter(kind=MailKind.DISCLOSED, owner_id=anna.pk).count() == 1


def test_mail_names_neither_the_recipient_nor_the_data(anna, application):
    disclosures.disclosed(disclosures.asked(anna, application))
    with data_key_scope():
        mail = OutboundMail.objects.get(kind=MailKind.DISCLOSED)
        assert mail.recipient == anna.verified_email
        assert "policija" not in f"{mail.title} {mail.body}"


def test_restricted_data_are_disclosed_and_that_is_written_down(anna, application):
    restrict(subject_id=anna.pk, ground=RestrictionGround.CLAIMS, actor=rights.OFFICER)
    disclosures.disclosed(disclosures.asked(anna, application))
    entry = AuditEntry.objects.get(action="disclosure.about_to_leave", subject_id=anna.pk)
    assert entry.detail["while_restricted"] == Purpose.INFORM_AUTHORITIES
    assert disclosure(anna).status == DisclosureStatus.MADE


def test_of_an_erased_person_nothing_is_disclosed(anna, application):
    request = disclosures.approved(disclosures.assessed(disclosures.asked(anna, application)))
    rights.run(rights.approved(anna))
    with pytest.raises(NothingToDisclose, match="nothing_to_disclose"):
        handing_over.make_package(request_id=request.pk, actor=disclosures.officer())
    assert disclosures.refused(request, WhyNot.NOTHING_HELD).state == S.REFUSED
    with pytest.raises(SubjectErased):
        disclosures.name(disclosures.asked(), anna)


def test_erasure_destroys_a_package_that_has_not_left_and_keeps_the_register(anna, application):
    request = disclosures.sealed(disclosures.asked(anna, application))
    rights.run(rights.approved(anna))
    assert not SealedPackage.objects.exists()
    assert DisclosureCase.objects.get(request=request).application is None
    handing_over.record_never_left(request_id=request.pk, actor=disclosures.officer())
    with pytest.raises(NothingToDisclose):
        handing_over.make_package(request_id=request.pk, actor=disclosures.officer())


def test_letter_goes_after_its_period_and_the_register_stays(anna, application):
    request = disclosures.refused(disclosures.asked(anna, application))
    with later(days=800):
        assert forget_letters() == {"requests": 1}
    assert not DisclosureWords.objects.exists()
    assert not DisclosureFile.objects.exists()
    assert keyring.owners_with_keys([request.pk]) == set()
    assert disclosures.current(request).why_not == WhyNot.NO_BASIS


# --- certificates ----------------------------------------------------------------------------------------
def test_certificate_is_read_as_pem_and_der():
    pem = disclosures.certificate()
    der = x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
    now = timezone.now()
    assert read_certificate(pem, now=now) == read_certificate(der, now=now)


def _unfit():
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    yield "nothing", b""
    yield "no certificate", b"zqxqz"
    yield "half of one", disclosures.certificate()[:200]
    yield "a short key", disclosures.certificate(private=disclosures.key(1024))
    yield "no RSA key", disclosures.certificate(private=ec.generate_private_key(ec.SECP256R1()))
    yield "ended", disclosures.certificate(ends_in=timedelta(days=-1))
    yield "for signatures", disclosures.certificate(usage=usage)


@pytest.mark.parametrize("given", [pytest.param(given, id=why) for why, given in _unfit()])
def test_nothing_is_sealed_for_an_unfit_certificate(given):
    with pytest.raises(CertificateRefused):
        read_certificate(given, now=timezone.now())
