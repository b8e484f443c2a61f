"""That staff looked at the security signals: written down, and for each person whose application they saw."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from django.db import transaction

from applications.actors import Actor
from applications.services import audit
from applications.services.limits import DAY
from applications.services.locking import take_turns

PAGE_SEEN = "security_signals.seen"
# The person reads it under "who saw what" (selectors.who_saw).
PERSON_SEEN = "security_signal.seen"


def note_seen(*, rows: Mapping[str, int], people: Mapping[UUID, Collection[str]], actor: Actor) -> None:
    """Write down that the page was opened, with its numbers of rows by kind, and whose applications it named.

    A person is told once a day of the same member of staff, however often the page is opened.
    """
    numbers: dict[str, Any] = {"people": len(people), **rows}
    with transaction.atomic():
        take_turns(f"{PERSON_SEEN}:{actor.identifier}")
        audit.record(actor=actor, action=PAGE_SEEN, **numbers)
        known = audit.subjects_recorded_lately(
            action=PERSON_SEEN, actor=actor, subject_ids=list(people), within=DAY
        )
        for subject_id in people.keys() - known:
            audit.record(
                actor=actor, action=PERSON_SEEN, subject_id=subject_id, signals=sorted(people[subject_id])
            )
