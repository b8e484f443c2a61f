"""Passing a person's file on to another controller: rows are the queue, intent is written before the call.

The person's instruction, given after a fresh code, is all that is asked for; whether it may go there the
register says (papers in force, inside the EEA), and the guard of addresses. However often a call is made, the
other side takes the same transfer once.
"""

import hashlib
import json
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from applications.actors import SYSTEM, Actor
from applications.crypto.reading import unless_destroyed
from applications.data_policy import POLICIES
from applications.errors import ProcessingRefused, SubjectErased
from applications.models import Disclosure, DisclosureStatus
from applications.personal import Category, Purpose, RecipientKind
from applications.selectors.permission import require
from applications.services.locking import lock_subject
from lenders.adapters.base import HttpAnswer, HttpCall, LenderError
from lenders.services.disclosures import NEVER_LEFT
from privacy.errors import NoSuchController
from privacy.models import (
    AccessPackage,
    Identity,
    OtherController,
    Right,
    RightsRequest,
    Transfer,
    TransferStatus,
    Way,
)
from privacy.portability import jws
from privacy.portability.document import (
    FILE_TYPE,
    LARGEST,
    RECEIPT_TYPE,
    Addressee,
    addressed,
    as_bytes,
    labels_of,
)
from privacy.portability.keys import signed
from privacy.services import receiving
from privacy.services.moves import note
from privacy.states import ENDED, RequestStatus

LEASE = timedelta(seconds=30)
MOST_AT_ONCE = 8
MOST_ATTEMPTS = 12
GIVEN_UP_AFTER = timedelta(hours=24)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(hours=2)
ACCEPTED = 202
AGAIN_LATER = frozenset({408, 425, 429})
PURPOSE = Purpose.DATA_SUBJECT_RIGHTS


@dataclass(frozen=True)
class Claim:
    """A transfer that is this worker's until its lease ends."""

    transfer_id: UUID
    fence: int


@dataclass(frozen=True)
class Prepared:
    """A call that is on record and may be made."""

    claim: Claim
    call: HttpCall
    digest: str = field(repr=False)


def instruct(*, subject_id: UUID, controller_id: UUID, language: str, contact: str, actor: Actor) -> Transfer:
    """The person, whose code is fresh, tells us to pass their file on; the same again is the same transfer.

    Raises NoSuchController for one that takes no part today, SubjectErased.
    """
    with transaction.atomic():
        lock_subject(subject_id)
        controller = OtherController.objects.select_related("recipient").filter(pk=controller_id).first()
        if controller is None or not controller.takes_part(timezone.localdate()):
            raise NoSuchController
        request = _open_request(subject_id, language, contact, actor)
        transfer, is_new = Transfer.objects.get_or_create(
            request=request,
            controller=controller,
            defaults={"issued_at": timezone.now(), "due_at": timezone.now()},
        )
        if is_new:
            note(request, "to_be_passed_on", actor, why=controller.recipient.slug)
    return transfer


def _open_request(subject_id: UUID, language: str, contact: str, actor: Actor) -> RightsRequest:
    """The person's open request, held, and not yet past the step that waits for transfers."""
    while True:
        request = receiving.receive(
            right=Right.PORTABILITY, way=Way.OWN_PAGES, language=language, actor=actor,
            subject_id=subject_id, identity=Identity.FRESH_CODE, contact=contact,
        )  # fmt: skip
        held = RightsRequest.objects.select_for_update(no_key=True).get(pk=request.pk)
        if held.status in ENDED:  # it ended while we waited for the worker that carried it out
            continue
        if held.step == "answer":
            held.step = "hand_over"
            held.save(update_fields=["step"])
        return held


def claim_due() -> list[Claim]:
    """Claim what is due, oldest first; two workers never get the same row."""
    now = timezone.now()
    with transaction.atomic():
        free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
        due = Transfer.objects.select_for_update(skip_locked=True, of=("self",)).filter(
            free, status=TransferStatus.DUE, due_at__lte=now, request__status=RequestStatus.RUNNING,
            request__step="hand_over",
        )  # fmt: skip
        rows = list(due.order_by("due_at")[:MOST_AT_ONCE])
        Transfer.objects.filter(pk__in=[row.pk for row in rows]).update(
            fence=F("fence") + 1, lease_until=now + LEASE
        )
    return [Claim(row.pk, row.fence + 1) for row in rows]


def begin(claim: Claim) -> Prepared | None:
    """Write down that the call is about to be made, and make it ready; None where it may not be made."""
    with transaction.atomic():
        transfer = _held(claim)
        if transfer is None:
            return None
        why = _why_not(transfer)
        if why:
            _end(transfer, TransferStatus.FAILED, why)
            return None
        document = _document(transfer)
        payload = as_bytes(document)
        compact = signed(payload, typ=FILE_TYPE).encode()
        if len(compact) > LARGEST:
            _end(transfer, TransferStatus.FAILED, "too_large")
            return None
        transfer.left |= transfer.trying  # an earlier call never came to an end
        transfer.trying, transfer.attempts = True, transfer.attempts + 1
        transfer.save(update_fields=["left", "trying", "attempts"])
        _intend(transfer, labels_of(document))
    headers = {"Content-Type": "application/jose", "Idempotency-Key": str(transfer.pk)}
    call = HttpCall("POST", transfer.controller.endpoint, headers, compact)
    return Prepared(claim, call, hashlib.sha256(payload).hexdigest())


