"""What the lenders floor refuses."""

from django.utils.translation import gettext_lazy as _

from applications.errors import Refusal


class NotEligible(Refusal):
    code = "not_eligible"
    sentence = _("One of the ticked lenders cannot be asked any more. Look through the list again.")


class OfferNotOpen(Refusal):
    code = "offer_not_open"
    sentence = _("This offer can no longer be chosen. Look at the offers again.")


class LenderLapsed(Refusal):
    code = "lender_lapsed"
    sentence = _("We may not pass anything to this lender at the moment. Choose another offer, or come back.")


class MayNotReceiveNow(LenderLapsed):
    sentence = _("We may not pass anything to this lender at the moment. Come back later.")


class NothingAsked(Refusal):
    code = "nothing_asked"
    sentence = _("The lender does not wait for this any more, so nothing was passed on.")


class AsksForElse(Refusal):
    code = "asks_for_else"
    sentence = _("The lender asks for something else now, so nothing was passed on. Look at the page again.")


class NotAcknowledged(Refusal):
    code = "not_acknowledged"
    sentence = _("This answer does not follow from the one that stands: what was deleted is not kept again.")


class NotReviewable(Refusal):
    code = "not_reviewable"
    sentence = _("There is no decision of this lender that a review can be asked for now.")


class NotAnsweredSo(Refusal):
    code = "not_answered_so"
    sentence = _(
        "This does not follow from what stands: a lender is told once, only a review has an outcome, and an "
        "outcome comes with the lender's explanation."
    )


class NothingToRetry(Refusal):
    code = "nothing_to_retry"
    sentence = _(
        "Only what failed, was set aside or has not arrived can be sent again, and not while it may still be "
        "on its way: that takes a minute."
    )
