"""What `manage.py keys` says: names, days and counts, never a key, nothing of anybody."""

import json
from dataclasses import asdict
from datetime import date, datetime

from django.utils import timezone

from applications.crypto.errors import RetireRefused
from applications.selectors.keys import Epoch, Held, IndexKey
from applications.services.keys import Rotated

Rows = list[tuple[Epoch, Held]]

BEHIND = (
    "The key ring of this process is not that of others: they went on to a key that is not the last one "
    "here, or have another key under its name (`keys status` says so). Run this where the ring is the one "
    "that all processes have."
)
REFUSED = {
    "unknown": "Nothing is on record of it: it was never the current one. It can be taken out as it is.",
    "current": "It is the current one. Add another key behind it, restart, and rotate first.",
    "older": "The older {name} can still be opened. Retire that one first.",
    "in_use": "{count} still need it. Run `manage.py keys rotate`, and read what it says.",
    "young": (
        "{count} digests of networks and messages were made with it in the last days, and are still looked "
        "for. They cannot be made anew: wait until they are older, a week at most."
    ),
}
DUE = {
    "replace": "{name}: it is to be replaced by {replace_by} and destroyed by {destroy_by}.",
    "destroy": "{name}: it is to be retired and destroyed by {destroy_by}.",
    "late": "{name}: it was to be destroyed by {destroy_by}. What was promised with erasures is not kept.",
}
AFTER_A_MASTER_KEY = (
    "Then destroy every other copy of this master key. From then on nobody can open older copies of the "
    "database `keys`, so have a newer copy first; and what was erased while it was in use is final."
)
AFTER_AN_INDEX_KEY = (
    "Then destroy every other copy of this index key. From then on nobody can confirm digests that lie "
    "in dead rows, logs and older copies of the database; in such a copy nobody is found by a look-up until "
    "`manage.py keys rotate` has run there."
)


EPOCHS = "{:<24} {:<9} {:<11} {:>9} {:>10} {:<11} {:<11}"
NUMBERS = "{:<24} {:<9} {:<11} {:>9}"


def why_not(error: RetireRefused) -> str:
    """Why a key cannot be retired, and what to do first."""
    return REFUSED[error.code].format(name=error.name, count=error.count)


def as_table(rows: Rows, numbers: list[IndexKey], problems: list[str]) -> str:
    """Both rings for people."""
    lines = [EPOCHS.format("epoch", "state", "since", "live", "destroyed", "replace by", "destroy by")]
    for one, held in rows:
        replace_by = one.replace_by if one.is_current else None
        days = (_day(replace_by), _day(one.destroy_by))
        lines.append(EPOCHS.format(one.name, _state(one), _day(one.since), held.live, held.destroyed, *days))
    opened = sum(held.destroyed for one, held in rows if one.opens)
    lines += ["", f"Keys that were destroyed, and old copies of which can still be opened: {opened}"]
    lines += ["", NUMBERS.format("index key", "state", "since", "digests")]
    for each in numbers:
        lines.append(NUMBERS.format(each.number, _index_state(each), _day(each.since), each.digests))
    return "\n".join([*(line.rstrip() for line in lines), *([] if problems else ["", "All in order."])])


def what_is_left(done: Rotated) -> list[str]:
    """Why a rotation is not complete."""
    digests, unopened = done.digests, done.keys.unopened
    said = {
        "{} data keys belong to an epoch that is not in MASTER_KEYS here.": unopened["unknown_epoch"],
        "{} data keys do not open.": unopened.total() - unopened["unknown_epoch"],
        "{} digests belong to rows whose key is gone.": digests.gone,
        "{} digests belong to rows that do not open.": digests.unreadable,
        "{} digests are those of another row: two accounts have one address.": digests.twice,
    }
    found = [sentence.format(count) for sentence, count in said.items() if count]
    return found or ["Others were changing what is left. Run it again."]


def problems(rows: Rows) -> list[str]:
    """What is due about master keys."""
    found = []
    current = [one.name for one, _held in rows if one.is_current]
    newest = [one.name for one, _held in rows if one.since and not one.retired_at]
    if newest and newest[-1] not in current and all(one.since for one, _held in rows if one.is_current):
        found.append(BEHIND)
    for one, held in rows:
        if one.due:
            found.append(DUE[one.due].format(**asdict(one)))
        if held.live and not one.opens:
            found.append(f"{one.name}: {held.live} live data keys cannot be opened.")
        elif not held.fits:
            found.append(
                f"{one.name}: the key in MASTER_KEYS is another one: what is wrapped here does not open."
            )
        elif held.live and not one.is_current:
            found.append(f"{one.name}: {held.live} live data keys are to be wrapped anew (keys rotate).")
        if one.retired_at and one.opens:
            found.append(f"{one.name}: it is retired, and its entry is still in MASTER_KEYS.")
    return found


def index_problems(numbers: list[IndexKey]) -> list[str]:
    """What is due about index keys."""
    found = []
    for one in numbers:
        if not one.fits:
            found.append(
                f"index key {one.number}: the key in INDEX_KEYS is another one: nobody is found by it."
            )
        if one.digests and not one.is_current:
            found.append(f"index key {one.number}: {one.digests} digests are to be made anew (keys rotate).")
        if one.retired_at and one.is_listed:
            found.append(f"index key {one.number}: it is retired, and its entry is still in INDEX_KEYS.")
    return found


def _state(one: Epoch) -> str:
    if one.is_current:
        return "current"
    if one.retired_at:
        return "retired"
    if one.since is None:
        return "next"
    return "old" if one.opens else "missing"


def _index_state(one: IndexKey) -> str:
    if one.is_current:
        return "current"
    if one.retired_at:
        return "retired"
    return "listed" if one.is_listed else "missing"


def _day(when: date | None) -> str:
    day = timezone.localdate(when) if isinstance(when, datetime) else when
    return str(day or "")


def as_json(rows: Rows, numbers: list[IndexKey], problems: list[str]) -> str:
    """Both rings for programs."""
    said = {
        "epochs": [asdict(one) | {"state": _state(one)} | asdict(held) for one, held in rows],
        "index_keys": [asdict(one) | {"state": _index_state(one)} for one in numbers],
        "problems": problems,
    }
    return json.dumps(said, default=str, indent=2)
