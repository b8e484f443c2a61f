"""Reference numbers that people can read aloud: no letter or digit that looks like another."""

import secrets

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
APPLICATION = "JB"


def make_reference(prefix: str) -> str:
    """A random reference such as ``JB-7K2M9-QRT4X``: ``C`` customer, ``A`` account, ``JB`` application.

    31^10 values: a clash is not met in practice, and the unique column would refuse it.
    """
    body = "".join(secrets.choice(ALPHABET) for _ in range(10))
    return f"{prefix}-{body[:5]}-{body[5:]}"
