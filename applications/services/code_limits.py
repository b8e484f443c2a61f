"""How many codes may be mailed: nobody is mail-bombed through us."""

from django.utils import timezone
from django.utils.translation import ngettext_lazy

from applications import normalise
from applications.crypto import blind_index
from applications.errors import TooManyCodes
from applications.models import EmailChallenge
from applications.services.limits import DAY, HOUR, MINUTE, Limit

NETWORK_COLUMN = "challenge.network"

ADDRESS_HOUR = Limit(
    5,
    HOUR,
    MINUTE,
    ngettext_lazy(
        "Several codes were already sent to this address. You can ask for another one in %(wait)s minute.",
        "Several codes were already sent to this address. You can ask for another one in %(wait)s minutes.",
        "wait",
    ),
)
ADDRESS_DAY = Limit(
    12,
    DAY,
    HOUR,
    ngettext_lazy(
        "Many codes were sent to this address since yesterday and not used. "
        "You can ask for another one in %(wait)s hour.",
        "Many codes were sent to this address since yesterday and not used. "
        "You can ask for another one in %(wait)s hours.",
        "wait",
    ),
)
NETWORK_HOUR = Limit(
    30,
    HOUR,
    MINUTE,
    ngettext_lazy(
        "Many codes were asked for over your internet connection and not used. "
        "You can ask for another one in %(wait)s minute.",
        "Many codes were asked for over your internet connection and not used. "
        "You can ask for another one in %(wait)s minutes.",
        "wait",
    ),
)


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
        raise TooManyCodes(limit.sentence(wait))
