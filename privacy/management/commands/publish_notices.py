"""manage.py publish_notices: make the texts in privacy/texts public. Run with each release."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from applications.actors import SYSTEM
from applications.errors import NoticeChanged
from privacy.notices import NoticeTextError, publish_texts, to_publish


class Command(BaseCommand):
    help = "Publish new versions of the privacy notice, the terms and the cookie notice."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="Publish nothing; fail when a text is new or was changed."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["check"]:
                self._check()
            else:
                self._publish()
        except NoticeTextError as error:
            raise CommandError(str(error)) from error
        except NoticeChanged as error:
            raise CommandError(str(error.sentence)) from error

    def _check(self) -> None:
        planned = to_publish()
        if planned:
            raise CommandError("\n".join(f"{one}: not published" for one in planned))
        self.stdout.write("Every text is published as it stands.")

    def _publish(self) -> None:
        published = publish_texts(actor=SYSTEM)
        for notice in published:
            self.stdout.write(f"Published {notice}.")
        if not published:
            self.stdout.write("Nothing new to publish.")
