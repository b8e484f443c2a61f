"""What other controllers pass on (GDPR Art. 20(2)): taken in once, kept sealed, and used by nobody before its
person, with a code mailed to that very address, takes it into their own draft or declines it.
"""

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from applications import normalise
from applications.actors import SYSTEM, Actor
from applications.crypto import keyring
from applications.crypto.keyring import key_of_a_new_owner
from applications.crypto.matching import confirmed
from applications.endings import At, due
from applications.form_fields import FORM_FIELDS
from applications.models import DataSubject
from applications.personal import Purpose
from applications.retention_rules import Retention
from applications.selectors.people import answers
from applications.selectors.periods import rules_in_force
from applications.selectors.permission import require
from applications.services import audit
from applications.services.drafts import open_draft, save_answers
from applications.services.locking import lock_subject
from applications.services.operations import DAILY_JOBS
from privacy.errors import NothingThere
from privacy.models import Arrival, ArrivalStatus, OtherController
from privacy.portability import jws, schema
from privacy.portability.document import FILE_TYPE, RECEIPT_TYPE, ROOT, as_bytes, moment
from privacy.portability.keys import signed
from privacy.portability.taking import answers_in, fitting
from privacy.selectors.portability import document_of

WORK = Purpose.HANDLE_APPLICATIONS
FRESH_FOR, AHEAD = timedelta(days=2), timedelta(minutes=5)
"""A file older than this is not taken in: its sender has given up by then."""
MOST_WAITING = 20
"""Files that may wait for one address."""
REMEMBERED = timedelta(days=90)
"""So long an ended arrival is known by its number: far longer than a file is fresh."""
CHUNK = 200


