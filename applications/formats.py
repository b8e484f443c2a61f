"""How values are written for a person to read: money, dates, phones, codes."""

import re
import unicodedata
from datetime import date, timedelta

import phonenumbers
from django.utils.dateformat import format as date_format
from django.utils.functional import lazy
from django.utils.translation import get_language, gettext, ngettext

NO_BREAK_SPACE = "\u00a0"

_MINUS = "\u2212"  # the mathematical minus: a dash to whoever pastes it, a symbol to Unicode
_IN_PLACE_OF_NOTHING = ("Z", "Pd", "Cf")  # spaces, dashes, invisible marks such as the soft hyphen


def compact(text: str) -> str:
    """The text without spaces, dashes of any alphabet and invisible marks: what is left of a grouped code."""
    return "".join(
        character
        for character in text
        if character != _MINUS and not unicodedata.category(character).startswith(_IN_PLACE_OF_NOTHING)
    )


def euro_text(cents: int) -> str:
    """Euro cents as euro: 123456 → "1 234,56" with a no-break space; where English is active "1,234.56"."""
    euro, rest = divmod(abs(cents), 100)
    sign = "-" if cents < 0 else ""
    if get_language() == "en":
        return f"{sign}{euro:,}.{rest:02d}"
    return f"{sign}{euro:,}".replace(",", NO_BREAK_SPACE) + f",{rest:02d}"


def money_text(cents: int) -> str:
    """Euro cents with the sign of the currency: 123456 → "1 234,56 €", in English "€1,234.56"."""
    text = euro_text(cents)
    return f"€{text}" if get_language() == "en" else f"{text}{NO_BREAK_SPACE}€"


# For texts that are made when a module is imported and read in whatever language is active then.
money_text_lazy = lazy(money_text, str)


def date_text(value: date) -> str:
    """A date in the Latvian numeric form, "05.11.2030."; where English is active "5 November 2030"."""
    return date_format(value, "j F Y" if get_language() == "en" else "d.m.Y.")


def day_text(value: date) -> str:
    """A date of this year, for where there is little room: "05.11."; where English is active "5 Nov"."""
    return date_format(value, "j M" if get_language() == "en" else "d.m.")


def months_text(months: int) -> str:
    """A term: 36 → "36 months"."""
    return ngettext("%(months)s month", "%(months)s months", months) % {"months": months}


def number_text(number: int) -> str:
    """A whole number with its thousands apart: "12 345" with a no-break space, in English "12,345"."""
    text = f"{number:,}"
    return text if get_language() == "en" else text.replace(",", NO_BREAK_SPACE)


def age_text(age: timedelta) -> str:
    """How long something has lasted, in its largest unit: "40 seconds", "3 hours", "2 days"."""
    seconds = int(age.total_seconds())
    if seconds < 1:
        return gettext("less than a second")
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if days > 1:
        return ngettext("%(n)d day", "%(n)d days", days) % {"n": days}
    if hours:
        return ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}
    if minutes:
        return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
    return ngettext("%(n)d second", "%(n)d seconds", seconds) % {"n": seconds}


def phone_text(e164: str) -> str:
    """A stored number in groups: "+37121234567" → "+371 21 234 567". What is no number stays as it is."""
    try:
        number = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return e164
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def canonical_personal_code(text: str) -> str:
    """A personal code as it is stored, "DDMMYY-CNNNZ"; what is not eleven digits comes back compacted."""
    digits = compact(text)
    return f"{digits[:6]}-{digits[6:]}" if re.fullmatch(r"[0-9]{11}", digits) else digits
