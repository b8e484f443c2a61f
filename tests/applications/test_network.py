"""Whose address a request comes from: what our own proxies wrote, never what the client claims."""

from typing import Any

import pytest
from django.test import RequestFactory

from applications import normalise
from applications.network import client_address

CLIENT, PROXY = "198.51.100.7", "10.0.0.1"


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, None, PROXY),
        (0, CLIENT, PROXY),
        (1, CLIENT, CLIENT),
        (1, f"203.0.113.1, {CLIENT}", CLIENT),
        (1, f"203.0.113.1,203.0.113.2 ,  {CLIENT} ", CLIENT),
        (2, f"203.0.113.1, {CLIENT}, 10.0.0.2", CLIENT),
        (2, "10.0.0.2", PROXY),
        (1, None, PROXY),
        (1, " , ,", PROXY),
        (1, "2001:db8::7", "2001:db8::7"),
    ],
)
def test_address_is_the_one_that_the_outermost_trusted_proxy_saw(
    settings: Any, proxies: int, forwarded: str | None, expected: str
) -> None:
    settings.TRUSTED_PROXIES = proxies
    headers = {} if forwarded is None else {"x-forwarded-for": forwarded}
    assert client_address(RequestFactory().get("/", REMOTE_ADDR=PROXY, headers=headers)) == expected


def test_addresses_of_one_ipv6_network_count_as_one() -> None:
    assert normalise.address("2001:db8:0:1::5") == normalise.address("2001:db8:0:1:ffff::9")
    assert normalise.address("2001:db8:0:1::5") != normalise.address("2001:db8:0:2::5")


def test_ipv4_address_in_ipv6_clothes_is_itself() -> None:
    assert normalise.address("::ffff:192.0.2.7") == normalise.address("192.0.2.7")
