"""One HTTP exchange with a lender, and what it takes to be let in: pure values, nothing shown by `repr`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

MESSAGE_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")


@dataclass(frozen=True, slots=True)
class HttpCall:
    """One request to a lender, ready to be sent.

    `submission_id` lets the answer be held against what was asked.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    submission_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back: header names in lower case, the body as received and at most as long as the cap."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    submission_id: UUID | None = None

    @property
    def message_id(self) -> str:
        """The lender's id of this message ("" when it gave none that can be one); to be trusted only once the
        adapter has parsed the answer.
        """
        given = self.headers.get("webhook-id", "")
        return given if MESSAGE_ID.fullmatch(given) else ""


class Credential(StrEnum):
    """What a lender wants to see before it listens; the adapter declares which."""

    SIGNING_SECRETS = "signing_secrets"
    CLIENT_SECRET = "client_secret"  # noqa: S105 - the kind, not a secret
    CLIENT_CERTIFICATE = "client_certificate"


@dataclass(frozen=True, slots=True)
class Credentials:
    """The secrets shared with one lender. Stored encrypted, as the mapping that `stored` gives.

    signing         "whsec_" + base64, newest first: the first signs, any of them verifies, so that keys can
                    be changed without a gap
    client_id, client_secret  of the OAuth 2 client credentials grant (RFC 6749, 4.4)
    certificate, private_key  PEM, of the client certificate for mutual TLS
    trust           PEM of the certificates that the lender's own must follow from; "" for the system's
    """

    signing: tuple[str, ...] = field(default=(), repr=False)
    client_id: str = field(default="", repr=False)
    client_secret: str = field(default="", repr=False)
    certificate: str = field(default="", repr=False)
    private_key: str = field(default="", repr=False)
    trust: str = field(default="", repr=False)

    @property
    def held(self) -> frozenset[Credential]:
        """The kinds that are there whole."""
        found = {
            Credential.SIGNING_SECRETS: bool(self.signing),
            Credential.CLIENT_SECRET: bool(self.client_id and self.client_secret),
            Credential.CLIENT_CERTIFICATE: bool(self.certificate and self.private_key),
        }
        return frozenset(kind for kind, there in found.items() if there)

    def stored(self) -> dict[str, Any]:
        """As a mapping for JSON, without what is empty."""
        named = {name: getattr(self, name) for name in self.__slots__}
        return {name: list(value) if name == "signing" else value for name, value in named.items() if value}

    @classmethod
    def from_stored(cls, value: Any) -> Credentials:
        """What `stored` wrote. A bare list is how signing secrets alone were kept.

        Raises TypeError for a name that is none of ours, or a value that is no text.
        """
        named = {"signing": value} if isinstance(value, list) else dict(value or {})
        signing = named.pop("signing", [])
        texts = (*signing, *named.values())
        if not isinstance(signing, list) or not all(isinstance(text, str) for text in texts):
            raise TypeError
        return cls(signing=tuple(signing), **named)


@dataclass(frozen=True, slots=True)
class LenderEndpoint:
    """Where a lender listens, where it calls back, and the secrets shared with it."""

    slug: str
    base_url: str
    credentials: Credentials = field(repr=False)
    callback_url: str = ""


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token (RFC 6750) and for how many seconds it was given."""

    value: str = field(repr=False)
    seconds: int
