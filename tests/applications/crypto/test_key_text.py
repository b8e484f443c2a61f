"""Reading keys from the environment."""

import base64
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from applications.crypto.key_text import parse_index_keys, parse_master_keys

ONE, TWO = bytes(range(32)), bytes(range(1, 33))


def b64(key: bytes) -> str:
    return base64.b64encode(key).decode()


def test_master_keys_keep_their_order() -> None:
    keys = parse_master_keys(f"epoch1:{b64(ONE)},epoch2:{b64(TWO)}")
    assert list(keys.items()) == [("epoch1", ONE), ("epoch2", TWO)]


def test_keys_may_stand_one_a_line() -> None:
    assert parse_master_keys(f"\n epoch1 : {b64(ONE)}\nepoch2:{b64(TWO)}\n") == {"epoch1": ONE, "epoch2": TWO}
    assert parse_index_keys(f"1:{b64(ONE)}\n255:{b64(TWO)}\n") == {1: ONE, 255: TWO}


@pytest.mark.parametrize("parse", [parse_master_keys, parse_index_keys])
@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "at least one key"),
        (" , \n", "at least one key"),
        (b64(ONE), "name:key"),
        (f":{b64(ONE)}", "name:key"),
        ("1:", "not 32 bytes"),
        (f"1:{b64(ONE[:31])}", "not 32 bytes"),
        (f"1:{b64(ONE + b'x')}", "not 32 bytes"),
        ("1:sečret*secret", "not base64"),
        (f"1:{b64(ONE)[:-1]}", "not base64"),
        (f"1:{b64(ONE)},1:{b64(TWO)}", "same name stands twice"),
        (f"1:{b64(ONE)},2:{b64(ONE)}", "same key stands twice"),
    ],
)
def test_bad_text_is_refused(parse: Callable[[str], Any], text: str, sentence: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=sentence) as caught:
        parse(text)
    assert caught.value.__context__ is None
    assert not any(part in str(caught.value) for part in (b64(ONE)[:8], b64(TWO)[:8], "secret"))


@pytest.mark.parametrize("name", ["0", "256", "01", "-1", "a", "1.5", "999", "٣"])
def test_an_index_key_id_fits_in_one_byte(name: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="from 1 to 255"):
        parse_index_keys(f"{name}:{b64(ONE)}")


def test_an_epoch_is_a_short_name() -> None:
    with pytest.raises(ImproperlyConfigured, match="epoch is a name"):
        parse_master_keys(f"{'e' * 41}:{b64(ONE)}")
