"""What the lenders floor's templates show of a person, and for which purpose."""

from collections.abc import Mapping

from applications.data_uses import FORM, Use
from applications.personal import Category, Purpose

TEMPLATES: Mapping[str, Use | None] = {
    "lenders/_chosen_note.html": Use(Purpose.DATA_SUBJECT_RIGHTS, Category.TRANSACTIONS),
    "lenders/_restated.html": Use(Purpose.DATA_SUBJECT_RIGHTS, Category.TRANSACTIONS),
    "lenders/_not_asked.html": Use(Purpose.DATA_SUBJECT_RIGHTS, Category.TRANSACTIONS),
    "lenders/_offer_figures.html": Use(Purpose.DATA_SUBJECT_RIGHTS, Category.TRANSACTIONS),
    "lenders/_offers_fragment.html": Use(Purpose.DATA_SUBJECT_RIGHTS, Category.TRANSACTIONS),
    "lenders/_schedule.html": Use(Purpose.DATA_SUBJECT_RIGHTS, Category.TRANSACTIONS),
    "lenders/account_panel.html": Use(Purpose.DATA_SUBJECT_RIGHTS, Category.TRANSACTIONS),
    "lenders/choose.html": Use(Purpose.DATA_SUBJECT_RIGHTS, Category.TRANSACTIONS, Category.LOAN),
    "lenders/more.html": Use(Purpose.PASS_TO_LENDERS, *FORM, Category.TRANSACTIONS),
    "lenders/more_kept.html": Use(Purpose.PASS_TO_LENDERS, *FORM),
    "lenders/_more_questions.html": Use(Purpose.PASS_TO_LENDERS, *FORM),
    "lenders/requests_panel.html": Use(Purpose.DATA_SUBJECT_RIGHTS, Category.TRANSACTIONS),
    "lenders/offers.html": Use(Purpose.DATA_SUBJECT_RIGHTS, Category.TRANSACTIONS),
    "admin/lenders/answers.html": None,
    "admin/lenders/health.html": None,
    "admin/lenders/pausing.html": None,
    "admin/lenders/queues.html": None,
    "admin/lenders/waiting.html": Use(Purpose.SERVE_CUSTOMERS, Category.TRANSACTIONS),
    "admin/lenders/submissions_panel.html": Use(Purpose.SERVE_CUSTOMERS, Category.TRANSACTIONS),
    "lenders/send.html": Use(Purpose.HANDLE_APPLICATIONS, *FORM),
}
"""Template → what it shows of a person; None for one that shows nothing of anybody."""
