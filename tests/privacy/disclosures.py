"""Requests for disclosure on their way, made as staff make them: through the services."""

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import pkcs7_decrypt_der
from cryptography.x509.oid import NameOID
from django.utils import timezone

from applications.actors import Actor
from applications.models import Application, DataSubject, Recipient, StaffUser
from applications.personal import Category, RecipientKind
from applications.roles import Role
from privacy.models import AskedBy, DisclosureRequest, HandedBy, SealedPackage, WhyNot
from privacy.services import disclosing, handing_over
from privacy.services.disclosing import Asker, Written
from privacy.services.secrecy import Secrecy
from tests import factories

POLICE = Asker(RecipientKind.AUTHORITY, "Valsts policija", "LV")
COURT = Asker(RecipientKind.AUTHORITY, "Zqxqzcourt", "EE")
LAW = "Criminal Procedure Law, section 190"
SECRET_BY = "Criminal Procedure Law, section 375"


@cache
def key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def certificate(
    *, private: Any = None, ends_in: timedelta = timedelta(days=5000), usage: x509.KeyUsage | None = None
) -> bytes:
    """The certificate of an authority, PEM; its private key is `key()`."""
    own = private or key()
    name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Valsts policija")])
    begins = datetime(2020, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(own.public_key())
    builder = builder.serial_number(1).not_valid_before(begins).not_valid_after(timezone.now() + ends_in)
    if usage is not None:
        builder = builder.add_extension(usage, critical=True)
    return builder.sign(own, hashes.SHA256()).public_bytes(Encoding.PEM)


def opened(sealed: bytes) -> bytes:
    """What is in a sealed file, as the recipient reads it."""
    return pkcs7_decrypt_der(sealed, x509.load_pem_x509_certificate(certificate()), key(), [])


def officer(name: str = "dpo") -> Actor:
    """A data protection officer, by the name of the account."""
    user = StaffUser.objects.filter(username=name).first()
    return Actor.staff((user or factories.staff(Role.DPO, name=name)).pk)


def asked(
    subject: DataSubject | None = None,
    application: Application | None = None,
    *,
    asker: Asker = POLICE,
    secrecy: Secrecy | None = None,
    written: str = "zqxqzwritten",
    **more: Any,
) -> DisclosureRequest:
    """An authority asks about somebody."""
    request = disclosing.enter(
        asker=asker, way=AskedBy.LETTER, legal_basis=LAW, secrecy=secrecy, actor=officer(),
        written=Written(f"case {written}", f"contact {written}", f"reasons {written}"), **more,
    )  # fmt: skip
    if subject is not None:
        name(request, subject, application)
    return current(request)


def name(request: DisclosureRequest, subject: DataSubject, application: Application | None = None) -> None:
    disclosing.name_case(
        request_id=request.pk, subject_id=subject.pk, actor=officer(),
        application_id=application.pk if application else None,
    )  # fmt: skip


def assessed(
    request: DisclosureRequest, *categories: Category, with_others: bool = False
) -> DisclosureRequest:
    disclosing.assess(
        request_id=request.pk, categories=categories or [Category.IDENTIFICATION], with_others=with_others,
        certificate=certificate(), actor=officer(),
    )  # fmt: skip
    return current(request)


def approved(request: DisclosureRequest) -> DisclosureRequest:
    for who in ("dpo", "deputy"):
        disclosing.approve(request_id=request.pk, actor=officer(who))
    return current(request)


def sealed(request: DisclosureRequest, *categories: Category, with_others: bool = False) -> DisclosureRequest:
    """Assessed, approved by two and sealed."""
    approved(assessed(request, *categories, with_others=with_others))
    handing_over.make_package(request_id=request.pk, actor=officer())
    return current(request)


def handed_over(request: DisclosureRequest) -> DisclosureRequest:
    if SealedPackage.objects.filter(request=request, taken_at__isnull=True).exists():
        taken(request)
    handing_over.record_handed_over(
        request_id=request.pk, on=timezone.localdate(), by=HandedBy.EADDRESS, actor=officer()
    )
    return current(request)


def disclosed(request: DisclosureRequest, *categories: Category, **more: Any) -> DisclosureRequest:
    """All the way to the proof."""
    return handed_over(sealed(request, *categories, **more))


def taken(request: DisclosureRequest) -> bytes:
    """The sealed file."""
    return handing_over.take(request_id=request.pk, actor=officer())


def refused(request: DisclosureRequest, why: WhyNot = WhyNot.NO_BASIS) -> DisclosureRequest:
    disclosing.refuse(request_id=request.pk, why=why, reasons="Not by this law.", actor=officer())
    return current(request)


def secret(days: int = 30) -> Secrecy:
    return Secrecy(timezone.localdate() + timedelta(days=days), SECRET_BY)


def partner(recipient: Recipient) -> Asker:
    return Asker(RecipientKind.PARTNER, recipient=recipient)


def current(request: DisclosureRequest) -> DisclosureRequest:
    return DisclosureRequest.objects.get(pk=request.pk)
