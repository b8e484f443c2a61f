"""What each role of staff may do on the lenders floor."""

from applications.roles import Grants, Role

DELIVERIES = frozenset(
    {
        "view_submission", "view_delivery", "view_attempt", "view_offer", "view_lender", "view_queues",
        "view_answers", "retry_submission",
    }
)  # fmt: skip

GRANTS: Grants = {
    Role.SUPPORT: DELIVERIES,
    Role.LENDER_MANAGER: DELIVERIES | {"pause_lender"},
    Role.DPO: DELIVERIES - {"retry_submission"},
}
