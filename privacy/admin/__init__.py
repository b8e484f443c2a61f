"""The DPO's registers and pages in the Django admin."""

from privacy.admin import pages, request_dashboard
from privacy.admin.assessments import AssessmentAdmin
from privacy.admin.breaches import BreachAdmin
from privacy.admin.contacts import ContactAdmin
from privacy.admin.controllers import OtherControllerAdmin
from privacy.admin.disclosures import DisclosureRequestAdmin
from privacy.admin.letters import LetterTemplateAdmin
from privacy.admin.messages import MailboxMessageAdmin
from privacy.admin.requests import RightsRequestAdmin

__all__ = [
    "AssessmentAdmin", "BreachAdmin", "ContactAdmin", "DisclosureRequestAdmin", "LetterTemplateAdmin",
    "MailboxMessageAdmin", "OtherControllerAdmin", "RightsRequestAdmin", "pages", "request_dashboard",
]  # fmt: skip
