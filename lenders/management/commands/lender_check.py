"""Examine a lender's test endpoint: one line for each thing that the product counts on."""

import asyncio
import ssl
import time
from argparse import ArgumentParser
from collections import Counter
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from django.core.management.base import BaseCommand, CommandError, no_translations
from django.utils import timezone

from applications.crypto.keyring import data_key_scope
from applications.validators import full_years
from lenders.adapters import get_adapter, http
from lenders.adapters.base import HttpAnswer, HttpCall, LenderEndpoint, LenderError
from lenders.adapters.guard import UrlGuard
from lenders.adapters.tls import context_of
from lenders.conformance.applicant import ANSWERABLE, Applicant
from lenders.conformance.checks import Examination
from lenders.conformance.conversation import Subject
from lenders.conformance.findings import Result
from lenders.conformance.fitting import fitting
from lenders.conformance.hearing import PortTakenError, hearing
from lenders.engine import local_places
from lenders.models import Lender
from lenders.outcomes import in_words
from lenders.routing import NotAsked
from lenders.services.payload import endpoint_of


class Command(BaseCommand):
    help = (
        "Send an invented application to a registered lender's test endpoint and check what comes back, line "
        "by line. Never run it against an endpoint where real decisions are made."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--patience", type=float, default=30.0, help="seconds that a decision may take")
        parser.add_argument("--amount-cents", type=int, help="default: in the middle of what it accepts")
        parser.add_argument("--term-months", type=int, help="default: in the middle of what it accepts")
        parser.add_argument(
            "--callback-url", default="", help="where callbacks to --listen arrive, as the lender sees it"
        )
        parser.add_argument("--listen", type=int, default=0, help="the port of this machine they arrive at")

    @no_translations  # our sentences are English, and so are then those of Django among them
    def handle(self, *args: Any, slug: str, **options: Any) -> None:
        lender = Lender.objects.filter(slug=slug).first()
        if lender is None:
            known = ", ".join(Lender.objects.values_list("slug", flat=True)) or "none"
            raise CommandError(f"There is no lender {slug!r}; registered: {known}.")
        try:
            with data_key_scope():
                adapter, endpoint = get_adapter(lender.adapter), endpoint_of(lender)
        except LenderError as error:
            raise CommandError(in_words(error.code)) from None
        if bool(options["callback_url"]) != bool(options["listen"]):
            raise CommandError("Give --listen and --callback-url together, or neither.")
        withheld = sorted(set(lender.requested_fields) - ANSWERABLE)
        if withheld:
            raise CommandError(
                f"It asks for what no lender is given with an application: {', '.join(withheld)}."
            )
        applicant = _applicant(lender, options["amount_cents"], options["term_months"])
        self.stdout.write(f"{lender.slug}: {adapter.name} at {lender.base_url}")
        self.stdout.write(_introduced(applicant))
        for hindrance in _not_asked(lender):
            self.stdout.write(f"Nobody's application is sent to it now: {hindrance}")
        subject = Subject(
            adapter=adapter,
            endpoint=endpoint,
            exchange=_Exchange(lender),
            labels=lender.requested_fields,
            applicant=applicant,
            patience=options["patience"],
        )
        try:
            found = asyncio.run(self._examine(subject, options["callback_url"], options["listen"]))
        except PortTakenError:
            raise CommandError(f"Port {options['listen']} is in use; --listen takes another.") from None
        self.stdout.write(
            f"{found[Result.PASS]} passed, {found[Result.FAIL]} failed, {found[Result.SKIP]} not tried"
        )
        if found[Result.FAIL]:
            raise CommandError("This lender is not ready.")

    async def _examine(self, subject: Subject, callback_url: str, port: int) -> Counter[Result]:
        found: Counter[Result] = Counter()
        async with hearing(subject.adapter, port=port) as heard:
            near = urlsplit(subject.endpoint.base_url).netloc in local_places()
            endpoint = replace(subject.endpoint, callback_url=callback_url or heard.url)
            heard.endpoint = endpoint
            reached = heard.first if callback_url or near else None
            subject = replace(subject, endpoint=endpoint, called=reached, misheard=heard.misheard)
            async for finding in Examination(subject).run():
                found[finding.result] += 1
                self.stdout.write(f"{finding.result}  {finding.check}: {finding.reason}")
        return found


class _Exchange:
    """One call over a connection of its own, under the guard of this lender's addresses."""

    def __init__(self, lender: Lender) -> None:
        self._adapter = get_adapter(lender.adapter)
        self._guard = UrlGuard(hosts=frozenset(lender.allowed_hosts), loopback=local_places())

    async def __call__(
        self, call: HttpCall, endpoint: LenderEndpoint, token_request: HttpCall | None
    ) -> HttpAnswer:
        tls = context_of(endpoint.credentials)
        async with http.open_session(loopback=local_places()) as session:
            if token_request is not None:
                answer = await self._send(session, token_request, tls)
                token = self._adapter.parse_token(answer, endpoint, now=timezone.now())
                call = replace(call, headers={**call.headers, "Authorization": f"Bearer {token.value}"})
            return await self._send(session, call, tls)

    async def _send(
        self, session: aiohttp.ClientSession, call: HttpCall, tls: ssl.SSLContext | None
    ) -> HttpAnswer:
        deadline = time.monotonic() + http.LONGEST_ATTEMPT_SECONDS
        return await http.send(session, call, deadline=deadline, guard=self._guard, tls=tls)


def _applicant(lender: Lender, amount_cents: int | None, term_months: int | None) -> Applicant:
    found = fitting(lender, today=timezone.localdate(), amount_cents=amount_cents, term_months=term_months)
    if isinstance(found, NotAsked):
        raise CommandError(f"Nobody can apply within the limits that {lender.slug} published: {found.label}")
    return found


def _not_asked(lender: Lender) -> list[str]:
    """What the product, unlike this command, does not look past."""
    lapse = lender.recipient.lapsed(timezone.localdate())
    taking = lender.active and lender.paused_at is None
    return [
        *([] if taking else [str(NotAsked.NOT_TAKING_PART.label)]),
        *([str(lapse.label)] if lapse else []),
    ]


def _introduced(applicant: Applicant) -> str:
    age = full_years(applicant.birth_date, timezone.localdate())
    euros, cents = divmod(applicant.amount_cents, 100)
    return (
        f"An invented person of {age}, language {applicant.language}, asks for {euros}.{cents:02} euros "
        f"over {applicant.term_months} months."
    )
