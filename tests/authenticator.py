"""A passkey without hardware: it signs as a browser with an authenticator would, and lies when told to."""

import json
import os
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from django.conf import settings
from fido2.cose import ES256
from fido2.utils import sha256, websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

PRESENT, VERIFIED, ATTESTED = (
    AuthenticatorData.FLAG.UP,
    AuthenticatorData.FLAG.UV,
    AuthenticatorData.FLAG.AT,
)


class SoftPasskey:
    """One key pair. `count` is what its counter says next."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = os.urandom(16)
        self.count = 1

    def create(self, options: str, **lies: Any) -> str:
        """The answer to navigator.credentials.create()."""
        public = ES256.from_cryptography_key(self.key.public_key())
        credential = AttestedCredentialData.create(Aaguid.NONE, self.id, public)
        data = self._data(PRESENT | VERIFIED | ATTESTED, credential, lies)
        attestation = AttestationObject.create("none", data, {})
        client = self._client(options, "webauthn.create", lies)
        return self._answer(clientDataJSON=client, attestationObject=attestation)

    def get(self, options: str, **lies: Any) -> str:
        """The answer to navigator.credentials.get()."""
        data = self._data(PRESENT | VERIFIED, b"", lies)
        client = self._client(options, "webauthn.get", lies)
        signature = self.key.sign(data + client.hash, ec.ECDSA(SHA256()))
        return self._answer(clientDataJSON=client, authenticatorData=data, signature=signature)

    def _data(self, flags: Any, credential: bytes, lies: dict[str, Any]) -> AuthenticatorData:
        host = sha256(lies.get("host", settings.PASSKEY_HOST).encode())
        return AuthenticatorData.create(host, lies.get("flags", flags), self.count, credential)

    def _client(self, options: str, kind: str, lies: dict[str, Any]) -> CollectedClientData:
        return CollectedClientData.create(
            lies.get("kind", kind),
            lies.get("challenge", json.loads(options)["challenge"]),
            lies.get("origin", settings.PASSKEY_ORIGIN),
        )

    def _answer(self, **response: bytes) -> str:
        return json.dumps(
            {
                "id": websafe_encode(self.id),
                "rawId": websafe_encode(self.id),
                "type": "public-key",
                "response": {name: websafe_encode(part) for name, part in response.items()},
                "clientExtensionResults": {},
            }
        )
