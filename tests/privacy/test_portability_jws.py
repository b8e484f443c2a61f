"""Signatures: the known answer of RFC 8037, and nothing that is written otherwise passes."""

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from privacy.portability import jws
from privacy.portability.keys import jwks, signed

# RFC 8037, appendix A
SEED = jws.decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")
PUBLIC = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
THUMBPRINT = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
SIGNATURE = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
KEY = Ed25519PrivateKey.from_private_bytes(SEED)
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
TYP = "test+jws"


def message(payload: bytes = b"payload", key: Ed25519PrivateKey = KEY) -> bytes:
    return jws.sign(payload, key, typ=TYP).encode()


def opened(compact: bytes, key: Ed25519PrivateKey = KEY) -> bytes:
    return jws.payload_of(jws.read(compact, typ=TYP), [jws.public_jwk(key)])


def test_key_and_thumbprint_are_those_of_the_rfc() -> None:
    jwk = jws.public_jwk(KEY)
    assert (jwk["x"], jwk["kid"]) == (PUBLIC, THUMBPRINT)


def test_signature_is_that_of_the_rfc() -> None:
    signing_input = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
    assert jws.encode(KEY.sign(signing_input)) == SIGNATURE


@given(st.binary(min_size=1, max_size=200))
def test_what_was_signed_comes_back(payload: bytes) -> None:
    assert opened(message(payload)) == payload


@given(st.data())
def test_no_changed_character_passes(data: st.DataObject) -> None:
    good = message()
    at = data.draw(st.integers(0, len(good) - 1))
    other = data.draw(st.sampled_from(b"ABCxyz019-_.=+/ ").filter(lambda one: one != good[at]))
    with pytest.raises(jws.NotSigned):
        opened(good[:at] + bytes([other]) + good[at + 1 :])


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none", "kid": THUMBPRINT, "typ": TYP},
        {"alg": "HS256", "kid": THUMBPRINT, "typ": TYP},
        {"alg": "EdDSA", "kid": THUMBPRINT, "typ": "another+jws"},
        {"alg": "EdDSA", "kid": THUMBPRINT},
        {"alg": "EdDSA", "kid": THUMBPRINT, "typ": TYP, "crit": ["b64"], "b64": False},
        {"alg": "EdDSA", "kid": THUMBPRINT, "typ": TYP, "jwk": jws.public_jwk(OTHER)},
        {"alg": "EdDSA", "kid": 7, "typ": TYP},
    ],
)
def test_other_header_is_refused_although_the_signature_is_right(header: dict[str, object]) -> None:
    start = f"{jws.encode(json.dumps(header).encode())}.{jws.encode(b'payload')}"
    with pytest.raises(jws.NotSigned):
        opened(f"{start}.{jws.encode(KEY.sign(start.encode()))}".encode())


def test_key_of_somebody_else_opens_nothing() -> None:
    with pytest.raises(jws.NotSigned):
        opened(message(), OTHER)


@pytest.mark.parametrize(
    "jwk",
    [
        None,
        "text",
        {},
        {"kty": "EC", "crv": "P-256", "x": PUBLIC},
        {"kty": "OKP", "crv": "Ed25519", "x": PUBLIC, "d": jws.encode(SEED)},
        {"kty": "OKP", "crv": "Ed25519", "x": base64.urlsafe_b64encode(bytes(31)).decode()},
        {"kty": "OKP", "crv": "Ed25519", "x": 5},
    ],
)
def test_what_is_no_public_key_is_refused(jwk: object) -> None:
    with pytest.raises(jws.NotSigned):
        jws.public_key(jwk)


def test_new_key_signs_and_the_old_one_still_verifies(settings: object) -> None:
    old = signed(b"payload", typ=TYP).encode()
    settings.PORTABILITY_KEYS = {**settings.PORTABILITY_KEYS, "new": SEED}  # type: ignore[attr-defined]
    new = signed(b"payload", typ=TYP).encode()
    published = jwks()["keys"]
    assert jws.read(new, typ=TYP).kid == THUMBPRINT == published[0]["kid"]
    for one in (old, new):
        assert jws.payload_of(jws.read(one, typ=TYP), published) == b"payload"


def test_no_private_part_is_published() -> None:
    assert all("d" not in key for key in jwks()["keys"])
