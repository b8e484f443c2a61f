"""Writing requests of data subjects: every step compared and set, with its event, in one transaction."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from applications.actors import SYSTEM, Actor
from applications.crypto.keyring import key_of_a_new_owner
from applications.crypto.reading import unless_destroyed
from applications.errors import IllegalTransition
from applications.form_fields import BY_LABEL
from applications.formats import date_text
from applications.models import Application
from applications.personal import Purpose
from applications.references import make_reference
from applications.selectors.people import answers
from applications.services.locking import lock_subject
from applications.uploads import Upload
from privacy.changes import Stored, accepted, as_stored, key_of
from privacy.errors import DecisionMissing, NotKept, TooLateToExtend
from privacy.letter_facts import Delay
from privacy.models import (
    Exception17,
    Identity,
    LetterKind,
    Refusal,
    RequestFile,
    RequestWords,
    Result,
    Right,
    RightsRequest,
    Way,
)
from privacy.request_clock import RequestClock
from privacy.services.letters import send_letter, set_words_aside
from privacy.services.moves import move, note
from privacy.states import ENDED, OPEN, RequestStatus

S = RequestStatus
UNKNOWN = frozenset({Refusal.NOT_IDENTIFIED, Refusal.NOTHING_HELD})
"""Refused while it is not known who asks."""
PROVED = frozenset({Identity.FRESH_CODE, Identity.CONTACT})
"""Shown by the person, not decided by us."""
UNPROVED = frozenset({S.RECEIVED, S.IDENTITY_CHECK})
"""While nobody has established who asks. One that runs is never waited for: it may wait for the person."""
AT_ONCE = frozenset(
    {
        Right.ACCESS, Right.RESTRICTION, Right.PORTABILITY, Right.OBJECTION, Right.REVIEW, Right.COMPLAINT,
    }
)  # fmt: skip
"""Begun as soon as the person has proved who they are: nothing is to be weighed before it."""
ABOUT_ONE = frozenset(
    {Right.RECTIFICATION, Right.RESTRICTION, Right.OBJECTION, Right.REVIEW, Right.COMPLAINT}
)
"""About one of several things, which `about` names."""
BEFORE = frozenset({S.RECEIVED, S.IDENTITY_CHECK, S.ASSESSED})
"""While nothing is decided."""


@dataclass(frozen=True)
class Kept:
    """An application that an erasure leaves: on which ground, until which day."""

    application: UUID
    ground: Exception17
    until: date


def receive(
    *,
    right: Right,
    way: Way,
    language: str,
    actor: Actor,
    about: str = "",
    changes: Sequence[Stored] = (),
    files: Sequence[Upload] = (),
    subject_id: UUID | None = None,
    identity: Identity = Identity.NONE,
    contact: str = "",
    text: str = "",
    received_at: datetime | None = None,
) -> RightsRequest:
    """Enter a request; where the same person has an open one for the same right and `about` the same, that
    one, with what was written now added to it. Where it is left open what it is about, the officer says it.

    With `identity` it is known who asks (`subject_id`), and it is assessed at once. The legal clock runs from
    `received_at`: for what came by letter that is the day it came. Raises SubjectErased, and
    IllegalTransition for changes or files that come when the open request is being carried out already.
    """
    now = timezone.now()
    received_at = received_at or now
    received_on = timezone.localdate(received_at)
    clock = RequestClock(received_on)
    with transaction.atomic():
        if subject_id is not None:
            # the person's row first: two clicks at once wait here for each other
            lock_subject(subject_id)
            standing = RightsRequest.objects.filter(
                subject=subject_id, right=right, about=about, status__in=OPEN
            ).first()
            if standing is not None:
                _add(standing, text, changes, files, now)
                note(standing, "asked_again", actor)
                if identity in PROVED and standing.status in UNPROVED:
                    return _proved_now(standing, identity, contact, actor)
                return standing
        request = RightsRequest(
            reference=make_reference("R"), subject_id=subject_id, right=right, about=about, way=way,
            language=language, received_at=received_at, received_on=received_on,
            due_on=clock.due_on(timezone.localdate(now)),
        )  # fmt: skip
        with key_of_a_new_owner(request.pk):
            request.save(force_insert=True)
            RequestWords(
                request=request, contact=contact or None, text=text or None, changes=list(changes) or None
            ).save(force_insert=True)
            _keep(request, files)
        note(request, "received", actor, why=way)
        if identity:
            _identify(request, identity, actor)
        if way != Way.OWN_PAGES or identity != Identity.FRESH_CODE:
            send_letter(request=request, kind=LetterKind.RECEIVED, actor=actor)
    return request


def add_words(*, request_id: UUID, text: str, written_at: datetime, actor: Actor) -> RightsRequest:
    """Put what somebody wrote later to the words of an open request. Raises IllegalTransition otherwise."""
    with transaction.atomic():
        request = _locked(request_id)
        if request.status in ENDED:
            raise IllegalTransition
        _add(request, text, (), (), written_at)
        note(request, "written_to", actor)
    return request


def ask_who(*, request_id: UUID, actor: Actor) -> RightsRequest:
    """On reasonable doubt the person is asked to show who they are; the clock stands still (Art. 12(6)).

    The question goes to the contact on file of whom it is about, never to one that the request names: who
    knows somebody's personal code could name any. Where nobody known is meant, whoever wrote is asked.
    Raises IllegalTransition.
    """
    with transaction.atomic():
        request = _locked(request_id)
        today = timezone.localdate()
        columns = request.set_clock(request.clock.paused(today), today)
        move(request, S.IDENTITY_CHECK, actor, columns, identity=Identity.NONE)
        on_file = unless_destroyed(request.subject, "email") or "" if request.subject else None
        send_letter(request=request, kind=LetterKind.WHO, actor=actor, to=on_file)
    return request


def identify(
    *,
    request_id: UUID,
    identity: Identity,
    actor: Actor,
    subject_id: UUID | None = None,
    decision: str = "",
) -> RightsRequest:
    """It is known who asks, and how; the clock goes on. `subject_id` where the request named nobody yet,
    `decision` in the officer's words, where it is the officer who decided.

    Raises IllegalTransition, also where the same person has another open request for the same right, and
    DecisionMissing.
    """
    if identity == Identity.OFFICER and not decision.strip():
        raise DecisionMissing
    with transaction.atomic():
        request = _locked(request_id)
        whose = request.subject_id or subject_id
        same = RightsRequest.objects.filter(
            subject=whose, right=request.right, about=request.about, status__in=OPEN
        )
        if whose is None or same.exclude(pk=request.pk).exists():
            raise IllegalTransition
        request.subject_id = whose
        if decision.strip():
            words = RequestWords.objects.get(pk=request.pk)
            words.decision = decision.strip()
            words.save(update_fields=["decision"])
        _identify(request, identity, actor)
    return request


def confirm(*, request_id: UUID, subject_id: UUID, actor: Actor) -> RightsRequest:
    """The person to whom the question went says that it is they who ask.

    Raises RightsRequest.DoesNotExist for a request that is not this person's, IllegalTransition.
    """
    asked = RightsRequest.objects.select_related("subject").get(pk=request_id, subject_id=subject_id)
    with transaction.atomic():
        request = identify(request_id=request_id, identity=Identity.CONTACT, actor=actor)
        _answer_at(request, asked.person.verified_email)
    return request


def deny(*, request_id: UUID, subject_id: UUID, actor: Actor) -> RightsRequest:
    """The person to whom the question went did not ask for it: whoever did is told that they are not known.

    Raises RightsRequest.DoesNotExist for a request that is not this person's, IllegalTransition.
    """
    with transaction.atomic():
        request = RightsRequest.objects.select_for_update().get(pk=request_id, subject_id=subject_id)
        if request.status != S.IDENTITY_CHECK:
            raise IllegalTransition
        _refuse(request, Refusal.NOT_IDENTIFIED, actor, reasons="")
    return request


def specify(*, request_id: UUID, about: str, actor: Actor, changes: Sequence[Stored] = ()) -> RightsRequest:
    """Say what a request is about that came in without (selectors.about says what it can be); where the
    person has proved who they are and nothing is to be weighed, it begins.

    Raises IllegalTransition once it is decided, and where another open request is about the same.
    """
    with transaction.atomic():
        request = _locked(request_id)
        if request.status not in BEFORE or not about or _is_doubled(request, about):
            raise IllegalTransition
        request.about = about
        request.save(update_fields=["about"])
        if changes:
            _add(request, "", changes, (), timezone.now())
        note(request, "specified", actor)
        if request.status == S.ASSESSED:
            _begin_at_once(request)
    return request


def add_correction(
    *, request_id: UUID, application_id: UUID, label: str, new: Any, actor: Actor
) -> RightsRequest:
    """Enter a value that the person wants corrected, beside what stands in the application now.

    Raises IllegalTransition once it is decided, for an application that is not this person's, and where
    another open request is about the same: the correction belongs to that one.
    """
    with transaction.atomic():
        request = _locked(request_id)
        application = Application.objects.filter(pk=application_id, subject=request.subject_id).first()
        if request.right != Right.RECTIFICATION or request.subject_id is None or application is None:
            raise IllegalTransition
        stands = answers(application, purpose=Purpose.DATA_SUBJECT_RIGHTS)
        old = stands.get(BY_LABEL[label].name) if label in BY_LABEL else None
        change = as_stored(application_id=application_id, label=label, old=old, new=new)
        if not request.about:
            if _is_doubled(request, application.reference):
                raise IllegalTransition
            request.about = application.reference
            request.save(update_fields=["about"])
        _add(request, "", [change], (), timezone.now())
        note(request, "specified", actor)
    return request


def _is_doubled(request: RightsRequest, about: str) -> bool:
    """Whether the same person has another open request about this. Of nobody known there are many."""
    same = RightsRequest.objects.filter(
        subject__isnull=False, subject=request.subject_id, right=request.right, about=about, status__in=OPEN
    )
    return same.exclude(pk=request.pk).exists()


def is_specified(request: RightsRequest) -> bool:
    """Whether it is known what the request is about."""
    return bool(request.about) or request.right not in ABOUT_ONE


def approve(
    *,
    request_id: UUID,
    actor: Actor,
    kept: Sequence[Kept] = (),
    left: Collection[int] = (),
    reasons: str = "",
) -> RightsRequest:
    """It will be carried out, within seconds. `kept` is what an erasure leaves (Art. 17(3)); `left` are the
    changes, by their places, that are not made, and `reasons` the officer's words about that.

    Raises IllegalTransition, also for a request of which it is open what it is about, and NotKept for an
    application that is not this person's.
    """
    with transaction.atomic():
        request = _locked(request_id)
        if not is_specified(request):
            raise IllegalTransition
        if request.right == Right.RECTIFICATION:
            _decide_changes(request, left, reasons)
        own = Application.objects.filter(subject=request.subject_id, pk__in=[one.application for one in kept])
        if kept and (request.right != Right.ERASURE or own.count() != len(kept)):
            raise NotKept
        request.kept = [
            {"application": str(one.application), "ground": one.ground, "until": one.until.isoformat()}
            for one in kept
        ]
        request.next_try_at = None
        move(request, S.APPROVED, actor, ["kept", "next_try_at"])
    return request


def refuse(*, request_id: UUID, why: Refusal, actor: Actor, reasons: str = "") -> RightsRequest:
    """It is not carried out, for a reason that the answer gives, with the routes of complaint (Art. 12(4)).

    `reasons` are the officer's own words beside it. Raises IllegalTransition.
    """
    with transaction.atomic():
        request = _locked(request_id)
        if (why in UNKNOWN) != (request.status == S.IDENTITY_CHECK):
            raise IllegalTransition
        _refuse(request, why, actor, reasons=reasons)
    return request


def withdraw(*, request_id: UUID, actor: Actor) -> RightsRequest:
    """The person takes it back. Raises IllegalTransition once it is being carried out, or ended."""
    with transaction.atomic():
        request = _locked(request_id)
        move(request, S.WITHDRAWN, actor)
    return request


def extend(*, request_id: UUID, actor: Actor, why: Delay, reasons: str = "") -> RightsRequest:
    """Two more months, once, announced within the first with the reason (Art. 12(3)); `reasons` are the
    officer's own words beside it.

    Raises TooLateToExtend, and IllegalTransition for a request that has ended.
    """
    with transaction.atomic():
        request = _locked(request_id)
        today = timezone.localdate()
        if request.status in ENDED:
            raise IllegalTransition
        if not request.clock.may_be_extended(today):
            raise TooLateToExtend
        request.extended_at = timezone.now()
        request.due_on = request.clock.due_on(today)
        request.save(update_fields=["extended_at", "due_on"])
        note(request, "extended", actor, why=why)
        facts = {"why": why}
        send_letter(request=request, kind=LetterKind.EXTENDED, actor=actor, facts=facts, words=reasons)
    return request


def _identify(request: RightsRequest, identity: Identity, actor: Actor) -> None:
    """Whoever proved it themselves gets their data without anybody's decision: there is nothing to weigh."""
    today = timezone.localdate()
    columns = request.set_clock(request.clock.resumed(today), today)
    request.identity = identity
    move(request, S.ASSESSED, actor, [*columns, "subject", "identity"], why=identity)
    _begin_at_once(request)


