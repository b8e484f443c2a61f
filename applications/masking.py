"""Personal data as staff see them by default: enough to recognise a case, not to know a person. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

from applications.personal import Mask

DOT = "•"


def mask_name(text: str | None) -> str:
    """The first letter, then five dots whatever the length: ``M•••••``."""
    return f"{text[0]}{DOT * 5}" if text else ""


def mask_tail(text: str | None, *, shown: int = 2) -> str:
    """Dots, then the last characters; hyphens stay: ``••••••-•••97``."""
    if not text or len(text) <= shown:
        return DOT * len(text or "")
    hidden = "".join(character if character == "-" else DOT for character in text[:-shown])
    return hidden + text[-shown:]


def mask_email(text: str | None) -> str:
    """The first letter and the top-level domain: ``j•••••@•••••.lv``."""
    name, at, domain = (text or "").partition("@")
    return f"{mask_name(name)}@{DOT * 5}.{domain.rpartition('.')[2]}" if at else mask_name(text)


def mask_all(text: str | None) -> str:
    """Five dots whatever it is; nothing where there is nothing."""
    return DOT * 5 if text else ""


MASKS: Mapping[Mask, Callable[[str | None], str]] = {
    Mask.HIDDEN: mask_all,
    Mask.INITIAL: mask_name,
    Mask.TAIL: mask_tail,
    Mask.EMAIL: mask_email,
    Mask.SHOWN: lambda text: text or "",
}


def mask(value: Any, how: Mask) -> str:
    """A value of any type as staff see it by default, by its field's declaration."""
    return MASKS[how](None if value is None else str(value))
