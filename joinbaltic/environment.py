"""Where a process finds its environment when nobody exported one."""

import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent


def load_development_environment() -> None:
    """Fill unset variables from var/development.env, which `make run` writes.

    Does nothing when DATABASE_URL is given (production, tests) or no such file exists; the settings then
    say themselves what is missing.
    """
    path = Path(os.environ.get("VAR_DIR", BASE_DIR / "var")) / "development.env"
    if not os.environ.keys().isdisjoint({"DATABASE_URL", "DATABASE_URL_FILE"}) or not path.is_file():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        name, separator, value = line.partition("=")
        if separator and not name.startswith("#"):
            os.environ.setdefault(name.strip(), value.strip())
