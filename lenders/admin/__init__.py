"""The lenders floor in the Django admin."""

from lenders.admin import health, pages
from lenders.admin.deletions import DeletionNoticeAdmin
from lenders.admin.lenders import LenderAdmin
from lenders.admin.submissions import DeliveryAdmin, SubmissionAdmin

__all__ = ["DeletionNoticeAdmin", "DeliveryAdmin", "LenderAdmin", "SubmissionAdmin", "health", "pages"]
