"""Carrying requests out: step by step, each in one transaction, from wherever the last try stood.

The row says which step comes next. A try holds the row, does the step and writes the next one; whatever ends
it before the commit leaves the row as it was, and the next sweep does the step again. What a step does
outside that transaction (keys) can be done twice. Why a try failed stands in the row, for the officer.
"""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from applications.actors import SYSTEM, Actor
from applications.crypto.keyring import data_key_scope
from applications.personal import Purpose
from applications.row_security import opened
from privacy.models import Right, RightsRequest
from privacy.rights.base import Wait
from privacy.rights.registry import module_of
from privacy.services.moves import move, note
from privacy.states import RequestStatus

log = structlog.get_logger(__name__)

S = RequestStatus
LONGEST_PAUSE = timedelta(hours=1)
MOST_STEPS = 50  # in one go; a request that turns in circles must not hold up the others


def run_due() -> None:
    """Carry on with every request that is due. One that fails does not hold up the others."""
    now = timezone.now()
    due = RightsRequest.objects.filter(
        Q(next_try_at__isnull=True) | Q(next_try_at__lte=now), status__in=[S.APPROVED, S.RUNNING]
    )
    for request_id in due.order_by("due_on", "pk").values_list("pk", flat=True):
        run(request_id)


def run(request_id: UUID) -> None:
    """Carry one request on as far as it goes now."""
    for _step in range(MOST_STEPS):
        try:
            with data_key_scope():
                went_on = run_step(request_id)
        except Exception as error:
            note_failure(request_id, error)
            return
        if not went_on:
            return


def run_step(request_id: UUID) -> bool:
    """Do the next step, whole or not at all; False when nothing more can be done now.

    Raises whatever the step raised, having changed nothing.
    """
    with transaction.atomic():
        # held by another worker: that one goes on with it. Without the key: who holds the person's row, or a
        # recipient's, may write an event of this request meanwhile, and the step may wait for that row
        found = RightsRequest.objects.select_for_update(skip_locked=True, no_key=True, of=("self",)).filter(
            pk=request_id, status__in=[S.APPROVED, S.RUNNING]
        )
        request = found.select_related("subject").first()
        if request is None:
            return False
        steps = module_of(request.right).STEPS
        if request.status == S.APPROVED:
            request.step = steps[0]
            move(request, S.RUNNING, SYSTEM, ["step"])
            return True
        if request.right != Right.ERASURE and request.subject is not None and request.subject.erased_at:
            move(request, S.COMPLETED, SYSTEM, why="erased")  # nothing is left that it could be done to
            return False
        with opened(Purpose.DATA_SUBJECT_RIGHTS, person=request.subject_id):
            outcome = module_of(request.right).execute(request)
        if isinstance(outcome, Wait):
            _wait(request, outcome)
            return False
        done, request.step = request.step, outcome.then or _after(request.step, steps)
        request.trouble, request.tries, request.next_try_at = "", 0, None
        columns = ["step", "trouble", "tries", "next_try_at"]
        if request.step:
            request.save(update_fields=columns)
            note(request, "step_done", SYSTEM, why=done)
            return True
        move(request, S.COMPLETED, SYSTEM, columns)
        return False


def _after(step: str, steps: Sequence[str]) -> str:
    """The step after this one; empty after the last."""
    return next(iter(steps[steps.index(step) + 1 :]), "")


def _wait(request: RightsRequest, wait: Wait) -> None:
    if request.trouble != wait.why:
        note(request, "waits", SYSTEM, why=wait.why)
    request.trouble, request.tries = wait.why, 0
    request.step = wait.back_to or request.step
    request.next_try_at = timezone.now() + wait.again_after
    request.save(update_fields=["step", "trouble", "tries", "next_try_at"])


def note_failure(request_id: UUID, error: Exception) -> None:
    """Write down why a step failed, by its code, and when it is tried again: soon, then ever more rarely."""
    code = str(getattr(error, "code", "") or type(error).__name__)[:40]
    log.exception("request.step_failed", row=str(request_id), code=code)
    with transaction.atomic():
        request = RightsRequest.objects.select_for_update().get(pk=request_id)
        if request.status not in (S.APPROVED, S.RUNNING):
            return
        if request.trouble != code:
            note(request, "step_failed", SYSTEM, why=code)
        request.tries += 1
        longest = min(LONGEST_PAUSE.total_seconds(), 5 * 2 ** min(request.tries, 12))
        pause = timedelta(seconds=secrets.randbelow(int(longest)) + 1)
        request.trouble, request.next_try_at = code, timezone.now() + pause
        request.save(update_fields=["trouble", "tries", "next_try_at"])


def try_now(*, request_id: UUID, actor: Actor) -> None:
    """The officer has seen to what stood in the way: the next sweep tries at once."""
    with transaction.atomic():
        request = RightsRequest.objects.select_for_update().get(pk=request_id)
        if request.status in (S.APPROVED, S.RUNNING):
            request.next_try_at = None
            request.save(update_fields=["next_try_at"])
            note(request, "tried_again", actor)
