"""Take a lender into the solution, or bring a known one up to date."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from applications.actors import SYSTEM
from applications.crypto.keyring import data_key_scope
from applications.form_fields import BY_LABEL, EMAIL_LABEL
from applications.models import AgreementKind, Recipient
from applications.personal import RecipientKind
from lenders.adapters import ADAPTERS
from lenders.adapters.base import Credentials, LenderError
from lenders.adapters.guard import UrlGuard
from lenders.engine import sandbox_places
from lenders.models import Lender
from lenders.services.register import register_lender


class Command(BaseCommand):
    help = (
        "Register a lender from a JSON file: slug, name, adapter, base_url, allowed_hosts, requested_fields, "
        "minimum_amount_cents, maximum_amount_cents, minimum_term_months, maximum_term_months, if need be "
        "languages, minimum_age, maximum_age, maximum_age_at_end, and recipient: country, hosting_country, "
        "licence_number, licence_authority, licence_until, agreement_signed_on, agreement_until, "
        "assessed_on, review_due_on. "
        "Its secrets come from --secrets: a file with one whsec_... a line, newest first, or a JSON object "
        "with what its adapter needs of signing (a list), client_id, client_secret, certificate, private_key "
        "and trust (PEM)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("facts", type=Path)
        parser.add_argument("--secrets", type=Path, required=True)

    def handle(self, *args: Any, facts: Path, secrets: Path, **options: Any) -> None:
        try:
            found = json.loads(facts.read_text(encoding="utf-8"))
            credentials = _credentials(secrets.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise CommandError(f"Cannot read the files: {type(error).__name__}.") from None
        _check(found, credentials)
        with data_key_scope():
            lender = register_lender(slug=found.pop("slug"), credentials=credentials, actor=SYSTEM, **found)
        self.stdout.write(f"{lender.slug} is registered.")
        lapse = lender.recipient.lapsed(timezone.localdate())
        if lapse is not None:
            self.stdout.write(f"It is sent nothing yet: {lapse.label}")


def _credentials(text: str) -> Credentials:
    """Raises ValueError for what is no JSON, CommandError for names or values that are none of ours."""
    try:
        return Credentials.from_stored(json.loads(text) if text.lstrip().startswith("{") else text.split())
    except TypeError:
        names = ", ".join(Credentials.__slots__)
        raise CommandError(
            f"The secrets file holds one whsec_... a line, or a JSON object of: {names}."
        ) from None


def _check(found: Any, credentials: Credentials) -> None:
    """Bring the recipient's dates into their type.

    Raises CommandError with a sentence that names what is wrong; never with a secret.
    """
    papers = found.get("recipient") if isinstance(found, dict) else None
    if not isinstance(papers, dict) or "slug" not in found:
        raise CommandError("The file holds one JSON object with at least a slug and the recipient's papers.")
    try:
        entry = _clean(found, papers)
    except FieldDoesNotExist as error:
        raise CommandError(f"{error}.") from None
    except ValidationError as error:
        raise CommandError(
            "; ".join(f"{name}: {' '.join(m)}" for name, m in error.message_dict.items())
        ) from None
    try:
        UrlGuard(frozenset(found["allowed_hosts"]), sandbox_places()).check(found["base_url"])
    except LenderError:
        raise CommandError("base_url is an https address at one of the names in allowed_hosts.") from None
    if found.get("adapter") not in ADAPTERS:
        raise CommandError(f"adapter is one of: {', '.join(ADAPTERS)}.")
    unknown = sorted(set(found.get("requested_fields", ())) - set(BY_LABEL) - {EMAIL_LABEL})
    if unknown:
        raise CommandError(f"requested_fields that the form does not have: {', '.join(unknown)}.")
    missing = sorted(ADAPTERS[found["adapter"]].credentials - credentials.held)
    if missing:
        raise CommandError(f"The secrets file lacks: {', '.join(missing)}.")
    if not all(secret.startswith("whsec_") for secret in credentials.signing):
        raise CommandError("A signing secret begins with whsec_.")
    found["recipient"] = {name: getattr(entry, name) for name in papers}  # dates, no longer texts


def _clean(found: dict[str, Any], papers: dict[str, Any]) -> Recipient:
    """The entry in the register of recipients. Raises FieldDoesNotExist or ValidationError."""
    facts = {name: value for name, value in found.items() if name != "recipient"}
    for model, names in ((Lender, facts), (Recipient, papers)):
        for name in names:
            model._meta.get_field(name)
    Lender(**facts).full_clean(exclude=["secrets", "recipient"], validate_unique=False)
    entry = Recipient(
        slug=found["slug"],
        name=found.get("name", ""),
        kind=RecipientKind.LENDER,
        agreement=AgreementKind.COOPERATION,
        **papers,
    )
    entry.full_clean(validate_unique=False)
    return entry
