"""manage.py backup: a copy of the main database, or (--keys) of the database of keys."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from applications.services.ledger import LedgerUnwritable
from joinbaltic.backups.errors import BackupRefused
from joinbaltic.backups.making import make
from joinbaltic.backups.manifest import Kind


class Command(BaseCommand):
    help = "Copy the main database, or with --keys the keys, into a new folder; copies that are too old go."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--keys", action="store_true", help="copy the database of keys instead")
        parser.add_argument("--to", help="the folder of copies, instead of BACKUP_DIR or KEYS_BACKUP_DIR")

    def handle(self, *args: Any, keys: bool, to: str | None, **options: Any) -> None:
        main_folder, keys_folder = settings.BACKUP_DIR, settings.KEYS_BACKUP_DIR
        kind, own, other, days = Kind.MAIN, main_folder, keys_folder, settings.BACKUP_DAYS
        if keys:
            kind, own, other, days = Kind.KEYS, keys_folder, main_folder, settings.KEYS_ARCHIVE_DAYS
        if not (to or own):
            raise CommandError(
                "Say where: --to FOLDER, or KEYS_BACKUP_DIR."
                if keys
                else "Say where: --to FOLDER, or BACKUP_DIR."
            )
        try:
            made = make(kind, Path(to or own), elsewhere=Path(other) if other else None, days=days)
        except BackupRefused as refused:
            raise CommandError(str(refused)) from None
        except LedgerUnwritable as error:
            raise CommandError(
                f"The copy was made, but the erasure ledger does not take entries now ({error}): see to it, "
                "until then no erasure goes on."
            ) from None
        self.stdout.write(str(made))
