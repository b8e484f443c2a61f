"""One pass over the transfers that are due: begin (committed), call, note what came of it."""

import asyncio
import time
from collections.abc import Sequence

import aiohttp
import structlog

from applications.crypto.keyring import data_key_scope
from lenders.adapters import http
from lenders.adapters.base import HttpAnswer, LenderError
from lenders.engine import local_places
from privacy.portability.places import guard_for
from privacy.services import transfers
from privacy.services.transfers import Claim, Prepared

log = structlog.get_logger(__name__)


def pass_on_due() -> int:
    """Make every call that is due; how many were made. One that breaks does not hold up the others."""
    prepared = [one for claim in transfers.claim_due() if (one := _begun(claim)) is not None]
    if prepared:
        for one, reply in zip(prepared, asyncio.run(_call_all(prepared)), strict=True):
            _finish(one, reply)
    return len(prepared)


def _begun(claim: Claim) -> Prepared | None:
    try:
        with data_key_scope():
            return transfers.begin(claim)
    except Exception:  # the lease runs out and the row is due again
        log.exception("transfer.broken", row=str(claim.transfer_id))
        return None


async def _call_all(prepared: Sequence[Prepared]) -> list[HttpAnswer | LenderError]:
    async with http.open_session(loopback=local_places()) as session:
        return list(await asyncio.gather(*(_call(session, one) for one in prepared)))


async def _call(session: aiohttp.ClientSession, one: Prepared) -> HttpAnswer | LenderError:
    deadline = time.monotonic() + http.LONGEST_ATTEMPT_SECONDS
    try:
        return await http.send(session, one.call, deadline=deadline, guard=guard_for(one.call.url))
    except LenderError as error:
        return error


def _finish(one: Prepared, reply: HttpAnswer | LenderError) -> None:
    try:
        transfers.finish(one, reply)
    except Exception:
        log.exception("transfer.outcome_not_written", row=str(one.claim.transfer_id))
