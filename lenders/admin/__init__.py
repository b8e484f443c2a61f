"""The lenders floor in the Django admin."""

from lenders.admin import health, pages
from lenders.admin.deletions import DeletionNoticeAdmin
from lenders.admin.lenders import LenderAdmin
from lenders.admin.submissions import DeliveryAdmin, SubmissionAdmin
from lenders.admin.words import LenderWordAdmin

__all__ = [
    "DeletionNoticeAdmin",
    "DeliveryAdmin",
    "LenderAdmin",
    "LenderWordAdmin",
    "SubmissionAdmin",
    "health",
    "pages",
]
