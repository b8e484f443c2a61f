"""manage.py write_notices: write the next edition of each notice from its source and the data map."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from privacy.notices import NoticeTextError, write_editions


class Command(BaseCommand):
    help = "Write a new edition of each notice whose source, or the data map behind it, says something new."
    requires_system_checks = []  # among them is the one that asks for this command

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--in-place",
            action="store_true",
            help="Write over the newest edition: only as long as nobody has published it.",
        )

    def handle(self, *args: Any, in_place: bool, **options: Any) -> None:
        try:
            written = write_editions(in_place=in_place)
        except NoticeTextError as error:
            raise CommandError(str(error)) from error
        for path in written:
            self.stdout.write(f"Wrote {path}.")
        if not written:
            self.stdout.write("Every edition says what its source says.")
