"""System checks of the data map: `manage.py check` fails where the code does what the map does not say."""

from privacy.checks.categories import check_audit_outlives, check_categories
from privacy.checks.fields import check_encrypted, check_fields, check_narrowing
from privacy.checks.forms import check_other_forms
from privacy.checks.links import check_links
from privacy.checks.notices import check_notices
from privacy.checks.staff_pages import check_staff_pages
from privacy.checks.tag import TAG
from privacy.checks.templates import check_templates
from privacy.checks.uses import check_adapters, check_forms

__all__ = [
    "TAG",
    "check_adapters",
    "check_audit_outlives",
    "check_categories",
    "check_encrypted",
    "check_fields",
    "check_forms",
    "check_links",
    "check_narrowing",
    "check_notices",
    "check_other_forms",
    "check_staff_pages",
    "check_templates",
]
