"""Deciding about requests for disclosure: entered, assessed, approved by two people, refused."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from applications.actors import Actor
from applications.crypto.keyring import key_of_a_new_owner
from applications.errors import IllegalTransition
from applications.models import Application, Recipient
from applications.personal import Category, RecipientKind
from applications.references import make_reference
from applications.services.locking import lock_subject
from applications.states import ApplicationStatus
from applications.uploads import Upload
from privacy.disclosure_package import Scope
from privacy.disclosure_states import DisclosureState
from privacy.errors import DecisionMissing, NoCase, RecipientLapsed
from privacy.models import (
    AskedBy,
    DisclosureCase,
    DisclosureFile,
    DisclosureRequest,
    DisclosureWords,
    WhyNot,
)
from privacy.sealing import as_der, fingerprint, read_certificate
from privacy.services.disclosure_moves import locked, move, note
from privacy.services.secrecy import Secrecy, check_secrecy
from privacy.services.two_people import require_two

S = DisclosureState


@dataclass(frozen=True)
class Asker:
    """Who asks: an authority by its name and country, or a partner that stands in the register."""

    kind: RecipientKind
    name: str = ""
    country: str = ""
    recipient: Recipient | None = None


@dataclass(frozen=True)
class Written:
    """What they wrote, and where they are reached."""

    case: str = field(default="", repr=False)
    contact: str = field(default="", repr=False)
    reasons: str = field(default="", repr=False)


def enter(
    *,
    asker: Asker,
    way: AskedBy,
    legal_basis: str,
    written: Written,
    actor: Actor,
    received_at: datetime | None = None,
    answer_by: date | None = None,
    secrecy: Secrecy | None = None,
    files: Collection[Upload] = (),
) -> DisclosureRequest:
    """Enter a request. Raises RecipientLapsed for a partner that may receive nothing, SecrecyRefused, and
    IntegrityError for a country outside the EEA.
    """
    if secrecy is not None:
        check_secrecy(secrecy)
    require_papers(asker.recipient)
    known = asker.recipient
    request = DisclosureRequest(
        reference=make_reference("D"), kind=asker.kind, recipient=known,
        asker=known.name if known else asker.name, country=known.country if known else asker.country,
        way=way, legal_basis=legal_basis, received_at=received_at or timezone.now(), answer_by=answer_by,
        categories=[], hidden_until=secrecy.until if secrecy else None,
        hidden_basis=secrecy.basis if secrecy else "",
    )  # fmt: skip
    with transaction.atomic(), key_of_a_new_owner(request.pk):
        request.save(force_insert=True)
        DisclosureWords(
            request=request, asker_case=written.case or None, asker_contact=written.contact or None,
            their_reasons=written.reasons or None,
        ).save(force_insert=True)  # fmt: skip
        for file in files:
            DisclosureFile(request=request, media_type=file.media_type, content=file.content).save(
                force_insert=True
            )
        note(request, "received", actor, why=way)
    return request


def require_papers(recipient: Recipient | None) -> None:
    """Refuse a partner whose papers are not in order today. Raises RecipientLapsed."""
    if recipient is not None and recipient.lapsed(timezone.localdate()) is not None:
        raise RecipientLapsed


def name_case(
    *, request_id: UUID, subject_id: UUID, actor: Actor, application_id: UUID | None = None
) -> DisclosureCase:
    """Say whose data the request is about: of one application that was sent, or of what belongs to none.

    Naming the same again changes nothing. Raises SubjectErased, and IllegalTransition once it is assessed and
    for an application that is not this person's.
    """
    with transaction.atomic():
        request = locked(request_id)
        subject = lock_subject(subject_id)
        if request.state != S.RECEIVED:
            raise IllegalTransition
        application = None
        if application_id is not None:
            sent = Application.objects.filter(pk=application_id, subject=subject)
            application = sent.exclude(status=ApplicationStatus.DRAFT).first()
            if application is None:
                raise IllegalTransition
        case, is_new = DisclosureCase.objects.get_or_create(
            request=request, subject=subject, application=application,
            defaults={"of_application": application is not None},
        )  # fmt: skip
        if is_new:
            note(request, "case_named", actor, subject_id=subject.pk)
    return case


def drop_case(*, request_id: UUID, case_id: UUID, actor: Actor) -> None:
    """It is not about them after all. Raises IllegalTransition once it is assessed."""
    with transaction.atomic():
        request = locked(request_id)
        case = request.cases.filter(pk=case_id).first()
        if request.state != S.RECEIVED or case is None:
            raise IllegalTransition
        case.delete()
        note(request, "case_dropped", actor, subject_id=case.subject_id)


def assess(
    *,
    request_id: UUID,
    categories: Collection[Category],
    certificate: bytes,
    actor: Actor,
    with_others: bool = False,
    seen: str | None = None,
) -> DisclosureRequest:
    """Fix what would be disclosed, and for whose certificate it is sealed: nothing of it changes any more.

    Raises NoCase, NotInPolicy for a category that the map does not give to such a recipient,
    CertificateRefused and IllegalTransition.
    """
    sealed_for = read_certificate(certificate, now=timezone.now())
    with transaction.atomic():
        request = locked(request_id, seen=seen)
        scope = Scope(request.recipient_kind, frozenset(categories), with_others)
        scope.require()
        if not request.cases.exists():
            raise NoCase
        move(
            request, S.ASSESSED, actor, categories=[one.value for one in Category if one in scope.categories],
            with_others=with_others, certificate=as_der(sealed_for), fingerprint=fingerprint(sealed_for),
        )  # fmt: skip
    return request


def reopen(*, request_id: UUID, actor: Actor) -> DisclosureRequest:
    """Assess it anew: every approval is taken back. Raises IllegalTransition once a package is sealed."""
    with transaction.atomic():
        request = locked(request_id)
        move(request, S.RECEIVED, actor, what="reopened", first_by="", second_by="")
    return request


def approve(*, request_id: UUID, actor: Actor, seen: str | None = None) -> DisclosureRequest:
    """One person approves what was assessed; two different ones make it approved, one of them a data
    protection officer. `seen` is the last step that they had seen (last_step).

    Raises SamePerson, NoOfficer, RecipientLapsed, and IllegalTransition where something happened since.
    """
    with transaction.atomic():
        request = locked(request_id, seen=seen)
        require_papers(request.recipient)
        if request.state == S.APPROVED_ONCE:
            require_two(request.first_by, actor.identifier)
            move(request, S.APPROVED, actor, second_by=actor.identifier)
        else:
            move(request, S.APPROVED_ONCE, actor, first_by=actor.identifier)
    return request


def refuse(*, request_id: UUID, why: WhyNot, reasons: str, actor: Actor) -> DisclosureRequest:
    """Nothing is disclosed; whoever asked is answered with the reasons. Raises DecisionMissing without any,
    IllegalTransition.
    """
    if not reasons.strip():
        raise DecisionMissing
    with transaction.atomic():
        request = locked(request_id)
        words = DisclosureWords.objects.get(pk=request.pk)
        words.our_reasons = reasons.strip()
        words.save(update_fields=["our_reasons"])
        move(request, S.REFUSED, actor, why=why, why_not=why)
    return request


def withdraw(*, request_id: UUID, actor: Actor) -> DisclosureRequest:
    """Whoever asked takes it back. Raises IllegalTransition while a package may have left, and once ended."""
    with transaction.atomic():
        request = locked(request_id)
        move(request, S.WITHDRAWN, actor)
    return request
