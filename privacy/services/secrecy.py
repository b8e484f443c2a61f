"""Not telling a person yet that somebody received their data, where a law forbids it; telling them then."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from dateutil.relativedelta import relativedelta
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from applications.actors import SYSTEM, Actor
from applications.errors import IllegalTransition
from applications.models import Disclosure, MailKind
from applications.recipients import RECIPIENTS
from applications.services.mail import compose
from applications.services.operations import DAILY_JOBS
from privacy.disclosure_states import DisclosureState
from privacy.errors import SecrecyRefused
from privacy.models import DisclosureCase, DisclosureRequest, RecipientNotice
from privacy.services.disclosure_moves import locked, note

MOST_MONTHS = 6
"""So long at most before somebody looks again whether the law still forbids telling."""


@dataclass(frozen=True)
class Secrecy:
    """The law that forbids telling, and the day on which the person learns of it."""

    until: date
    basis: str


def check_secrecy(secrecy: Secrecy) -> None:
    """Raise SecrecyRefused for one without a law, in the past, or longer than may go without a look."""
    today = timezone.localdate()
    latest = today + relativedelta(months=MOST_MONTHS)
    if not secrecy.basis.strip() or not today < secrecy.until <= latest:
        raise SecrecyRefused


def set_secrecy(*, request_id: UUID, secrecy: Secrecy, actor: Actor) -> DisclosureRequest:
    """The law forbids telling until this day: for the first time, or as looked at again.

    Raises SecrecyRefused, and IllegalTransition once somebody was told, or the day is over.
    """
    check_secrecy(secrecy)
    with transaction.atomic():
        request = locked(request_id)
        over = request.state == DisclosureState.DISCLOSED and not request.is_hidden(timezone.localdate())
        if over or request.cases.filter(told_at__isnull=False).exists():
            raise IllegalTransition
        _hide(request, secrecy.until, secrecy.basis.strip())
        note(request, "hidden", actor, why=secrecy.until.isoformat())
    return request


def end_secrecy(*, request_id: UUID, actor: Actor) -> DisclosureRequest:
    """The law does not forbid it any more: the person learns of it now. Raises IllegalTransition."""
    with transaction.atomic():
        request = locked(request_id)
        if not request.is_hidden(timezone.localdate()):
            raise IllegalTransition
        _hide(request, timezone.localdate(), request.hidden_basis)
        note(request, "secrecy_ended", actor)
        tell_people(request)
    return request


def _hide(request: DisclosureRequest, until: date, basis: str) -> None:
    """Everywhere where the same is written: the register of disclosures, and whom an erasure has told."""
    request.hidden_until, request.hidden_basis = until, basis
    request.save(update_fields=["hidden_until", "hidden_basis"])
    cases = request.cases.all()
    Disclosure.objects.filter(delivery__in=cases.values("delivery")).update(hidden_until=until)
    for subject_id in set(cases.values_list("subject_id", flat=True)):
        _hide_from_lists(request, subject_id)


def _hide_from_lists(request: DisclosureRequest, subject_id: UUID) -> None:
    """Whoever received data by another disclosure as well, which is no secret, is hidden from nobody."""
    notices = RecipientNotice.objects.filter(
        kind=request.kind, recipient=recipient_code(request), request__subject=subject_id
    )
    had = (one for one in RECIPIENTS.of(subject_id) if one.kind == request.kind)
    received = next((one for one in had if one.recipient == recipient_code(request)), None)
    if received is not None:
        notices.update(hidden_until=received.hidden_until)
    else:  # of somebody erased the lists alone are left
        notices.filter(hidden_until__isnull=False).update(hidden_until=request.hidden_until)


def recipient_code(request: DisclosureRequest) -> str:
    """What registers call whoever asks: its short name there, or an authority's country and name."""
    if request.recipient is not None:
        return request.recipient.slug
    return f"{request.country}:{request.asker.casefold()}"[:64]


def tell_people(request: DisclosureRequest) -> int:
    """Tell the people of a disclosure who may know by now and were not told; how many. Each once.

    What they are told is that there is something to read on their own pages. Belongs inside a transaction
    that holds the request.
    """
    if request.state != DisclosureState.DISCLOSED or request.is_hidden(timezone.localdate()):
        return 0
    told: set[UUID] = set()
    for case in request.cases.filter(told_at__isnull=True).select_related("subject"):
        if case.subject.erased_at is None and case.subject_id not in told:
            compose(
                kind=MailKind.DISCLOSED, owner_id=case.subject_id, recipient=case.subject.verified_email,
                language=case.subject.language, context={},
            )  # fmt: skip
            note(request, "told", SYSTEM, subject_id=case.subject_id)
            told.add(case.subject_id)
        case.told_at = timezone.now()
        case.save(update_fields=["told_at"])
    return len(told)


def tell_what_is_secret_no_more() -> dict[str, int]:
    """Tell the people of disclosures whose secrecy is over. What is cut short is done the next day."""
    counts = {"people": 0}
    for request_id in waiting_to_be_told().values_list("pk", flat=True):
        with transaction.atomic():
            counts["people"] += tell_people(locked(request_id))
    return counts


def waiting_to_be_told() -> QuerySet[DisclosureRequest]:
    """Disclosures of which somebody may know by now and was not told."""
    over = Q(hidden_until__isnull=True) | Q(hidden_until__lte=timezone.localdate())
    untold = DisclosureCase.objects.filter(told_at__isnull=True)
    return DisclosureRequest.objects.filter(
        over, state=DisclosureState.DISCLOSED, pk__in=untold.values("request")
    )


def secret_requests(matters: Collection[str]) -> set[str]:
    """Of these matters, the requests for disclosure of which nobody may be told yet."""
    hidden = DisclosureRequest.objects.filter(pk__in=matters, hidden_until__gt=timezone.localdate())
    return set(map(str, hidden.values_list("pk", flat=True)))


DAILY_JOBS["tell_what_is_secret_no_more"] = tell_what_is_secret_no_more
