"""Reference numbers that people can read aloud: no letter or digit that looks like another."""

import re
import secrets

from applications.formats import compact

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
APPLICATION = "JB"
GROUPS = re.compile(r"([A-Z]{1,2})([0-9A-Z]{5})([0-9A-Z]{5})")


def make_reference(prefix: str) -> str:
    """A random reference such as ``JB-7K2M9-QRT4X``: ``C`` customer, ``A`` account, ``JB`` application.

    31^10 values: a clash is not met in practice, and the unique column would refuse it.
    """
    number, body = secrets.randbelow(len(ALPHABET) ** 10), ""
    for _place in range(10):
        number, digit = divmod(number, len(ALPHABET))
        body += ALPHABET[digit]
    return f"{prefix}-{body[:5]}-{body[5:]}"


def as_stored(text: str) -> str:
    """A reference as it is stored, whatever spaces, hyphens and invisible marks it was pasted with."""
    plain = compact(text).upper()
    groups = GROUPS.fullmatch(plain)
    return "-".join(groups.groups()) if groups else plain
