"""A certificate authority for the sandbox, made anew from a word wherever it is needed and stored nowhere.

Keys are derived and Ed25519 signs without chance, so two processes that share the word issue certificates
that verify against each other's.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

STANDS = timedelta(days=397)
_SIGNS = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=False,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)
_ISSUES = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


@dataclass(frozen=True, slots=True)
class Identity:
    """A certificate and its key, PEM."""

    certificate: str
    private_key: str = field(repr=False)


class Authority:
    """Issues certificates of servers and of clients; `certificate` is its own, PEM."""

    def __init__(self, word: str, *, now: datetime | None = None) -> None:
        self._word = word
        self._now = (now or datetime.now(tz=UTC)).replace(hour=0, minute=0, second=0, microsecond=0)
        self._name = _named("Sandbox authority")
        self._key = self._derived("authority")
        own = self._begun("authority", self._name, self._key.public_key())
        constraint = x509.BasicConstraints(ca=True, path_length=0)
        self.certificate = _pem(
            own.add_extension(constraint, critical=True)
            .add_extension(_ISSUES, critical=True)
            .sign(self._key, None)
        )

    def client(self, name: str) -> Identity:
        """Whoever speaks to a lender under that name."""
        return self._issue(name, ExtendedKeyUsageOID.CLIENT_AUTH, None)

    def server(self, host: str) -> Identity:
        """A server at that name or IP address."""
        return self._issue(host, ExtendedKeyUsageOID.SERVER_AUTH, _general_name(host))

    def _issue(self, name: str, use: x509.ObjectIdentifier, place: x509.GeneralName | None) -> Identity:
        key = self._derived(f"{use.dotted_string} {name}")
        issued = (
            self._begun(name, _named(name), key.public_key())
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_SIGNS, critical=True)
            .add_extension(x509.ExtendedKeyUsage([use]), critical=False)
        )
        if place is not None:
            issued = issued.add_extension(x509.SubjectAlternativeName([place]), critical=False)
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        return Identity(_pem(issued.sign(self._key, None)), private)

    def _begun(self, purpose: str, name: x509.Name, key: Ed25519PublicKey) -> x509.CertificateBuilder:
        authority = self._key.public_key()
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(int.from_bytes(self._digest(f"serial {purpose}")[:16], "big") >> 1)
            .not_valid_before(self._now - timedelta(days=1))
            .not_valid_after(self._now + STANDS)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority), critical=False)
        )

    def _derived(self, purpose: str) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self._digest(f"key {purpose}"))

    def _digest(self, purpose: str) -> bytes:
        return hmac.new(self._word.encode(), f"tls {purpose}".encode(), hashlib.sha256).digest()


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()
