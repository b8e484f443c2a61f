"""What staff may do: six roles, each with the least its work needs. Rights come through a role alone.

Each floor declares in its own `roles.GRANTS` what a role may do there, as permission codes of that app; after
a migration the groups of these names hold exactly that (receivers.grant_roles). A role counts while its
condition holds: training on record where it reads personal data, a mandate for an external partner
(selectors.staff.roles_in_force). Nobody stands above the roles: accounts have no rights of their own.
"""

from collections.abc import Mapping

from django.db import models
from django.utils.translation import gettext_lazy as _

from applications.personal import Purpose


class Role(models.TextChoices):
    """A role is a group of this name."""

    SUPPORT = "support", _("Customer support")
    LENDER_MANAGER = "lender_manager", _("Lender manager")
    DPO = "dpo", _("Data protection officer")
    AUDITOR = "auditor", _("Auditor of the audit trail")
    ADMINISTRATOR = "administrator", _("Administrator of accounts")
    EXTERNAL = "external", _("External partner with a mandate")


Grants = Mapping[Role, frozenset[str]]

READS_PERSONAL_DATA = frozenset({Role.SUPPORT, Role.LENDER_MANAGER, Role.DPO, Role.EXTERNAL})
"""Roles that count only with training in data protection that has not expired."""

GRANTS: Grants = {
    Role.SUPPORT: frozenset({"view_application", "reveal_application", "find_person"}),
    Role.LENDER_MANAGER: frozenset({"view_recipient"}),
    Role.DPO: frozenset(
        {
            "view_application", "reveal_application", "find_person", "view_auditentry", "identify_in_audit",
            "view_disclosure", "view_noticeversion", "view_consent", "view_restriction", "view_objection",
            "view_statisticsmonth", "view_contact", "change_contact", "view_recipient", "add_recipient",
            "change_recipient", "view_training", "add_training", "view_mandate", "add_mandate",
            "change_mandate", "view_security_signals", "view_retentionrun", "propose_retentionedition",
            "approve_retentionedition", "view_legalhold", "add_legalhold", "change_legalhold",
        }
    ),
    Role.AUDITOR: frozenset({"view_auditentry", "view_noticeversion", "view_retentionrun"}),
    Role.ADMINISTRATOR: frozenset(
        {"view_staffuser", "add_staffuser", "change_staffuser", "reset_second_factor"}
    ),
    Role.EXTERNAL: frozenset({"view_application", "reveal_application"}),
}  # fmt: skip

REASONS: Mapping[Role, tuple[Purpose, ...]] = {
    Role.SUPPORT: (Purpose.SERVE_CUSTOMERS, Purpose.HANDLE_COMPLAINTS),
    Role.DPO: (
        Purpose.DATA_SUBJECT_RIGHTS, Purpose.HANDLE_COMPLAINTS, Purpose.LEGAL_CLAIMS,
        Purpose.INFORM_AUTHORITIES, Purpose.INFORMATION_SECURITY,
    ),
    Role.EXTERNAL: (Purpose.LEGAL_CLAIMS,),
}  # fmt: skip
"""For which purposes a role may have a person shown unmasked."""
