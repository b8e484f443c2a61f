"""Fill a development installation: notices, sandbox lenders, registers, staff of every role."""

import json
from argparse import ArgumentParser
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from applications.actors import SYSTEM
from applications.crypto.keyring import data_key_scope
from applications.management.commands.load_demo_staff import DEMO_STAFF, demo_password
from applications.services.recipients import save_recipient
from lenders.adapters.base import Credentials
from lenders.sandbox.secrets import SANDBOX_LENDERS, SandboxLender, credentials_of
from lenders.services.register import register_lender


class Command(BaseCommand):
    help = "Load the demo: notices, sandbox lenders, registers, staff of every role. Refused in production."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--sandbox-url", default=settings.SANDBOX_URL, help="where the sandbox lenders listen"
        )
        parser.add_argument(
            "--sandbox-tls-url",
            default=settings.SANDBOX_TLS_URL,
            help="where those listen that want to see a certificate",
        )
        parser.add_argument("--report", type=Path, help="write the demo log-ins to this file, as JSON")

    def handle(
        self, *args: Any, sandbox_url: str, sandbox_tls_url: str, report: Path | None, **options: Any
    ) -> None:
        if settings.PRODUCTION:
            raise CommandError("The demo is for development: it has passwords that everybody can read.")
        if not (sandbox_url and sandbox_tls_url and settings.SANDBOX_SECRET):
            raise CommandError(
                "Give --sandbox-url and --sandbox-tls-url, and set SANDBOX_SECRET: "
                "the sandbox lenders share it."
            )
        call_command("publish_notices", verbosity=0)
        with data_key_scope():
            for lender in SANDBOX_LENDERS:
                _register(lender, (sandbox_tls_url if lender.over_tls else sandbox_url).rstrip("/"))
        call_command("load_demo_registers", verbosity=0)
        call_command("load_demo_staff", verbosity=0)
        if report is not None:
            logins = [
                {"role": role, "user": name, "password": demo_password(name)}
                for name, role in DEMO_STAFF.items()
            ]
            report.write_text(json.dumps({"logins": logins}, indent=2), encoding="utf-8")
        self.stdout.write("The demo is loaded.")


def _register(lender: SandboxLender, sandbox_url: str) -> None:
    papers = _papers(lender, timezone.localdate())
    registered = register_lender(
        slug=lender.slug,
        credentials=Credentials.from_stored(credentials_of(settings.SANDBOX_SECRET, lender)),
        actor=SYSTEM,
        recipient=papers,
        name=lender.name,
        adapter=lender.protocol,
        base_url=f"{sandbox_url}/{lender.slug}",
        allowed_hosts=[urlsplit(sandbox_url).netloc],
        requested_fields=list(lender.requested_fields),
        minimum_amount_cents=lender.minimum_amount_cents,
        maximum_amount_cents=lender.maximum_amount_cents,
        minimum_term_months=lender.minimum_term_months,
        maximum_term_months=lender.maximum_term_months,
        languages=list(lender.languages),
        minimum_age=lender.minimum_age,
        maximum_age=lender.maximum_age,
        maximum_age_at_end=lender.maximum_age_at_end,
    )
    entry = registered.recipient
    if not entry.licence_number:  # loaded before the register asked for licences
        entry.licence_number, entry.licence_authority = papers["licence_number"], papers["licence_authority"]
        save_recipient(recipient=entry, changed=["licence_number", "licence_authority"], actor=SYSTEM)


def _papers(lender: SandboxLender, today: date) -> dict[str, Any]:
    """An entry in the register of recipients that is in order."""
    return {
        "country": "LV",
        "hosting_country": "LV",
        "licence_number": f"DEMO-{lender.slug.upper()}",
        "licence_authority": "Demo: PTAC",
        "agreement_signed_on": today - timedelta(days=30),
        "assessed_on": today - timedelta(days=30),
        "review_due_on": today + timedelta(days=335),
    }
