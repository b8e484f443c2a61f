"""What the privacy floor's templates show of a person, and for which purpose."""

from collections.abc import Mapping

from applications.data_uses import Use
from applications.personal import Category, Purpose

TEMPLATES: Mapping[str, Use | None] = {
    "privacy/admin/attention.html": None,
    "privacy/admin/explanation.html": Use(Purpose.DATA_SUBJECT_RIGHTS, Category.ACCOUNT),
    "privacy/admin/flow.html": None,
    "admin/privacy/lettertemplate/change_form.html": None,
    "privacy/admin/letter_template.html": None,
    "privacy/admin/record.html": None,
    "privacy/_package.html": Use(Purpose.DATA_SUBJECT_RIGHTS, *Category),
    "privacy/_parts.html": None,
    "privacy/difference.html": None,
    **dict.fromkeys(
        (
            f"privacy/facts/{name}.html"
            for name in ("categories", "purposes", "recipients", "retention", "rights")
        ),
        None,
    ),
    # A letter is codes and days in words; what the officer adds is about the person who asked.
    "privacy/_letter.html": None,
    "privacy/letter.html": Use(Purpose.DATA_SUBJECT_RIGHTS, Category.ACCOUNT, Category.COMMUNICATIONS),
    "privacy/letter_gone.html": None,
    "privacy/my_data.html": Use(Purpose.DATA_SUBJECT_RIGHTS, Category.ACCOUNT),
    "privacy/my_erasure.html": None,
    "privacy/my_package.html": Use(Purpose.DATA_SUBJECT_RIGHTS, *Category),
    "privacy/notice.html": None,
    "privacy/notices.html": None,
    "privacy/package.html": Use(Purpose.DATA_SUBJECT_RIGHTS, *Category),
    "privacy/recipients.html": None,
}
"""Template → what it shows of a person; None for one that shows nothing of anybody."""