def finish(prepared: Prepared, reply: HttpAnswer | LenderError) -> None:
    """Note what came of a call: the receipt, another try, or the end."""
    with transaction.atomic():
        transfer = _held(prepared.claim)
        if transfer is None:  # its lease had ended, and somebody else goes on with it
            return
        never_left = isinstance(reply, LenderError) and not reply.ambiguous and reply.code in NEVER_LEFT
        transfer.left |= not never_left
        transfer.trying, transfer.lease_until = False, None
        code, permanent, receipt = _read(transfer, prepared, reply)
        if receipt:
            transfer.receipt = receipt
            _end(transfer, TransferStatus.DELIVERED, "")
        elif permanent or _is_over(transfer):
            _end(transfer, TransferStatus.FAILED, code)
        else:
            transfer.error_code = code
            transfer.due_at = timezone.now() + _pause(transfer.attempts)
            transfer.save()
        _settle(transfer)


def _held(claim: Claim) -> Transfer | None:
    """The claimed row with what belongs to it, locked; the person's row first."""
    subject_id = RightsRequest.objects.filter(transfers=claim.transfer_id).values_list("subject", flat=True)
    with suppress(SubjectErased):  # the proof of what left is still to be written
        lock_subject(subject_id.get())
    rows = Transfer.objects.select_for_update(of=("self",)).select_related(
        "request__subject", "controller__recipient"
    )
    return rows.filter(pk=claim.transfer_id, fence=claim.fence, status=TransferStatus.DUE).first()


def _why_not(transfer: Transfer) -> str:
    """Why nothing may be passed on now, as a code; "" where it may."""
    try:
        require(transfer.request.person.pk, PURPOSE)
    except (SubjectErased, ProcessingRefused) as refused:
        return refused.code
    if not transfer.controller.takes_part(timezone.localdate()):
        return "recipient_lapsed"
    package = AccessPackage.objects.filter(pk=transfer.request_id, expires_at__gt=timezone.now()).first()
    return "" if package is not None and unless_destroyed(package, "content") else "file_gone"


def _document(transfer: Transfer) -> dict[str, Any]:
    package = AccessPackage.objects.get(pk=transfer.request_id)
    addressee = Addressee(transfer.controller.recipient.name, transfer.controller.endpoint)
    return addressed(
        json.loads(bytes(package.content or b"")),
        addressee,
        document_id=transfer.pk,
        issued_at=transfer.issued_at,
    )


def _intend(transfer: Transfer, labels: Sequence[str]) -> None:
    """One disclosure however often it is tried; it counts as made until it is known that nothing left."""
    Disclosure.objects.update_or_create(
        delivery=transfer.pk,
        defaults={"status": DisclosureStatus.MADE if transfer.left else DisclosureStatus.INTENDED},
        create_defaults={
            "subject": transfer.request.person,
            "recipient_kind": RecipientKind.CONTROLLER,
            "recipient": transfer.controller.recipient.slug,
            "recipient_name": transfer.controller.recipient.name,
            "purpose": PURPOSE,
            "basis": POLICIES[Category.IDENTIFICATION].uses[PURPOSE],
            "fields": list(labels),
            "at": timezone.now(),
        },
    )


def _settle(transfer: Transfer) -> None:
    standing = Disclosure.objects.filter(delivery=transfer.pk)
    if transfer.left:
        standing.exclude(status=DisclosureStatus.MADE).update(status=DisclosureStatus.MADE)
    else:
        standing.update(status=DisclosureStatus.NOT_MADE)


def _end(transfer: Transfer, status: TransferStatus, code: str) -> None:
    transfer.status, transfer.error_code = status, code
    transfer.finished_at, transfer.lease_until = timezone.now(), None
    transfer.save()
    came = "passed_on" if status == TransferStatus.DELIVERED else "not_passed_on"
    note(transfer.request, came, SYSTEM, why=code or transfer.controller.recipient.slug)


def _read(transfer: Transfer, prepared: Prepared, reply: HttpAnswer | LenderError) -> tuple[str, bool, str]:
    """What an answer means: why it is no receipt, whether trying again is useless, the receipt."""
    if isinstance(reply, LenderError):
        return str(reply.code), reply.permanent, ""
    if reply.status == ACCEPTED:
        receipt = _receipt(transfer, prepared, reply.body)
        return ("", False, receipt) if receipt else ("no_receipt", False, "")
    final = 400 <= reply.status < 500 and reply.status not in AGAIN_LATER
    return f"http_{reply.status}", final, ""


def _receipt(transfer: Transfer, prepared: Prepared, body: bytes) -> str:
    """The other side's signed word that it has this very file; "" where it is not that."""
    try:
        word = json.loads(jws.payload_of(jws.read(body, typ=RECEIPT_TYPE), transfer.controller.keys))
    except (jws.NotSigned, ValueError, RecursionError):
        return ""
    expected = {"transfer": transfer.pk.urn, "sha256": prepared.digest}
    fits = isinstance(word, dict) and all(word.get(name) == value for name, value in expected.items())
    return body.decode("ascii") if fits else ""


def _is_over(transfer: Transfer) -> bool:
    return transfer.attempts >= MOST_ATTEMPTS or timezone.now() - transfer.issued_at > GIVEN_UP_AFTER


def _pause(attempts: int) -> timedelta:
    """Ever longer, with full jitter but never at once."""
    longest = min(LONGEST_PAUSE, FIRST_PAUSE * (3 ** min(attempts, 8)))
    return FIRST_PAUSE / 2 + timedelta(seconds=secrets.randbelow(int(longest.total_seconds())))
