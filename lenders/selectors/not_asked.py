"""Which lenders an application was not sent to, and why, as it was on record when it was sent."""

from dataclasses import dataclass

from applications.collation import latvian_key
from applications.crypto.reading import unless_destroyed
from applications.models import Application
from lenders.models import LenderNotAsked
from lenders.routing import NotAsked


@dataclass(frozen=True)
class Left:
    """A lender that was left out, and the reason as a sentence."""

    name: str
    reason: NotAsked


def lenders_not_asked(application: Application) -> list[Left]:
    """Every lender that was left out, by name. Of a person whose key is gone nothing is known any more."""
    rows = LenderNotAsked.objects.filter(application=application).select_related("lender")
    found = [
        Left(row.lender.name, NotAsked(because))
        for row in rows
        if (because := unless_destroyed(row, "because")) is not None
    ]
    return sorted(found, key=lambda one: latvian_key(one.name))
