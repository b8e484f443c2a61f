"""Reading what may be gone on purpose."""

from typing import Any

from django.db import models

from applications.crypto.errors import DecryptionError, KeyDestroyed


def unless_destroyed(row: models.Model, field: str) -> Any:
    """The value of an encrypted field; None where there is none, or the key that sealed it was destroyed.

    Raises DecryptionError when it cannot be read for any other reason.
    """
    try:
        return getattr(row, field)
    except DecryptionError as error:
        if error.code != KeyDestroyed.code:
            raise
    return None
