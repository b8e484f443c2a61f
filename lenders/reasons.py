"""Why a lender declined, in a sentence for the consumer: the lender's reason, from a closed vocabulary."""

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

DECLINE_SENTENCES = {
    "amount_or_term_not_available": _("It does not lend this amount for this term."),
    "income_insufficient": _("By its rules the income is not enough for this loan."),
    "income_not_verifiable": _("It could not verify the income."),
    "obligations_too_high": _("By its rules the other obligations are too high for this loan."),
    "credit_history": _("The reason it gives is the credit history."),
    "age": _("Its loans are for another age."),
    "residence": _("It does not lend at this place of residence."),
    "identity_not_verified": _("It could not verify the identity."),
    "existing_customer_limit": _("Its own customers have a limit that is reached."),
    "internal_policy": _("The reason it gives is its internal rules."),
    "other": _("It gave no reason that we know."),
}


def sentence_of(reason: str | None) -> str:
    """The sentence for a stored reason; empty where there is none."""
    if not reason:
        return ""
    return str(DECLINE_SENTENCES.get(reason) or gettext("It gave no reason that we know."))
