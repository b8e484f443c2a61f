"""The DPO's registers and pages in the Django admin."""

from privacy.admin import holds, pages, request_dashboard, retention
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
    "MailboxMessageAdmin", "OtherControllerAdmin", "RightsRequestAdmin", "holds", "pages",
    "request_dashboard", "retention",
]  # fmt: skip
