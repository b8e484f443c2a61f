"""How requests of data subjects come in, and what is written to one that is open."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from applications.actors import Actor
from applications.crypto.keyring import key_of_a_new_owner
from applications.errors import IllegalTransition
from applications.form_fields import BY_LABEL, EMAIL_LABEL
from applications.formats import date_text
from applications.models import Application, DataSubject, RestrictionGround
from applications.personal import Purpose
from applications.references import make_reference
from applications.selectors.people import answers
from applications.services.accounts import may_take
from applications.services.locking import lock_subject
from applications.services.processing import restrict
from applications.uploads import Upload
from privacy.changes import Stored, as_stored, key_of, of_address
from privacy.models import (
    Identity,
    LetterKind,
    RequestFile,
    RequestWords,
    Result,
    Right,
    RightsRequest,
    Way,
)
from privacy.request_clock import RequestClock
from privacy.selectors.about import is_doubled
from privacy.services.identifying import PROVED, assess, begin_at_once
from privacy.services.letters import send_letter
from privacy.services.moves import locked, move, note
from privacy.states import ENDED, OPEN, RequestStatus

S = RequestStatus
UNPROVED = frozenset({S.RECEIVED, S.IDENTITY_CHECK})
"""While nobody has established who asks. One that runs is never waited for: it may wait for the person."""
BEFORE = frozenset({S.RECEIVED, S.IDENTITY_CHECK, S.ASSESSED})
"""While nothing is decided."""


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
    view: str = "",
    received_at: datetime | None = None,
) -> RightsRequest:
    """Enter a request; where the same person has an open one for the same right and `about` the same, that
    one, with what was written now added to it. Where it is left open what it is about, the officer says it.
    Of one that somebody else may have made in the person's name nothing is taken over but its clock: whoever
    proves who they are asks in their own words.

    With `identity` it is known who asks (`subject_id`), and it is assessed at once. The legal clock runs from
    `received_at`: for what came by letter that is the day it came. Raises SubjectErased, and
    IllegalTransition for changes or files that come when the open request is being carried out already.
    """
    now = timezone.now()
    received_at = received_at or now
    clock, standing = RequestClock(timezone.localdate(received_at)), None
    with transaction.atomic():
        if subject_id is not None:
            # the person's row first: two clicks at once wait here for each other
            lock_subject(subject_id)
            standing = RightsRequest.objects.filter(
                subject=subject_id, right=right, about=about, status__in=OPEN
            ).first()
            unproved = standing is not None and standing.status in UNPROVED
            if standing is not None and not (unproved and identity in PROVED):
                _add(standing, text, changes, files, now, view=view)
                note(standing, "asked_again", actor)
                if identity in PROVED:
                    _keep_up(standing, actor)
                return standing
            if standing is not None:
                received_at, clock = _replace(standing, actor)
        request = RightsRequest(
            reference=make_reference("R"), subject_id=subject_id, right=right, about=about, way=way,
            language=language, received_at=received_at, received_on=clock.received_on,
            extended_at=standing.extended_at if standing is not None else None,
        )  # fmt: skip
        request.set_clock(clock, timezone.localdate(now))
        with key_of_a_new_owner(request.pk):
            request.save(force_insert=True)
            RequestWords(
                request=request, contact=contact or None, text=text or None, view=view.strip() or None,
                changes=list(changes) or None,
            ).save(force_insert=True)  # fmt: skip
            _keep(request, files)
        note(request, "received", actor, why=way)
        if identity:
            assess(request, identity, actor)
        if way != Way.OWN_PAGES or identity != Identity.FRESH_CODE:
            send_letter(request=request, kind=LetterKind.RECEIVED, actor=actor)
    return request


def _keep_up(standing: RightsRequest, actor: Actor) -> None:
    """Its person asks once more for what is being carried out: an end of it that was announced meanwhile does
    not come.
    """
    if standing.right == Right.RESTRICTION and standing.status == S.RUNNING:
        ground = RestrictionGround(standing.about)
        restrict(subject_id=standing.person.pk, ground=ground, actor=actor)


def _replace(standing: RightsRequest, actor: Actor) -> tuple[datetime, RequestClock]:
    """End a request of which nobody knows who made it, for one that its person makes: when it came in, and
    its clock, which goes on.
    """
    held = locked(standing.pk)
    move(held, S.WITHDRAWN, actor, why=Result.ASKED_ANEW, result=Result.ASKED_ANEW)
    return held.received_at, standing.clock.resumed(timezone.localdate())


def add_words(*, request_id: UUID, text: str, written_at: datetime, actor: Actor) -> RightsRequest:
    """Put what somebody wrote later to the words of an open request. Raises IllegalTransition otherwise."""
    with transaction.atomic():
        request = locked(request_id)
        if request.status in ENDED:
            raise IllegalTransition
        _add(request, text, (), (), written_at)
        note(request, "written_to", actor)
    return request


def specify(*, request_id: UUID, about: str, actor: Actor, view: str = "") -> RightsRequest:
    """Say what a request is about that came in without (selectors.about says what it can be); where the
    person has proved who they are and nothing is to be weighed, it begins. `view` is what a lender is told of
    how the person sees its decision.

    Raises IllegalTransition once it is decided, and where another open request is about the same.
    """
    with transaction.atomic():
        request = locked(request_id)
        if request.status not in BEFORE or not about or is_doubled(request, about):
            raise IllegalTransition
        request.about = about
        request.save(update_fields=["about"])
        if view.strip():
            words = RequestWords.objects.get(pk=request.pk)
            words.view = view.strip()
            words.save(update_fields=["view"])
        note(request, "specified", actor)
        if request.status == S.ASSESSED:
            begin_at_once(request)
    return request


def add_correction(
    *, request_id: UUID, application_id: UUID | None, label: str, new: Any, actor: Actor
) -> RightsRequest:
    """Enter a value that the person wants corrected, beside what stands in the application now; without an
    application the e-mail address of the account.

    Raises IllegalTransition once it is decided, for an application that is not this person's, and where
    another open request is about the same: the correction belongs to that one. AddressTaken for an address
    that another account has.
    """
    with transaction.atomic():
        request = locked(request_id)
        if request.right != Right.RECTIFICATION or request.subject_id is None:
            raise IllegalTransition
        if label == EMAIL_LABEL:
            about, change = request.person.customer_reference, _of_address(request.person, new)
        elif application_id is not None:
            about, change = _of_application(request.person, application_id, label, new)
        else:
            raise IllegalTransition
        if not request.about:
            if is_doubled(request, about):
                raise IllegalTransition
            request.about = about
            request.save(update_fields=["about"])
        _add(request, "", [change], (), timezone.now())
        note(request, "specified", actor)
    return request


def _of_address(subject: DataSubject, new: str) -> Stored:
    may_take(subject_id=subject.pk, address=new)
    return of_address(old=subject.verified_email, new=new)


def _of_application(subject: DataSubject, application_id: UUID, label: str, new: Any) -> tuple[str, Stored]:
    """The application's number, and the change beside what stands in it."""
    application = Application.objects.filter(pk=application_id, subject=subject).first()
    if application is None:
        raise IllegalTransition
    stands = answers(application, purpose=Purpose.DATA_SUBJECT_RIGHTS)
    old = stands.get(BY_LABEL[label].name) if label in BY_LABEL else None
    return application.reference, as_stored(application_id=application.pk, label=label, old=old, new=new)


def _add(
    request: RightsRequest,
    text: str,
    changes: Sequence[Stored],
    files: Sequence[Upload],
    now: datetime,
    *,
    view: str = "",
) -> None:
    """Nothing that somebody wrote is lost: a later text follows the earlier one, with its day; of two changes
    of one value, and of two views for a lender, the later one counts. A view that comes after the lender was
    asked is put to the text.
    """
    if (changes or files) and request.status not in BEFORE:
        raise IllegalTransition
    row = RequestWords.objects.get(pk=request.pk)
    written, view = [text.strip()], view.strip()
    if view and view != row.view:
        is_told = request.status == S.RUNNING
        written.append((view if is_told else row.view) or "")
        row.view = row.view if is_told else view
    for one in filter(None, written):
        added = f"{date_text(timezone.localdate(now))} {one}"
        row.text = f"{row.text}\n\n{added}" if row.text else added
    if changes:
        row.changes = list({key_of(one): one for one in [*(row.changes or []), *changes]}.values())
    row.save(update_fields=["text", "view", "changes"])
    _keep(request, files)


def _keep(request: RightsRequest, files: Sequence[Upload]) -> None:
    for file in files:
        RequestFile(request=request, media_type=file.media_type, content=file.content).save(force_insert=True)
