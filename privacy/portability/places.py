"""Where another controller may be called: the guard of addresses that calls to lenders pass as well."""

from yarl import URL

from lenders.adapters.guard import UrlGuard
from lenders.engine import local_places


def guard_for(endpoint: str) -> UrlGuard:
    """Where calls to one controller may go: the place that the register names, and nowhere else."""
    try:
        url = URL(endpoint)
    except (ValueError, TypeError):
        url = URL()
    return UrlGuard(hosts=frozenset({f"{url.raw_host}:{url.port}"}), loopback=local_places())
