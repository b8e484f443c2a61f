"""What the frame's templates and forms show and ask of a person: they stand in for mail in development."""

from collections.abc import Mapping

from applications.data_uses import Use
from applications.personal import Category, Purpose

TEMPLATES: Mapping[str, Use | None] = {
    "400.html": None,
    "403.html": None,
    "404.html": None,
    "500.html": None,
    "503.html": None,
    "development_codes.html": None,
    "development_mail.html": Use(Purpose.RUN_SERVICE, Category.COMMUNICATIONS),
    "development_privacy_mail.html": None,
    "standalone.html": None,
}
"""Template → what it shows of a person; None for one that shows nothing of anybody."""

FORMS: Mapping[str, Use] = {
    "joinbaltic.development_privacy_mail.MailForm": Use(
        Purpose.DATA_SUBJECT_RIGHTS, Category.IDENTIFICATION, Category.COMMUNICATIONS
    ),
}
"""Form → what is entered with it of a person."""
