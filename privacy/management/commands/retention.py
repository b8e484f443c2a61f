"""manage.py retention: what the run takes, or the run itself."""

from argparse import ArgumentParser
from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone, translation

from applications.endings import forecast
from applications.selectors.periods import edition_of
from applications.selectors.set_back import obstacle
from applications.services.retention import run


class Command(BaseCommand):
    help = "Delete what was kept for its time; with --dry-run say what tomorrow's run takes and why."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="change nothing, print what would go")
        parser.add_argument("--at", type=date.fromisoformat, help="the day (YYYY-MM-DD) that it is about")

    def handle(self, *args: Any, dry_run: bool, at: date | None, **options: Any) -> None:
        if at is not None and not dry_run:
            raise CommandError("--at goes with --dry-run: what goes, goes today.")
        with translation.override("en"):
            if dry_run:
                self._forecast(at or timezone.localdate() + timedelta(days=1))
            else:
                self._run()

    def _forecast(self, day: date) -> None:
        held = edition_of(day)
        confirmed = "a proposal: nobody has confirmed it yet" if held.is_proposal else "confirmed"
        self.stdout.write(f"On {day.isoformat()}, by edition {held.edition} of the periods ({confirmed}):")
        for one in forecast(day):
            stopped = f"; {one.stopped} more are held, restricted or in an open matter" if one.stopped else ""
            rule = held.rules[one.ending.rule]
            self.stdout.write(
                f"{one.due:>8}  {one.ending.label}: {rule.text}, because {rule.ground.label}{stopped}"
            )

    def _run(self) -> None:
        """Not in a database that lacks restrictions and holds: what they keep would go."""
        found = obstacle()
        if found is not None:
            raise CommandError(found.sentence)
        receipt = run()
        for name, kinds in receipt.counts.items():
            listed = ", ".join(f"{kind} {number}" for kind, number in sorted(kinds.items()))
            self.stdout.write(f"{name}: {listed}")
        self.stdout.write(f"Done: {sum(sum(kinds.values()) for kinds in receipt.counts.values())} rows.")
