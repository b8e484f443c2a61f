"""System checks of the frame: the log filter obeys the data map."""

from typing import Any

from django.core.checks import CheckMessage, Error, register

from applications.personal import Mask
from joinbaltic.logging import ALLOWED_KEYS
from privacy.datamap import entries


@register("personal_data")
def check_log_keys(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """No key that may be logged is the name of a field whose values are masked even for staff."""
    hidden = {entry.declared.field.name for entry in entries() if entry.mark.mask is not Mask.SHOWN}
    hidden |= {entry.label for entry in entries() if entry.mark.mask is not Mask.SHOWN}
    return [
        Error(
            f"The log filter lets {name} through, which the data map hides.",
            hint="Take the key off joinbaltic.logging.ALLOWED_KEYS, or log under another name.",
            id="joinbaltic.E001",
        )
        for name in sorted(ALLOWED_KEYS & hidden)
    ]
