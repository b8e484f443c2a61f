"""How many codes may be mailed: nobody is mail-bombed through us."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import ngettext

from applications import normalise
from applications.crypto import blind_index
from applications.errors import TooManyCodes
from applications.models import EmailChallenge

NETWORK_COLUMN = "challenge.network"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Limit:
    """At most so many codes within a time; `sentence` tells how many of `unit` to wait for another."""

    most: int
    within: timedelta
    unit: timedelta
    sentence: Callable[[int], str]

    def wait(self, codes: QuerySet[Any], now: datetime) -> timedelta:
        """How long until another may be sent, given these; nothing, where one may be sent now."""
        counted = codes.filter(created_at__gt=now - self.within).order_by("-created_at")
        # Another may be sent as soon as there are fewer than `most`: when this one is no longer counted.
        decisive = list(counted.values_list("created_at", flat=True)[self.most - 1 : self.most])
        return decisive[0] + self.within - now if decisive else timedelta()


def _address_hour(wait: int) -> str:
    return ngettext(
        "Several codes were already sent to this address. You can ask for another one in %(wait)s minute.",
        "Several codes were already sent to this address. You can ask for another one in %(wait)s minutes.",
        wait,
    ) % {"wait": wait}


def _address_day(wait: int) -> str:
    return ngettext(
        "Many codes were sent to this address since yesterday and not used. "
        "You can ask for another one in %(wait)s hour.",
        "Many codes were sent to this address since yesterday and not used. "
        "You can ask for another one in %(wait)s hours.",
        wait,
    ) % {"wait": wait}


def _network_hour(wait: int) -> str:
    return ngettext(
        "Many codes were asked for over your internet connection and not used. "
        "You can ask for another one in %(wait)s minute.",
        "Many codes were asked for over your internet connection and not used. "
        "You can ask for another one in %(wait)s minutes.",
        wait,
    ) % {"wait": wait}


ADDRESS_HOUR = Limit(5, HOUR, MINUTE, _address_hour)
ADDRESS_DAY = Limit(12, DAY, HOUR, _address_day)
NETWORK_HOUR = Limit(30, HOUR, MINUTE, _network_hour)


def refuse_flood(*, email: str, network: str) -> None:
    """Raise TooManyCodes, with the sentence of the limit that holds longest, when one is reached.

    Counted are codes that did not lead in: somebody who comes often, and an office in which many share one
    address of the network, are no flood.
    """
    now = timezone.now()
    unused = EmailChallenge.objects.filter(consumed_at__isnull=True)
    of_address = unused.filter(address_index=email)
    networks = blind_index.candidates(NETWORK_COLUMN, normalise.address(network))
    of_network = unused.filter(network_index__in=networks)
    pairs = ((ADDRESS_HOUR, of_address), (ADDRESS_DAY, of_address), (NETWORK_HOUR, of_network))
    wait, limit = max(((limit.wait(codes, now), limit) for limit, codes in pairs), key=lambda pair: pair[0])
    if wait:
        raise TooManyCodes(limit.sentence(math.ceil(wait / limit.unit)))