class Refused(Exception):
    """A file is not taken in: `code` says why, and nothing of what was in it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def sender_of(compact: bytes) -> tuple[OtherController, jws.Signed]:
    """Who says that it signed this. Raises Refused for a key that nobody in the register has."""
    try:
        message = jws.read(compact, typ=FILE_TYPE)
    except jws.NotSigned:
        message = None
    if message is None:
        raise Refused("not_signed")
    found = OtherController.objects.select_related("recipient").filter(keys__contains=[{"kid": message.kid}])
    sender = found.first()
    if sender is None:
        raise Refused("unknown_key")
    return sender, message


def receive(*, sender: OtherController, message: jws.Signed) -> str:
    """Take a file in, once; the receipt, the same for the same file however often it comes.

    Raises Refused.
    """
    document, payload = _verified(sender, message)
    transfer_id, digest = UUID(document["id"]), hashlib.sha256(payload).digest()
    try:
        with transaction.atomic():
            arrival = _known(sender, transfer_id) or _enter(sender, document, payload, transfer_id, digest)
    except IntegrityError:  # the same came twice at once
        arrival = Arrival.objects.get(controller=sender, transfer_id=transfer_id)
    if bytes(arrival.digest) != digest:
        raise Refused("another_file")
    return _receipt(arrival)


def _verified(sender: OtherController, message: jws.Signed) -> tuple[dict[str, Any], bytes]:
    try:
        payload = jws.payload_of(message, sender.keys)
    except jws.NotSigned:
        payload = b""
    if not payload:
        raise Refused("not_signed")
    if not sender.takes_part(timezone.localdate()):
        raise Refused("not_in_the_register")
    document = _parsed(payload)
    recipient = document["recipient"]
    if recipient is None or recipient["endpoint"] != f"{settings.PUBLIC_URL}{ROOT}/transfers":
        raise Refused("not_for_us")
    if not normalise.email(document["data_subject"]["email"]):
        raise Refused("not_of_the_format")
    if not _is_fresh(document["issued_at"]):
        raise Refused("stale")
    return document, payload


def _is_fresh(issued_at: str) -> bool:
    now = timezone.now()
    try:
        issued = datetime.fromisoformat(issued_at)
    except ValueError:
        return False
    return now - FRESH_FOR < issued < now + AHEAD


def _parsed(payload: bytes) -> dict[str, Any]:
    """The document, read as one reader alone would read it."""
    try:
        document = json.loads(payload.decode(), object_pairs_hook=_unrepeated, parse_constant=_refuse)
        as_bytes(document)  # what is half a character can be stored nowhere
        schema.check(document)
        UUID(document["id"])  # the schema's pattern lets a line break through
    except (ValueError, RecursionError, schema.NotOfTheFormat):
        document = None
    if not isinstance(document, dict):
        raise Refused("not_of_the_format")
    return document


def _unrepeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found


def _refuse(_text: str) -> Any:
    raise ValueError


def _known(sender: OtherController, transfer_id: UUID) -> Arrival | None:
    return Arrival.objects.filter(controller=sender, transfer_id=transfer_id).first()


def _enter(
    sender: OtherController, document: dict[str, Any], payload: bytes, transfer_id: UUID, digest: bytes
) -> Arrival:
    now, address = timezone.now(), document["data_subject"]["email"]
    waiting = Arrival.objects.filter(address_index=address, status=ArrivalStatus.WAITING)
    if waiting.count() >= MOST_WAITING:
        raise Refused("too_many")
    arrival = Arrival(
        controller=sender, address=address, content=payload, transfer_id=transfer_id, digest=digest,
        received_at=now, expires_at=now + timedelta(days=rules_in_force()[Retention.DRAFT].days),
    )  # fmt: skip
    with key_of_a_new_owner(arrival.pk):
        arrival.save(force_insert=True)
    audit.record(actor=SYSTEM, action="arrival.received", row=arrival, sender=sender.recipient.slug)
    return arrival


def _receipt(arrival: Arrival) -> str:
    word = {
        "transfer": arrival.transfer_id.urn,
        "sha256": bytes(arrival.digest).hex(),
        "received_at": moment(arrival.received_at),
        "kept_until": moment(arrival.expires_at),
        "by": settings.PUBLIC_URL,
    }
    return signed(json.dumps(word, sort_keys=True).encode(), typ=RECEIPT_TYPE)


# --- the person comes for it ------------------------------------------------------------------------------
def take_in(*, arrival_id: UUID, subject_id: UUID, language: str, actor: Actor) -> tuple[int, int]:
    """Take what arrived into the person's draft: how many answers, and how many stay out.

    Nothing that was answered already is touched, and nothing is taken that the form would refuse. Raises
    NothingThere, SubjectErased, a ProcessingRefused.
    """
    with transaction.atomic():
        subject = lock_subject(subject_id)
        require(subject_id, WORK)
        arrival = _own(arrival_id, subject)
        brought = answers_in(document_of(arrival))
        draft = open_draft(subject_id=subject_id, language=language, actor=actor)
        given = answers(draft, purpose=WORK)
        taken = fitting(given, brought)
        if taken:
            save_answers(application=draft, answers=taken, actor=actor)
        _end(arrival, ArrivalStatus.TAKEN_IN)
        labels = sorted(FORM_FIELDS[name].label for name in taken)
        audit.record(
            actor=actor, action="arrival.taken_in", subject_id=subject_id, row=arrival, fields=labels
        )
    return len(taken), len(brought) - len(taken)


def decline(*, arrival_id: UUID, subject_id: UUID, actor: Actor) -> None:
    """The person does not want it: it is destroyed. Raises NothingThere, SubjectErased."""
    with transaction.atomic():
        arrival = _own(arrival_id, lock_subject(subject_id))
        _end(arrival, ArrivalStatus.DECLINED)
        audit.record(actor=actor, action="arrival.declined", subject_id=subject_id, row=arrival)


def _own(arrival_id: UUID, subject: DataSubject) -> Arrival:
    """A file that waits for this person, held. Raises NothingThere."""
    waiting = Arrival.objects.select_for_update(of=("self",)).filter(
        pk=arrival_id, status=ArrivalStatus.WAITING, expires_at__gt=timezone.now()
    )
    for arrival in confirmed(waiting, "address_index", subject.verified_email):
        return arrival
    raise NothingThere


# --- the end ----------------------------------------------------------------------------------------------
def _end(arrival: Arrival, status: ArrivalStatus) -> None:
    """What arrived goes: from the row now, for good with its key once that is committed."""
    arrival.status, arrival.content, arrival.address = status, None, None
    arrival.save(update_fields=["status", "content", "address", "address_index"])
    transaction.on_commit(lambda: keyring.destroy_key(arrival.pk))


def expired_arrivals(at: At) -> QuerySet[Arrival]:
    """What nobody came for."""
    return Arrival.objects.filter(status=ArrivalStatus.WAITING, expires_at__lt=at.begins)


def end_arrivals() -> dict[str, int]:
    """Destroy what nobody came for, and keys that a crash left; forget ended arrivals after their time."""
    now, counts = timezone.now(), {"expired": 0, "forgotten": 0}
    for arrival_id in list(due("arrivals").values_list("pk", flat=True)):
        with transaction.atomic():
            arrival = Arrival.objects.select_for_update(of=("self",), skip_locked=True).filter(
                pk=arrival_id, status=ArrivalStatus.WAITING
            ).first()  # fmt: skip
            if arrival is not None:
                _end(arrival, ArrivalStatus.EXPIRED)
                counts["expired"] += 1
    ended = Arrival.objects.exclude(status=ArrivalStatus.WAITING).values_list("pk", flat=True)
    keyring.destroy_keys(keyring.owners_with_keys(ended))
    old = ended.filter(received_at__lt=now - REMEMBERED)
    while chunk := list(old[:CHUNK]):
        Arrival.objects.filter(pk__in=chunk).delete()
        keyring.forget_keys(chunk)
        counts["forgotten"] += len(chunk)
    return counts


DAILY_JOBS["end_arrivals"] = end_arrivals
