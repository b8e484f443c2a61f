"""manage.py verify_audit: whether the audit stands as it was sealed."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from applications.services.sealing import Head, current_head, problems, published_heads


class Command(BaseCommand):
    help = "Check every entry of the audit against its chain, and the chain against the published heads."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--head", action="append", default=[], help="one more head to hold it against, from a log line"
        )

    def handle(self, *args: Any, head: list[str], **options: Any) -> None:
        try:
            heads = [*published_heads(), *map(Head.parse, head)]
        except ValueError:
            raise CommandError("A head reads <number>:<64 hexadecimal digits>.") from None
        found = list(problems(heads))
        if found:
            raise CommandError("\n".join(found))
        end = current_head()
        self.stdout.write(
            f"The audit is whole: {end.sequence if end else 0} entries, held against {len(heads)} heads."
        )
