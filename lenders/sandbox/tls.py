"""The sandbox's door for lenders that want to see a certificate, and show one.

Both come from an authority made out of SANDBOX_SECRET: the sandbox and whoever registers its lenders are two
processes that share nothing else.
"""

from __future__ import annotations

import ssl
import tempfile

from lenders.sandbox.books import Books, FaultName
from lenders.sandbox.certificates import Authority, Identity
from lenders.sandbox.secrets import SANDBOX_LENDERS

STRANGER = Authority("nobody that we know")


def listener(host: str, *, secret: str, books: Books) -> ssl.SSLContext:
    """For a server at that host: lets in whom our authority certified.

    A lender told to answer as a stranger would (`bad_signature`) is one from the handshake on, when what it
    is asked has not been sent.
    """
    authority = Authority(secret)
    context, stranger = _shown(authority.server(host)), _shown(STRANGER.server(host))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=authority.certificate)

    def choose(session: ssl.SSLObject, _host: str | None, _context: ssl.SSLContext) -> None:
        if any(_is_to_be_strange(books, lender.slug) for lender in SANDBOX_LENDERS if lender.over_tls):
            session.context = stranger

    context.sni_callback = choose
    return context


def _is_to_be_strange(books: Books, slug: str) -> bool:
    fault = books.faults.get(slug)
    if fault is None or fault.name is not FaultName.BAD_SIGNATURE:
        return False
    return books.take_fault(slug).name is FaultName.BAD_SIGNATURE


def _shown(identity: Identity) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    with tempfile.TemporaryFile(buffering=0) as file:  # the library reads certificates from files alone
        file.write((identity.certificate + identity.private_key).encode())
        file.seek(0)
        context.load_cert_chain(f"/dev/fd/{file.fileno()}")
    return context
