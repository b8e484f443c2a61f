"""The DPO's registers and pages in the Django admin."""

from privacy.admin import pages
from privacy.admin.assessments import AssessmentAdmin
from privacy.admin.breaches import BreachAdmin
from privacy.admin.contacts import ContactAdmin
from privacy.admin.letters import LetterTemplateAdmin

__all__ = ["AssessmentAdmin", "BreachAdmin", "ContactAdmin", "LetterTemplateAdmin", "pages"]
