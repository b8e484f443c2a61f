"""Lenders, what each was sent, every attempt, and the offers that came back."""

from lenders.models.breaker import Breaker
from lenders.models.deletion import DeletionNotice
from lenders.models.delivery import Attempt, Delivery
from lenders.models.lender import Lender
from lenders.models.not_asked import LenderNotAsked
from lenders.models.offer import Offer
from lenders.models.submission import LenderMessage, Submission
from lenders.models.supplement import Supplement, SuppliedFile
from lenders.models.word import LenderWord

__all__ = [
    "Attempt",
    "Breaker",
    "DeletionNotice",
    "Delivery",
    "Lender",
    "LenderMessage",
    "LenderNotAsked",
    "LenderWord",
    "Offer",
    "Submission",
    "Supplement",
    "SuppliedFile",
]
