"""Take a lender into the solution, or bring a known one up to date."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, no_translations
from django.utils import timezone

from applications.actors import SYSTEM
from applications.crypto.keyring import data_key_scope
from lenders.management import registration_files
from lenders.services.register import register_lender


class Command(BaseCommand):
    help = (
        "Register a lender from a JSON file: slug, name, adapter, base_url, allowed_hosts, requested_fields, "
        "minimum_amount_cents, maximum_amount_cents, minimum_term_months, maximum_term_months, if need be "
        "languages, minimum_age, maximum_age, maximum_age_at_end, active, page_wait_seconds, "
        "late_window_hours, maximum_in_flight, and recipient: country, hosting_country, "
        "licence_number, licence_authority, licence_until, agreement_signed_on, agreement_until, "
        "assessed_on, review_due_on. "
        "Its secrets come from --secrets: a file with one whsec_... a line, newest first, or a JSON object "
        "with what its adapter needs of signing (a list), client_id, client_secret, certificate, private_key "
        "and trust (PEM)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("facts", type=Path)
        parser.add_argument("--secrets", type=Path, required=True)

    @no_translations  # our sentences are English, and so are then those of Django among them
    def handle(self, *args: Any, facts: Path, secrets: Path, **options: Any) -> None:
        found, credentials = registration_files.read(facts=facts, secrets=secrets)
        with data_key_scope():
            lender = register_lender(slug=found.pop("slug"), credentials=credentials, actor=SYSTEM, **found)
        self.stdout.write(f"{lender.slug} is registered.")
        lapse = lender.recipient.lapsed(timezone.localdate())
        if lapse is not None:
            self.stdout.write(f"It is sent nothing yet: {lapse.label}")
