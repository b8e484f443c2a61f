"""Things going wrong on purpose. An application that meets a fault after `error` and `redirect` has been
evaluated all the same: what fails is the telling, which is what makes an outcome ambiguous.

error               503, nothing evaluated
redirect            302 to elsewhere, nothing evaluated
hang                no answer for `seconds`
slow                the answer `seconds` later
malformed           a signed answer that breaks the protocol
bad_signature       the answer signed with another secret
huge                five megabytes
drip                the answer byte by byte for `seconds`
duplicate_callback  a callback sent twice, the first `seconds` after the answer
late_callback       `pending` now, the decision by callback after `seconds`
needs_more          `needs_more`, asking for identification.phone
withdraw            the answer, and after `seconds` a callback that withdraws it
"""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from lenders.sandbox import wire
from lenders.sandbox.books import Fault, FaultName

_HUGE_BYTES = 5 * 1024 * 1024
_DRIP_SECONDS = 0.05
_BEFORE_EVALUATION = frozenset({FaultName.ERROR, FaultName.REDIRECT})


def turned_away(fault: Fault) -> web.Response | None:
    """The reply that comes instead of any evaluation, or None."""
    if fault.name not in _BEFORE_EVALUATION:
        return None
    if fault.name is FaultName.REDIRECT:
        return web.Response(status=302, headers={"Location": "http://127.0.0.1:9/elsewhere"})
    return web.Response(status=503, headers={"Retry-After": "1"})


async def told(
    request: web.Request, document: dict[str, Any], fault: Fault, *, secret: str, kind: str, status: int = 200
) -> web.StreamResponse:
    """The signed reply, unless the fault spoils it."""
    if fault.name in (FaultName.HANG, FaultName.SLOW):
        await asyncio.sleep(fault.seconds)
    if fault.name is FaultName.MALFORMED:
        document = {
            "submission_id": document.get("submission_id"),
            "status": "offered",
            "offer": {"apr": "NaN"},
        }
    if fault.name is FaultName.HUGE:
        document = {**document, "padding": "." * _HUGE_BYTES}
    if fault.name is FaultName.BAD_SIGNATURE:
        secret = "whsec_" + "0" * 44
    body, headers = wire.message(document, kind=kind, secret=secret)
    if fault.name is FaultName.DRIP:
        return await _dripped(request, body, headers, seconds=fault.seconds)
    return web.Response(status=status, body=body, headers=headers)


async def _dripped(
    request: web.Request, body: bytes, headers: wire.Headers, *, seconds: float
) -> web.StreamResponse:
    response = web.StreamResponse(headers={**headers, "Content-Length": str(len(body))})
    await response.prepare(request)
    drops = min(len(body), int(seconds / _DRIP_SECONDS))
    for at in range(drops):
        await response.write(body[at : at + 1])
        await asyncio.sleep(_DRIP_SECONDS)
    await response.write(body[drops:])
    return response
