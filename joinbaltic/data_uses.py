"""What the frame's templates show of a person: the pages that stand in for a mailbox in development."""

from collections.abc import Mapping

from applications.data_uses import Use
from applications.personal import Category, Purpose

TEMPLATES: Mapping[str, Use | None] = {
    "400.html": None,
    "403.html": None,
    "404.html": None,
    "500.html": None,
    "development_codes.html": None,
    "development_mail.html": Use(Purpose.RUN_SERVICE, Category.COMMUNICATIONS),
}
"""Template → what it shows of a person; None for one that shows nothing of anybody."""
