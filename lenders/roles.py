"""What each role of staff may do on the lenders floor."""

from applications.roles import Grants, Role

DELIVERIES = frozenset(
    {
        "view_submission", "view_delivery", "view_attempt", "view_offer", "view_lender", "view_queues",
        "view_answers", "retry_submission", "view_deletionnotice", "view_lenderword",
    }
)  # fmt: skip

GRANTS: Grants = {
    Role.SUPPORT: DELIVERIES,
    # Who talks with lenders pauses them, and records what they answer to a request to delete.
    Role.LENDER_MANAGER: DELIVERIES | {"pause_lender", "change_deletionnotice"},
    # Whoever tells a lender by hand reads what it is told: the new values, the person's words.
    Role.DPO: DELIVERIES - {"retry_submission"} | {"change_deletionnotice", "change_lenderword"},
}
