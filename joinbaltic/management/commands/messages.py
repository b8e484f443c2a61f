"""manage.py messages update|check|compile: keep the translations in locale/ in step with the texts."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from joinbaltic import catalogues

ENGLISH = "en"  # the texts themselves: it needs no catalogue


class Command(BaseCommand):
    help = "Bring the catalogues up to date, check them, or compile them for Django to read."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=("update", "check", "compile"))
        parser.add_argument(
            "--root", type=Path, default=settings.BASE_DIR, help="The project's directory, if not this one."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        root: Path = options["root"]
        paths = {
            code: catalogues.catalogue_path(root, code) for code, _ in settings.LANGUAGES if code != ENGLISH
        }
        try:
            if options["action"] == "update":
                self._update(paths, catalogues.collect(root))
            elif options["action"] == "check":
                self._check(paths, catalogues.collect(root))
            else:
                self._compile(paths)
        except catalogues.CatalogueError as error:
            raise CommandError(str(error)) from error

    def _update(self, paths: dict[str, Path], messages: catalogues.Messages) -> None:
        for language, path in paths.items():
            text = catalogues.updated(path, language, messages)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            todo = catalogues.problems(path, messages, complete=True)
            self.stdout.write(f"{language}: {len(messages)} texts, {len(todo)} to look at")
            for problem in todo:
                self.stdout.write(f"  {problem}")

    def _check(self, paths: dict[str, Path], messages: catalogues.Messages) -> None:
        """The default language must be complete; another one must be usable as far as it goes."""
        found = [
            f"{language}: {problem}"
            for language, path in paths.items()
            for problem in catalogues.problems(path, messages, complete=language == settings.LANGUAGE_CODE)
        ]
        if found:
            raise CommandError("\n".join([*found, "Run `manage.py messages update` and translate."]))
        self.stdout.write(f"{len(messages)} texts, and nothing amiss.")

    def _compile(self, paths: dict[str, Path]) -> None:
        for path in paths.values():
            self.stdout.write(f"{catalogues.compile_catalogue(path)}")
