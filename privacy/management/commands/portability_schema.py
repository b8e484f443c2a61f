"""Write the schema of the file that people take elsewhere (GDPR Art. 20), as it is published."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from privacy.portability.schema import schema


class Command(BaseCommand):
    help = "Write the JSON Schema of the file of data portability into a file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--output", type=Path, required=True, help="the file")

    def handle(self, *, output: Path, **_: Any) -> None:
        text = json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"
        output.write_text(text, encoding="utf-8")
        self.stdout.write(f"Wrote {output}.")
