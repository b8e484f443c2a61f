"""manage.py replay_erasures: tell a restored database what the erasure ledger says."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from applications.ledger_file import LedgerBroken
from applications.selectors.set_back import Obstacle, obstacle
from applications.services import ledger
from applications.services.housekeeping import forget_keys_without_owner
from applications.services.ledger import LedgerUnwritable, begin_file
from privacy.errors import AnotherLedger, NewerLedger, YoungerLedger
from privacy.services import replaying
from privacy.services.replaying import Receipt, preview, replay


class Command(BaseCommand):
    help = "Carry out in this database what the erasure ledger says and it lacks; then it serves again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say what would be done")
        parser.add_argument(
            "--new-ledger",
            action="store_true",
            help="the ledger's file is lost, and this database was not restored: write it anew",
        )
        parser.add_argument(
            "--forget-lost-keys",
            action="store_true",
            help="also remove the keys of people who came after the copy was made, and are not in it",
        )

        parser.add_argument(
            "--erase-lost-people",
            action="store_true",
            help="also erase people who came after the copy of the keys was made: nobody can read their data",
        )

    def handle(
        self, *args: Any, dry_run: bool, new_ledger: bool, forget_lost_keys: bool,
        erase_lost_people: bool, **options: Any,
    ) -> None:  # fmt: skip
        try:
            if new_ledger:
                self.stdout.write(f"{begin_file()} entries written to {ledger.path()}")
                return
            if obstacle() is Obstacle.LEDGER_MISSING:
                raise CommandError(
                    f"{ledger.path()} is not there, or is empty. Put the erasure ledger there: without it "
                    "nobody knows what this database lacks. Only where it was not restored: --new-ledger."
                )
            receipt = preview() if dry_run else replay()
        except FileExistsError:
            raise CommandError(f"{ledger.path()} holds a ledger.") from None
        except (LedgerBroken, OSError) as error:
            raise CommandError(str(error)) from None
        except (AnotherLedger, NewerLedger, YoungerLedger) as refused:
            raise CommandError(str(refused.sentence)) from None
        self._say(receipt, dry_run=dry_run)
        if forget_lost_keys and not dry_run:
            self.stdout.write(f"keys without an owner, removed: {forget_keys_without_owner()}")
        if erase_lost_people and not dry_run:
            self.stdout.write(f"people without a key, erased: {replaying.erase_lost_people()}")
        if not dry_run:
            self._write_down()

    def _say(self, receipt: Receipt, *, dry_run: bool) -> None:
        for name, number in sorted(receipt.counts().items()):
            self.stdout.write(f"{name.replace('_', ' ')}: {number}")
        if not receipt.counts():
            self.stdout.write("Nothing is missing.")
        elif not dry_run:
            self.stdout.write("Done: the product serves again within seconds.")

    def _write_down(self) -> None:
        try:
            ledger.write()
        except LedgerUnwritable as error:
            raise CommandError(f"The erasure ledger does not take entries now ({error}).") from None
