"""Sealing a file for whoever has the private key of an X.509 certificate: CMS EnvelopedData (RFC 5652). Pure.

It is what authorities and law offices have certificates for already, and any S/MIME program or `openssl cms
-decrypt -inform DER` opens it; no passphrase has to reach them another way. AES-256 encrypts the content, RSA
its key. CMS of this kind shows nobody that it was not altered: the register keeps the digest of the file, and
who receives it compares.
"""

from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7EnvelopeBuilder, PKCS7Options

from privacy.errors import CertificateRefused

LEAST_BITS = 2048
LARGEST = 20_000
PEM = b"-----BEGIN CERTIFICATE-----"


def read_certificate(given: bytes, *, now: datetime) -> x509.Certificate:
    """A certificate, PEM or DER, that something can be sealed for today. Raises CertificateRefused."""
    try:
        loads = x509.load_pem_x509_certificate if PEM in given else x509.load_der_x509_certificate
        found = loads(given[: LARGEST + 1])
        fit = _may_encipher(found) and found.not_valid_before_utc <= now <= found.not_valid_after_utc
    except Exception:  # what a file is not, its reader says in any way; the file may quote people
        fit = False
    if not fit:
        raise CertificateRefused
    return found


def _may_encipher(certificate: x509.Certificate) -> bool:
    key = certificate.public_key()
    if not isinstance(key, RSAPublicKey) or key.key_size < LEAST_BITS:
        return False
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return usage.key_encipherment


def as_der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of the certificate, hexadecimal, by which people compare it."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def seal(content: bytes, certificate: x509.Certificate) -> bytes:
    """The content, so that only the holder of the certificate's key can read it (DER)."""
    builder = PKCS7EnvelopeBuilder().set_data(content).add_recipient(certificate)
    sealed = builder.set_content_encryption_algorithm(algorithms.AES256)
    return sealed.encrypt(Encoding.DER, [PKCS7Options.Binary])
