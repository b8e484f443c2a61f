"""manage.py restore: put copies back into empty databases."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from joinbaltic.backups.errors import BackupRefused
from joinbaltic.backups.restoring import restore


class Command(BaseCommand):
    help = "Put a copy of the main database, of the keys, or of both back into empty databases."
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--from", dest="main", help="the folder of a copy of the main database")
        parser.add_argument(
            "--keys", help="the folder of a copy of the keys; left out, they stay as they are"
        )

    def handle(self, *args: Any, main: str | None, keys: str | None, **options: Any) -> None:
        try:
            done = restore(main=Path(main) if main else None, keys=Path(keys) if keys else None)
        except BackupRefused as refused:
            raise CommandError(str(refused)) from None
        for copy in done.copies:
            self.stdout.write(f"{copy.kind}: as of {copy.moment:%Y-%m-%d %H:%M:%S} UTC")
        for alias in done.to_migrate:
            self.stdout.write(
                f"This version of the product is newer: run manage.py migrate --database {alias}"
            )
        if done.without_keys:
            self.stdout.write(
                f"{done.without_keys} people have data and no key: the keys are older than the data. What is "
                "sealed for them cannot be read. Is there a newer copy of the keys?"
            )
        if done.unopenable:
            self.stdout.write(f"{done.unopenable} keys are of a master key that is not in MASTER_KEYS now.")
        self.stdout.write("Now run manage.py replay_erasures: the erased, and their keys, may be back.")