def _begin_at_once(request: RightsRequest) -> None:
    if request.right in AT_ONCE and request.identity in PROVED and is_specified(request):
        move(request, S.APPROVED, SYSTEM)


def _proved_now(standing: RightsRequest, identity: Identity, contact: str, actor: Actor) -> RightsRequest:
    """Whoever proves who they are settles that of a request of theirs that waited for it."""
    request = _locked(standing.pk)
    if request.status in UNPROVED:
        _identify(request, identity, actor)
        _answer_at(request, contact)
    return request


def _answer_at(request: RightsRequest, contact: str) -> None:
    """The answer goes to where the person proved to be, never to an address that somebody else may have
    named: it tells who has their data.
    """
    RequestWords(request=request, contact=contact).save(update_fields=["contact"])


def _refuse(request: RightsRequest, why: Refusal, actor: Actor, *, reasons: str) -> None:
    move(request, S.REFUSED, actor, why=why, refusal=why)
    kind = LetterKind.NOTHING_HELD if why == Refusal.NOTHING_HELD else LetterKind.REFUSED
    send_letter(request=request, kind=kind, actor=actor, words=reasons)


def _locked(request_id: UUID) -> RightsRequest:
    return RightsRequest.objects.select_for_update().get(pk=request_id)


def _add(
    request: RightsRequest, text: str, changes: Sequence[Stored], files: Sequence[Upload], now: datetime
) -> None:
    """Nothing that somebody wrote is lost: a later text follows the earlier one, with its day; of two changes
    of one value the later one counts.
    """
    if (changes or files) and request.status not in BEFORE:
        raise IllegalTransition
    row = RequestWords.objects.get(pk=request.pk)
    if text.strip():
        added = f"{date_text(timezone.localdate(now))} {text.strip()}"
        row.text = f"{row.text}\n\n{added}" if row.text else added
    if changes:
        row.changes = list({key_of(one): one for one in [*(row.changes or []), *changes]}.values())
    row.save(update_fields=["text", "changes"])
    _keep(request, files)


def _keep(request: RightsRequest, files: Sequence[Upload]) -> None:
    for file in files:
        RequestFile(request=request, media_type=file.media_type, content=file.content).save(force_insert=True)


def _decide_changes(request: RightsRequest, left: Collection[int], reasons: str) -> None:
    """Which changes are made. Raises IllegalTransition where none would be: that is a refusal."""
    words = RequestWords.objects.get(pk=request.pk)
    changes = words.changes or []
    for place, one in enumerate(changes):
        one["accepted"] = place not in left
    if not any(map(accepted, changes)):
        raise IllegalTransition
    if not all(map(accepted, changes)):
        request.result = Result.PARTLY
        request.save(update_fields=["result"])
    words.changes = changes
    words.save(update_fields=["changes"])
    set_words_aside(request, reasons)
