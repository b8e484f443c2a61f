"""manage.py record_of_processing: write the record of processing (GDPR Art. 30(1)) out."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone, translation

from privacy.record import record_of_processing
from privacy.record_formats import as_csv, as_json, as_markdown

FORMATS = {"md": as_markdown, "json": as_json, "csv": as_csv}


class Command(BaseCommand):
    help = "Write the record of processing: purposes, data, recipients, time limits, security measures."
    requires_system_checks: list[str] = []  # `make docs` needs no servers and no catalogues

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--format", choices=sorted(FORMATS), default="md")
        parser.add_argument("--language", default="en", help="language of the texts")
        parser.add_argument(
            "--without-register",
            action="store_true",
            help="leave out what the DPO enters: only what the code itself says, without a database",
        )
        parser.add_argument("--output", type=Path, help="a file to write instead of printing")

    def handle(self, *args: Any, output: Path | None, **options: Any) -> None:
        with translation.override(options["language"]):
            sections = record_of_processing(
                with_register=not options["without_register"], today=timezone.localdate()
            )
            text = FORMATS[options["format"]](sections)
        if output is None:
            self.stdout.write(text, ending="")
        else:
            output.write_text(text, encoding="utf-8", newline="")
