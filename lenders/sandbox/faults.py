"""Things going wrong on purpose. An application that meets a fault after `error` and `redirect` has been
evaluated all the same: what fails is the telling, which is what makes an outcome ambiguous.

error               503, nothing evaluated; `times` makes a burst of it
redirect            302 to a private address, nothing evaluated
hang                no answer for `seconds`
half                half of the answer, and nothing more for `seconds`
slow                the answer `seconds` later
malformed           a genuine answer that breaks the protocol
bad_signature       the answer as a stranger would write it: wrongly signed, or about another application
                    where answers are not signed; where certificates prove who is who, a stranger's
                    certificate, so that nothing is received
huge                five megabytes
drip                the answer byte by byte for `seconds`
callback_first      the decision by callback, and only then `pending` as the answer
duplicate_callback  a callback sent twice, the first `seconds` after the answer
late_callback       `pending` now, the decision by callback after `seconds`
forged_callback     the next callback as a stranger would write it
needs_more          `needs_more`, asking for the `needs` of the order (identification.phone); so after a
                    supplement, if it is ordered again before that
withdraw            the answer, and after `seconds` a callback that withdraws it
change_offer        a choice accepted, and after `seconds` a callback with other figures for the same offer
review_changes      a request for review noted, and after `seconds` a callback that the decision was
                    changed, and another with an offer

A lender that calls nobody back has changed its mind all the same: it says so when it is asked. The faults of
callbacks themselves (callback_first, duplicate_callback, forged_callback) mean nothing to it.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

from aiohttp import web

from lenders.sandbox.books import Fault, FaultName
from lenders.sandbox.secrets import SandboxLender
from lenders.sandbox.twin import Document, Letter, Twin

_HUGE_BYTES = 5 * 1024 * 1024
_DRIP_SECONDS = 0.05
_BEFORE_EVALUATION = frozenset({FaultName.ERROR, FaultName.REDIRECT})


def turned_away(fault: Fault) -> web.Response | None:
    """The reply that comes instead of any evaluation, or None."""
    if fault.name not in _BEFORE_EVALUATION:
        return None
    if fault.name is FaultName.REDIRECT:
        return web.Response(status=302, headers={"Location": "http://10.0.0.1/elsewhere"})
    return web.Response(status=503, headers={"Retry-After": "1"})


async def told(
    request: web.Request,
    twin: Twin,
    lender: SandboxLender,
    document: Document,
    fault: Fault,
    *,
    kind: str,
    status: int = 200,
) -> web.StreamResponse:
    """The reply in the lender's words, unless the fault spoils it."""
    if fault.name in (FaultName.HANG, FaultName.SLOW):
        await asyncio.sleep(fault.seconds)
    if fault.name is FaultName.MALFORMED:
        letter = twin.broken(lender, document, kind=kind)
    elif fault.name is FaultName.BAD_SIGNATURE:
        letter = twin.forged(lender, document, kind=kind)
    elif fault.name is FaultName.HUGE:
        letter = replace(twin.write(lender, document, kind=kind), body=b" " * _HUGE_BYTES)
    else:
        letter = twin.write(lender, document, kind=kind, status=status)
    if fault.name is FaultName.DRIP:
        return await _in_pieces(request, letter, len(letter.body), seconds=fault.seconds)
    if fault.name is FaultName.HALF:
        return await _in_pieces(request, letter, 1, seconds=fault.seconds)
    return web.Response(status=letter.status, body=letter.body, headers=letter.headers)


async def _in_pieces(
    request: web.Request, letter: Letter, drops: int, *, seconds: float
) -> web.StreamResponse:
    """One drop: half of it, then silence. Many: byte by byte, until the time is over."""
    body = letter.body
    response = web.StreamResponse(headers={**letter.headers, "Content-Length": str(len(body))})
    await response.prepare(request)
    if drops == 1:
        sent = len(body) // 2
        await response.write(body[:sent])
        await asyncio.sleep(seconds)
    else:
        sent = min(len(body), int(seconds / _DRIP_SECONDS))
        for at in range(sent):
            await response.write(body[at : at + 1])
            await asyncio.sleep(_DRIP_SECONDS)
    await response.write(body[sent:])
    return response
