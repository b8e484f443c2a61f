"""The digest of an offer as its person saw it when they chose it: proof without the figures themselves."""

import hashlib
import json

from applications.crypto.fields import encrypted_fields
from lenders.models import Offer

PLAIN = ("price_personalised", "valid_until")
"""What is shown of an offer beside its encrypted values."""


def digest_of(offer: Offer) -> bytes:
    """SHA-256 over everything that page one of the credit information says of the offer and its lender.

    Canonical JSON of the offer's values by the names of their columns, decimals and moments as text: whoever
    still has the figures, the person or the lender, can show that they are the ones chosen.
    """
    lender = offer.submission.lender
    facts = {field.name: getattr(offer, field.attname) for field in encrypted_fields(Offer)}
    facts |= {name: getattr(offer, name) for name in PLAIN}
    facts |= {"lender": lender.slug, "creditor": lender.name}
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).digest()
