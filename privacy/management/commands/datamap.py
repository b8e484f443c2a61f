"""manage.py datamap: print the data map, or explain what is held about one person."""

import json
from argparse import ArgumentParser
from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import translation

from applications.actors import SYSTEM
from privacy.datamap import as_data
from privacy.selectors.registers import subject_known_as
from privacy.services.registers import explain_person


class Command(BaseCommand):
    help = "Print the data map, or explain which rows are held about a person and on which grounds."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--format", choices=["md", "json"], default="md")
        parser.add_argument("--language", default="en", help="language of the texts")
        parser.add_argument(
            "--explain",
            metavar="REFERENCE",
            help="a customer reference, an account number or an application number",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with translation.override(options["language"]):
            if options["explain"]:
                self.stdout.write("\n".join(_explained(options["explain"])))
            elif options["format"] == "json":
                self.stdout.write(json.dumps(as_data(), ensure_ascii=False, indent=2))
            else:
                self.stdout.write("\n".join(_as_markdown(as_data())))


def _as_markdown(data: dict[str, Any]) -> Iterable[str]:
    yield "# Data map"
    for category in data["categories"]:
        yield f"\n## {category['name']}\n\n{category['holds']}\n"
        yield "| field | label | source | purposes and legal bases | recipients | kept |"
        yield "|---|---|---|---|---|---|"
        for field in category["fields"]:
            uses = ", ".join(f"{purpose} ({basis})" for purpose, basis in field["uses"].items())
            sources = ", ".join(field["sources"])
            recipients = ", ".join(field["recipients"]) or "none"
            cells = (field["field"], field["label"], sources, uses, recipients, field["kept"])
            yield f"| {' | '.join(cells)} |"
    yield "\n## Declared not personal\n\n| field | why |\n|---|---|"
    for field in data["not_personal"]:
        yield f"| {field['field']} | {field['why']} |"


def _explained(reference: str) -> Iterable[str]:
    subject = subject_known_as(reference)
    if subject is None:
        raise CommandError("Nobody is known by this number.")
    yield f"# What is held about {subject}"
    for held in explain_person(subject=subject, actor=SYSTEM):
        yield f"\n## {held.name}: {held.count}"
        yield "categories: " + ", ".join(str(category.label) for category in held.categories)
        yield "grounds:"
        for basis, purposes in held.by_basis.items():
            yield f"- {basis.label}: " + "; ".join(str(purpose.label) for purpose in purposes)
        yield "kept:"
        yield from (f"- {rule}" for rule in held.rules)
