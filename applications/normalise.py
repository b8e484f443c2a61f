"""The one spelling under which a value is looked up through a blind index."""

import ipaddress


def email(value: str) -> str:
    """Addresses that reach one mailbox in practice are one: case and outer spaces do not count."""
    return value.strip().casefold()


def personal_code(value: str) -> str:
    """Eleven digits; the hyphen is optional in writing."""
    return "".join(character for character in value if character.isdigit())


def message_id(value: str) -> str:
    """The identifier of a mail, with its brackets (RFC 5322 section 3.6.4)."""
    return value.strip()


def phone(value: str) -> str:
    """E.164 without spaces."""
    return "".join(value.split())


def address(value: str) -> str:
    """The network an IP address stands for: itself; in IPv6 its /64, which one subscriber holds whole."""
    try:
        ip = ipaddress.ip_address(value.strip().partition("%")[0])
    except ValueError:
        return value.strip().lower()
    if isinstance(ip, ipaddress.IPv6Address):
        mapped = ip.ipv4_mapped
        return str(mapped or ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)
