"""The sandbox as a web application: every lender under /{slug}/, spoken to in its own way, and controls for
tests under names that begin with _.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
from aiohttp import web

from lenders.sandbox import wire
from lenders.sandbox.bank import BankTwin
from lenders.sandbox.books import Books, Fault, FaultName
from lenders.sandbox.join import JoinTwin
from lenders.sandbox.lending import Lending
from lenders.sandbox.market import MarketTwin
from lenders.sandbox.secrets import SANDBOX_LENDERS, credentials_of
from lenders.sandbox.twin import Twin
from lenders.sandbox.xml_v1 import XmlTwin

LENDERS = {lender.slug: lender for lender in SANDBOX_LENDERS}
TWINS: dict[str, type[Twin]] = {
    "join": JoinTwin,
    "bank": BankTwin,
    "market": MarketTwin,
    "xml": XmlTwin,
}
"""By the slug of the adapter that speaks with them. A new way of speaking is one module and one line here."""
LARGEST_REQUEST = 24 * 1024 * 1024
CALLBACK_TIMEOUT = aiohttp.ClientTimeout(total=10)

LENDING: web.AppKey[Lending] = web.AppKey("lending", Lending)
SECRET: web.AppKey[str] = web.AppKey("secret", str)


def make_app(*, secret: str, speed: float = 1.0) -> web.Application:
    """The application.

    `secret` is SANDBOX_SECRET; `speed` divides the lenders' delays (10 is ten times as fast).
    """
    app = web.Application(client_max_size=LARGEST_REQUEST)
    books = Books()
    lending = app[LENDING] = Lending(books, speed=speed)
    app[SECRET] = secret
    app.router.add_get("/_log", show_log)
    app.router.add_get("/_credentials/{slug}", show_credentials)
    app.router.add_post("/_reset", reset)
    app.router.add_post("/_faults", set_fault)
    app.router.add_post("/_say", say)
    for protocol, twin in TWINS.items():
        speaks = lending.twins[protocol] = twin(books=books, lending=lending, secret=secret)
        for lender in SANDBOX_LENDERS:
            if lender.protocol == protocol:
                speaks.add_routes(app.router, lender)

    async def back_office(_app: web.Application) -> AsyncIterator[None]:
        async with aiohttp.ClientSession(timeout=CALLBACK_TIMEOUT) as session:
            lending.session = session
            yield
            await lending.forget()

    app.cleanup_ctx.append(back_office)
    return app


async def show_log(request: web.Request) -> web.Response:
    """GET /_log: what was received, evaluated, called back and chosen."""
    return web.json_response(request.app[LENDING].books.as_json())


async def show_credentials(request: web.Request) -> web.Response:
    """GET /_credentials/{slug}: what one lender wants to see, as `register_lender --secrets` reads it."""
    lender = LENDERS.get(request.match_info["slug"])
    if lender is None:
        return web.json_response({"lenders": list(LENDERS)}, status=404)
    return web.json_response(credentials_of(request.app[SECRET], lender))


async def reset(request: web.Request) -> web.Response:
    """POST /_reset: forgets everything, callbacks still to be made included."""
    await request.app[LENDING].forget()
    return web.json_response({"status": "reset"})


async def set_fault(request: web.Request) -> web.Response:
    """POST /_faults: {"slug", "fault", "seconds", "times", "needs"}; `times` defaults to 1, less than zero is
    for ever; `needs` is for `needs_more`.
    """
    order = wire.object_of(await request.read())
    if order.get("slug") not in LENDERS or order.get("fault") not in list(FaultName):
        return web.json_response({"lenders": list(LENDERS), "faults": list(FaultName)}, status=400)
    fault = Fault(FaultName(order["fault"]), float(order.get("seconds", 0)), int(order.get("times", 1)))
    if order.get("needs"):
        fault.needs = tuple(order["needs"])
    request.app[LENDING].books.faults[order["slug"]] = fault
    return web.json_response({"status": "set"})


async def say(request: web.Request) -> web.Response:
    """POST /_say: {"slug", "submission_id", "status", …}: the lender calls back with that status, now; what
    else is in the order goes along.
    """
    order = wire.object_of(await request.read())
    lender, submission = LENDERS.get(order.pop("slug", "")), wire.uuid_of(order.pop("submission_id", None))
    lending = request.app[LENDING]
    if lender is None or submission is None or (lender.slug, submission) not in lending.books.applications:
        return web.json_response({"lenders": list(LENDERS)}, status=404)
    status = await lending.say(lender, submission, order)
    return web.json_response({"status": status})
