"""From two approvals to the proof: sealing the package, handing it over, and what becomes of it.

Before anything can leave, the register of disclosures says that it is about to (house rule: intent before
I/O); what nobody settles afterwards counts as left.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from applications.actors import SYSTEM, Actor
from applications.crypto import keyring
from applications.crypto.keyring import data_key_scope, key_of_a_new_owner
from applications.data_policy import NotInPolicy, require_allowed, uses_of
from applications.endings import At, due
from applications.errors import IllegalTransition
from applications.models import Disclosure, DisclosureStatus
from applications.personal import Basis, Personal
from applications.selectors.permission import restricted_use
from applications.services import audit
from applications.services.locking import lock_subject
from applications.services.operations import DAILY_JOBS
from privacy.datamap import entries
from privacy.disclosure_package import Held, as_zip, digest, held_of
from privacy.disclosure_states import DisclosureState
from privacy.errors import MapChanged, NothingToDisclose, NotTaken
from privacy.models import DisclosureRequest, HandedBy, SealedPackage
from privacy.sealing import read_certificate, seal
from privacy.services.disclosing import require_papers
from privacy.services.disclosure_moves import locked, move, note
from privacy.services.secrecy import recipient_code, tell_people

S = DisclosureState
KEPT = timedelta(days=14)
"""How long a sealed package can be taken to be handed over."""


@data_key_scope()
def make_package(*, request_id: UUID, actor: Actor) -> DisclosureRequest:
    """Make the package of what two people approved, sealed for the recipient; the register of disclosures has
    it as about to leave.

    Raises NothingToDisclose, RecipientLapsed, CertificateRefused, MapChanged and IllegalTransition.
    """
    with transaction.atomic():
        request = locked(request_id)
        if request.state != S.APPROVED:
            raise IllegalTransition
        require_papers(request.recipient)
        certificate = read_certificate(bytes(request.certificate or b""), now=timezone.now())
        _hold_people(request)
        held = [one for one in held_of(request) if one.counts]
        if not held:
            raise NothingToDisclose
        content = as_zip(request, held)
        sealed = seal(content, certificate)
        try:
            for one in held:
                _intend(request, one, actor)
        except NotInPolicy:  # the map was changed since it was approved
            raise MapChanged from None
        package = SealedPackage(request=request, expires_at=timezone.now() + KEPT)
        with key_of_a_new_owner(package.pk):
            package.content = sealed
            package.save(force_insert=True)
        move(
            request, S.SEALED, actor, sealed_at=timezone.now(), sealed_digest=digest(sealed),
            content_digest=digest(content),
        )  # fmt: skip
    return request


def _hold_people(request: DisclosureRequest) -> None:
    """Nobody is erased while their data are put into a package: their rows are held, in one order."""
    living = request.cases.filter(subject__erased_at__isnull=True)
    for subject_id in sorted(set(living.values_list("subject_id", flat=True))):
        lock_subject(subject_id)


def _intend(request: DisclosureRequest, held: Held, actor: Actor) -> None:
    """Write down what is about to leave about one case. Raises NotInPolicy."""
    labels, case = sorted(held.counts), held.case
    marks = _marks(labels)
    require_allowed(marks, request.purpose, request.recipient_kind)
    Disclosure.objects.update_or_create(
        delivery=case.delivery,
        defaults={
            "subject": case.subject, "application": case.application, "recipient_kind": request.kind,
            "recipient": recipient_code(request), "recipient_name": request.asker,
            "purpose": request.purpose, "basis": _basis(request, marks), "fields": labels,
            "status": DisclosureStatus.INTENDED, "at": timezone.now(), "hidden_until": request.hidden_until,
        },
    )  # fmt: skip
    audit.record(
        actor=actor, action="disclosure.about_to_leave", subject_id=case.subject_id, row=request,
        matter=str(request.pk), values=held.counts.total(), fields=labels,
        **restricted_use(case.subject_id, request.purpose),
    )  # fmt: skip


def _marks(labels: Sequence[str]) -> list[Personal]:
    wanted = set(labels)
    return [entry.mark for entry in entries() if entry.label in wanted]


def _basis(request: DisclosureRequest, marks: Sequence[Personal]) -> Basis:
    return uses_of(marks[0])[request.purpose]


def take(*, request_id: UUID, actor: Actor) -> bytes:
    """The sealed file, to be handed over; written down before it is given. Raises IllegalTransition where
    there is none, or not any more.
    """
    with transaction.atomic():
        request = locked(request_id)
        package = SealedPackage.objects.filter(request=request, expires_at__gt=timezone.now()).first()
        if request.state != S.SEALED or package is None:
            raise IllegalTransition
        if package.taken_at is None:
            package.taken_at = timezone.now()
            package.save(update_fields=["taken_at"])
        note(request, "taken", actor)
        return bytes(package.content or b"")


def record_handed_over(*, request_id: UUID, on: date, by: HandedBy, actor: Actor) -> DisclosureRequest:
    """It was handed over: the register says that it left, the package is destroyed, and the people are told
    unless a law forbids it. Raises NotTaken for one that nobody has taken, IllegalTransition, also for a day
    before it was sealed or still to come.
    """
    with transaction.atomic():
        request = locked(request_id)
        sealed_on = timezone.localdate(request.sealed_at) if request.sealed_at else None
        if sealed_on is None or not sealed_on <= on <= timezone.localdate():
            raise IllegalTransition
        if _untaken(request):
            raise NotTaken
        move(request, S.DISCLOSED, actor, why=by, handed_on=on, handed_by=by)
        _settle(request, DisclosureStatus.MADE)
        tell_people(request)
    destroy_package(request)
    return request


def record_never_left(*, request_id: UUID, actor: Actor) -> DisclosureRequest:
    """It never left: the package is destroyed, and may be made again. Raises IllegalTransition."""
    with transaction.atomic():
        request = locked(request_id)
        _never_left(request, actor)
    destroy_package(request)
    return request


def _never_left(request: DisclosureRequest, actor: Actor) -> None:
    move(
        request, S.APPROVED, actor, what="never_left", sealed_at=None, sealed_digest="", content_digest=""
    )  # fmt: skip
    _settle(request, DisclosureStatus.NOT_MADE)


def _settle(request: DisclosureRequest, status: DisclosureStatus) -> None:
    intended = Disclosure.objects.filter(
        delivery__in=request.cases.values("delivery"), status=DisclosureStatus.INTENDED
    )
    intended.update(status=status)


def destroy_package(request: DisclosureRequest) -> None:
    """Destroy the key of a request's package, and the package. Safe to repeat."""
    keys = list(SealedPackage.objects.filter(request=request).values_list("pk", flat=True))
    keyring.forget_keys(keys)
    SealedPackage.objects.filter(pk__in=keys).delete()


def expired_packages(at: At) -> QuerySet[SealedPackage]:
    return SealedPackage.objects.filter(expires_at__lt=at.begins)


def end_sealed_packages() -> dict[str, int]:
    """Destroy packages that expired, the keys first, and what a crash left of those handed over. One that
    nobody took never left; whether one that was taken did, staff have to say.
    """
    counts = {"packages": 0}
    over = due("sealed")
    left = SealedPackage.objects.exclude(request__state=S.SEALED)
    for request_id in (over | left).values_list("request_id", flat=True):
        with transaction.atomic():
            request = locked(request_id)
            if request.state == S.SEALED and _untaken(request):
                _never_left(request, SYSTEM)
        destroy_package(request)
        counts["packages"] += 1
    return counts


def _untaken(request: DisclosureRequest) -> bool:
    """Whether nobody has taken the package yet, so that it cannot have left."""
    return SealedPackage.objects.filter(request=request, taken_at__isnull=True).exists()


DAILY_JOBS["end_sealed_packages"] = end_sealed_packages
