"""TLS as a lender's credentials say: the certificate we show it, and whom we trust to be it."""

from __future__ import annotations

import hashlib
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from cryptography import x509

from lenders.adapters.base import Credentials, LenderEndpoint
from lenders.adapters.errors import ErrorCode, LenderError


def context_of(credentials: Credentials) -> ssl.SSLContext | None:
    """TLS 1.2 or newer, the host's name checked; None where the system's trust and no certificate will do.

    Given `trust` replaces the system's; what it names need not be a root. Raises LenderError(not_configured)
    for PEM that cannot be used: broken, a key of another certificate, a key under a password.
    """
    if not (credentials.certificate or credentials.private_key or credentials.trust):
        return None
    try:
        context: ssl.SSLContext | None = _made(credentials)
    except (ssl.SSLError, OSError, ValueError, TypeError):
        context = None
    if context is None:  # outside the `except`: nothing of a key may be chained to what is raised
        raise LenderError(ErrorCode.NOT_CONFIGURED, permanent=True)
    return context


def certificate_until(credentials: Credentials) -> datetime | None:
    """The last moment (UTC) of the certificate that we show a lender, or of what in its chain ends before.

    None where we show none. Raises ValueError for what is no certificate.
    """
    if not credentials.certificate:
        return None
    chain = x509.load_pem_x509_certificates(credentials.certificate.encode())
    return min(one.not_valid_after_utc for one in chain)


class TlsContexts:
    """The contexts in use, one a lender: made when it is first spoken to and when its credentials changed.

    Connections are kept apart by context: one made with a lender's certificate serves no other lender, nor
    this one once its certificate is new.
    """

    def __init__(self) -> None:
        self._kept: dict[str, tuple[bytes, ssl.SSLContext | None]] = {}

    def of(self, endpoint: LenderEndpoint) -> ssl.SSLContext | None:
        """Raises what `context_of` raises."""
        digest = _digest(endpoint.credentials)
        known = self._kept.get(endpoint.slug)
        if known is None or known[0] != digest:
            known = self._kept[endpoint.slug] = digest, context_of(endpoint.credentials)
        return known[1]


def _made(credentials: Credentials) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=credentials.trust or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # our certificate is asked for before a request, or not at all: see `connecting`
    context.options |= ssl.OP_NO_RENEGOTIATION
    if credentials.trust:
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if credentials.certificate or credentials.private_key:
        with _readable(credentials.certificate) as chain, _readable(credentials.private_key) as key:
            context.load_cert_chain(chain, key, password=_no_password)
    return context


@contextmanager
def _readable(pem: str) -> Iterator[str]:
    """The library reads certificates and keys from files alone: these have no name, and end when they are
    read.
    """
    with tempfile.TemporaryFile(buffering=0) as file:
        file.write(pem.encode())
        file.seek(0)
        yield f"/dev/fd/{file.fileno()}"


def _no_password() -> str:
    """Instead of a question on the terminal."""
    return ""


def _digest(credentials: Credentials) -> bytes:
    digest = hashlib.sha256()
    for part in (credentials.certificate, credentials.private_key, credentials.trust):
        digest.update(hashlib.sha256(part.encode(errors="replace")).digest())
    return digest.digest()
