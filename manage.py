#!/usr/bin/env python
"""Django's command line. Without DATABASE_URL it joins what `make run` has started."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "joinbaltic.settings")
    from django.core.management import execute_from_command_line  # reads the settings' name on import

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
