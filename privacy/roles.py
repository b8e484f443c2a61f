"""What each role of staff may do on the privacy floor."""

from applications.roles import Grants, Role

GRANTS: Grants = {
    Role.DPO: frozenset(
        {
            "view_assessment", "add_assessment", "change_assessment", "view_breach", "add_breach",
            "change_breach", "view_attention", "view_record", "view_flow", "explain_person",
            "publish_notices", "view_lettertemplate", "add_lettertemplate", "view_rightsrequest",
            "view_mailboxmessage", "add_rightsrequest", "work_requests", "view_requests_dashboard",
            "view_othercontroller", "add_othercontroller", "change_othercontroller",
            "view_disclosurerequest", "add_disclosurerequest", "work_disclosurerequest",
            "approve_disclosurerequest",
        }
    ),
    Role.AUDITOR: frozenset({"view_record", "view_flow"}),
}  # fmt: skip
