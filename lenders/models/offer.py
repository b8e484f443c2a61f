"""What a lender offered."""

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from applications.crypto.fields import EncryptedDecimal, EncryptedInteger, EncryptedJSON, EncryptedText
from applications.models import OwnedBySubject
from applications.personal import Category, Mask, Personal, Source, personal
from lenders.models.submission import Submission
from lenders.models.told import from_lender
from lenders.states import OfferStatus, Restating


def _number(called: Promise, name: str) -> EncryptedInteger:
    mark = Personal(Category.TRANSACTIONS, Source.LENDER)
    return EncryptedInteger(called, label=f"offer.{name}", personal=mark)


def _rate(called: Promise, name: str) -> EncryptedDecimal:
    mark = Personal(Category.TRANSACTIONS, Source.LENDER)
    return EncryptedDecimal(called, label=f"offer.{name}", personal=mark, max_digits=9, decimal_places=4)


class Offer(OwnedBySubject):
    """One offer of credit. Money in euro cents, rates in percent a year.

    `apr` is our own, computed from the schedule by Annex III; `stated_apr` is what the lender wrote.
    """

    submission = models.ForeignKey(
        Submission, on_delete=models.CASCADE, related_name="offers", verbose_name=_("submission")
    )
    # The lender's name for the offer, hashed: unique within a submission without keeping it in the clear.
    reference_digest = personal(
        models.BinaryField(_("number of the offer, as a digest"), max_length=32),
        Category.TRANSACTIONS,
        Source.LENDER,
        mask=Mask.HIDDEN,
    )
    reference = EncryptedText(
        _("the lender's number of the offer"),
        label="offer.reference",
        personal=Personal(Category.TRANSACTIONS, Source.LENDER),
    )
    status = from_lender(
        models.CharField(_("state"), max_length=12, choices=OfferStatus.choices, default=OfferStatus.OPEN)
    )
    amount_cents = _number(_("amount of the credit"), "amount_cents")
    term_months = _number(_("term, in months"), "term_months")
    instalment_cents = _number(_("instalment"), "instalment_cents")
    total_payable_cents = _number(_("total amount payable"), "total_payable_cents")
    upfront_fees_cents = _number(_("fees at the beginning"), "upfront_fees_cents")
    borrowing_rate = _rate(_("borrowing rate, percent a year"), "borrowing_rate")
    stated_apr = _rate(_("APR as the lender states it, percent"), "stated_apr")
    apr = _rate(_("APR as we compute it, percent"), "apr")
    schedule = EncryptedJSON(
        _("repayment schedule"),
        label="offer.schedule",
        personal=Personal(Category.TRANSACTIONS, Source.LENDER),
    )
    price_personalised = from_lender(models.BooleanField(_("price personalised by automated processing")))
    valid_until = from_lender(models.DateTimeField(_("valid until")))
    received_at = from_lender(models.DateTimeField(_("received"), auto_now_add=True))
    restating = from_lender(
        models.CharField(
            _("other figures"), max_length=4, blank=True, choices=Restating.choices, default=Restating.NONE
        )
    )

    class Meta:
        verbose_name = _("offer")
        verbose_name_plural = _("offers")
        constraints = [
            models.UniqueConstraint(fields=["submission", "reference_digest"], name="one_offer_per_reference")
        ]
        indexes = [
            # What waits for staff (selectors.for_staff).
            models.Index(fields=["submission"], condition=models.Q(restating="open"), name="offer_restated")
        ]
