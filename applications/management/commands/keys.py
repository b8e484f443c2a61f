"""manage.py keys new | rotate | retire | status: the rotation of master keys and index keys (docs/keys.md).

Says names, days and counts, never a key but the fresh one, and nothing of anybody.
"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from applications import key_report
from applications.actors import SYSTEM, Actor
from applications.crypto.errors import RetireRefused, RingBehind
from applications.crypto.key_files import fresh_entry, fresh_epoch, fresh_number, take_out
from applications.crypto.key_text import EPOCH
from applications.models import StaffUser
from applications.selectors.keys import Held, epochs, held_in_epochs, index_keys
from applications.services import keys


class Command(BaseCommand):
    help = "Rotate the keys above everything that is encrypted: see docs/keys.md."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        new = verbs.add_parser("new", help="print an entry with a fresh key, for MASTER_KEYS")
        new.add_argument("--index", action="store_true", help="for INDEX_KEYS")
        verbs.add_parser("rotate", help="move everything to the current keys; safe to repeat")
        retire = verbs.add_parser("retire", help="end a key that nothing needs any more")
        retire.add_argument("epoch", nargs="?", help="the epoch of a master key")
        retire.add_argument("--index", type=int, metavar="NUMBER", help="an index key, by its number")
        retire.add_argument("--by", required=True, metavar="WORK_NAME", help="who does it, for the audit")
        retire.add_argument(
            "--remove", action="store_true", help="also take the entry out of the file that holds the ring"
        )
        status = verbs.add_parser("status", help="what there is, and what is due (exit code 1)")
        status.add_argument("--json", action="store_true")

    def handle(self, *args: Any, verb: str, **options: Any) -> None:
        try:
            getattr(self, f"_{verb}")(**options)
        except RingBehind:
            raise CommandError(key_report.BEHIND) from None

    # --- new ---

    def _new(self, *, index: bool, **_: Any) -> None:
        if not index:
            taken = {one.name for one in epochs()} | set(settings.MASTER_KEYS)
            self.stdout.write(fresh_entry(fresh_epoch(timezone.localdate(), taken)))
            return
        number = fresh_number({one.number for one in index_keys()})
        if number is None:
            raise CommandError("All 255 numbers were used.")
        self.stdout.write(fresh_entry(number))

    # --- rotate ---

    def _rotate(self, **_: Any) -> None:
        done = keys.rotate(actor=SYSTEM, told=self._tell)
        self.stdout.write(f"Data keys: {done.keys.done} wrapped anew, {done.keys.left} left in other epochs.")
        self.stdout.write(f"Digests: {done.digests.done} made anew, {done.digests.left} left of other keys.")
        if not done.is_complete:
            raise CommandError(" ".join(key_report.what_is_left(done)))

    def _tell(self, what: str, done: int) -> None:
        if done and done % 10_000 < 500:
            self.stderr.write(f"{what}: {done} ...")

    # --- retire ---

    def _retire(self, *, epoch: str | None, index: int | None, by: str, remove: bool, **_: Any) -> None:
        if (epoch is None) == (index is None):
            raise CommandError("Name an epoch, or an index key with --index.")
        user = StaffUser.objects.filter(username=by).first()
        if user is None:
            raise CommandError("There is no such account.")
        actor = Actor.staff(user.pk)
        try:
            if index is None:
                retired_at = keys.retire_epoch(epoch=_epoch_name(epoch), actor=actor)
            else:
                retired_at = keys.retire_index_key(number=index, actor=actor)
        except RetireRefused as error:
            raise CommandError(key_report.why_not(error)) from None
        variable, name = ("MASTER_KEYS", str(epoch)) if index is None else ("INDEX_KEYS", str(index))
        self.stdout.write(f"{name} is retired since {timezone.localtime(retired_at):%Y-%m-%d %H:%M}.")
        self._tell_to_remove(variable, name, removed=remove and self._remove(variable, name))
        self.stdout.write(key_report.AFTER_A_MASTER_KEY if index is None else key_report.AFTER_AN_INDEX_KEY)

    def _remove(self, variable: str, name: str) -> bool:
        path = settings.KEY_FILES[variable]
        if not path:
            raise CommandError(f"{variable} comes from no file here: take the entry out by hand.")
        try:
            return take_out(Path(path), name)
        except OSError as error:
            reason = f"The file of {variable} cannot be written here ({error.strerror})"
            raise CommandError(f"{reason}: take the entry out by hand.") from None

    def _tell_to_remove(self, variable: str, name: str, *, removed: bool) -> None:
        if removed:
            self.stdout.write(f"Its entry is taken out of the file of {variable}. Now restart every process.")
            return
        self.stdout.write(f"Now take the entry `{name}:…` out of {variable} and restart every process.")

    # --- status ---

    def _status(self, *, json: bool, **_: Any) -> None:
        held = held_in_epochs()
        rows = [(one, held.get(one.name, Held())) for one in epochs()]
        numbers = index_keys()
        problems = [*key_report.problems(rows), *key_report.index_problems(numbers)]
        self.stdout.write((key_report.as_json if json else key_report.as_table)(rows, numbers, problems))
        if problems:
            raise CommandError("\n".join(problems))


def _epoch_name(text: str | None) -> str:
    if text is None or not EPOCH.fullmatch(text):
        raise CommandError("That is no name of an epoch.")
    return text
