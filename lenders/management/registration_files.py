"""The two files that `register_lender` reads: what they hold, and a sentence for whatever is wrong with them.

Everything raises CommandError, and none of its sentences repeats what the files say.
"""

import json
from pathlib import Path
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.management.base import CommandError

from applications.form_fields import BY_LABEL, EMAIL_LABEL
from applications.models import AgreementKind, Recipient
from applications.personal import RecipientKind
from lenders.adapters import ADAPTERS, signing
from lenders.adapters.base import Adapter, Credential, Credentials, LenderError
from lenders.adapters.guard import UrlGuard
from lenders.adapters.tls import context_of
from lenders.engine import local_places
from lenders.models import Lender

LISTS = frozenset({"allowed_hosts", "requested_fields", "languages"})
FACTS = LISTS | {
    "slug", "name", "adapter", "base_url", "recipient",
    "minimum_amount_cents", "maximum_amount_cents", "minimum_term_months", "maximum_term_months",
    "minimum_age", "maximum_age", "maximum_age_at_end",
    "active", "page_wait_seconds", "late_window_hours", "maximum_in_flight",
}  # fmt: skip
PAPERS = frozenset(
    {
        "country", "hosting_country", "licence_number", "licence_authority", "licence_until",
        "agreement_signed_on", "agreement_until", "assessed_on", "review_due_on",
    }
)  # fmt: skip
HOLDS = {
    Credential.SIGNING_SECRETS: "signing",
    Credential.CLIENT_SECRET: "client_id and client_secret",
    Credential.CLIENT_CERTIFICATE: "certificate and private_key",
}


def read(*, facts: Path, secrets: Path) -> tuple[dict[str, Any], Credentials]:
    """What a lender is, the dates of its papers in their type, and what it wants to see."""
    found = _json(facts, _text(facts))
    credentials = _credentials(secrets)
    _check(found, credentials)
    return found, credentials


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise CommandError(f"Cannot read {path}: {error.strerror}.") from None
    except ValueError:
        raise CommandError(f"{path} is no text in UTF-8.") from None


def _json(path: Path, text: str) -> Any:
    """Raises CommandError with the place and the rule of JSON that is broken there, never with the text."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise CommandError(
            f"{path} is no JSON: {error.msg} (line {error.lineno}, column {error.colno})."
        ) from None


def _credentials(path: Path) -> Credentials:
    text = _text(path)
    try:
        return Credentials.from_stored(_json(path, text) if text.lstrip().startswith("{") else text.split())
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
    _check_names(found, papers)
    _check_order(found)
    try:
        entry = _clean(found, papers)
    except ValidationError as error:
        named = error.message_dict.items()
        raise CommandError(
            "; ".join(
                " ".join(m) if name == NON_FIELD_ERRORS else f"{name}: {' '.join(m)}" for name, m in named
            )
        ) from None
    _check_address(found)
    _check_fields(found)
    _check_credentials(ADAPTERS[found["adapter"]], credentials)
    found["recipient"] = {name: getattr(entry, name) for name in papers}  # dates, no longer texts


def _check_names(found: dict[str, Any], papers: dict[str, Any]) -> None:
    for holder, names, known in (("lender", found, FACTS), ("recipient", papers, PAPERS)):
        unknown = sorted(names.keys() - known)
        if unknown:
            raise CommandError(
                f"Of a {holder} the file does not say {', '.join(unknown)}, but: {', '.join(sorted(known))}."
            )
    for name in LISTS & found.keys():
        if not isinstance(found[name], list):
            raise CommandError(f"{name} is a list: [...].")
    if found.get("adapter") not in ADAPTERS:
        raise CommandError(f"adapter is one of: {', '.join(ADAPTERS)}.")


def _check_order(found: dict[str, Any]) -> None:
    for of in ("amount_cents", "term_months"):
        least, most = found.get(f"minimum_{of}"), found.get(f"maximum_{of}")
        if isinstance(least, int) and isinstance(most, int) and least > most:
            raise CommandError(f"minimum_{of} is more than maximum_{of}.")


def _check_address(found: dict[str, Any]) -> None:
    try:
        UrlGuard(frozenset(found["allowed_hosts"]), local_places()).check(found["base_url"])
    except LenderError:
        near = ", ".join(sorted(local_places()))
        here = f" On this machine it may be {near}; LOCAL_LENDERS names others." if near else ""
        raise CommandError(
            f"base_url is an https address at one of the names in allowed_hosts.{here}"
        ) from None


def _check_fields(found: dict[str, Any]) -> None:
    asked, adapter = set(found["requested_fields"]), ADAPTERS[found["adapter"]]
    unknown = sorted(asked - set(BY_LABEL) - {EMAIL_LABEL})
    if unknown:
        raise CommandError(
            f"requested_fields that the form does not have: {', '.join(unknown)}. "
            "docs/lender-api.md lists those that it has."
        )
    unplaced = sorted(asked - adapter.supported_labels)
    if unplaced:
        raise CommandError(f"requested_fields that {adapter.slug} has no place for: {', '.join(unplaced)}.")


def _check_credentials(adapter: Adapter, credentials: Credentials) -> None:
    missing = sorted(adapter.credentials - credentials.held)
    if missing:
        raise CommandError(
            f"The secrets file lacks: {', '.join(f'{kind} ({HOLDS[kind]})' for kind in missing)}."
        )
    if not all(map(signing.is_usable, credentials.signing)):
        raise CommandError(
            "A signing secret is whsec_ followed by the base64 of "
            f"{signing.LEAST_SECRET_BYTES} bytes or more."
        )
    if Credential.CLIENT_CERTIFICATE in adapter.credentials:
        try:
            context_of(credentials)
        except LenderError:
            raise CommandError(
                "certificate, private_key and trust cannot be used: they are PEM, and the key is that of the "
                "certificate, without a password."
            ) from None


def _clean(found: dict[str, Any], papers: dict[str, Any]) -> Recipient:
    """The entry in the register of recipients. Raises ValidationError."""
    facts = {name: value for name, value in found.items() if name != "recipient"}
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
