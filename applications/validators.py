"""From typed text to the stored form of a value, or to a sentence that says what to write instead.

Every `clean_*` returns the canonical text and is idempotent; every `check_*` returns nothing. Both raise
`django.core.exceptions.ValidationError` and nothing else, and no message repeats what was typed.
"""

import re
import unicodedata
from datetime import date, timedelta
from typing import Any

import idna
import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from applications.formats import canonical_personal_code, compact, money_text

MIN_AMOUNT_CENTS, MAX_AMOUNT_CENTS = 100_00, 50_000_00
MIN_TERM_MONTHS, MAX_TERM_MONTHS = 1, 120
MIN_REPAYMENT_DAY, MAX_REPAYMENT_DAY = 1, 28
MAX_DEPENDANTS = 20
MAX_MONTHLY_CENTS = 1_000_000_00
MIN_AGE_YEARS = 18
MAX_DOCUMENT_YEARS = 50
EARLIEST_BIRTH_DATE = date(1900, 1, 1)
MIN_KEYWORD, MAX_KEYWORD = 4, 40
MAX_NAME, MAX_TEXT = 100, 200
MAX_EMAIL = 254  # RFC 5321, 4.5.3.1.3: a path of 256 octets less its angle brackets

# PostgreSQL refuses NUL, UTF-8 refuses lone surrogates, and an answer is one line.
_REFUSED_CATEGORIES = {"Cc", "Cs", "Zl", "Zp"}
_CHECKSUM_WEIGHTS = (10, 5, 8, 4, 2, 1, 6, 3, 7, 9)
_PHONE_TYPES = {
    phonenumbers.PhoneNumberType.MOBILE,
    phonenumbers.PhoneNumberType.FIXED_LINE,
    phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,
}
# Whole euro in one piece, or in groups of three by one kind of separator; then perhaps a point and cents.
_EURO = re.compile(
    r"(?P<whole>[1-9][0-9]{0,2}(?P<group>[ .,])[0-9]{3}(?:(?P=group)[0-9]{3})*|[0-9]+)"
    r"(?:(?P<point>[.,])(?P<cents>[0-9]+))?"
)
_LONGEST_AMOUNT = 30  # characters; past any amount, and far from the length at which int() refuses
_valid_email = EmailValidator(allowlist=[])


def _error(message: str | Promise, code: str, **params: Any) -> ValidationError:
    return ValidationError(message, code=code, params=params or None)  # type: ignore[arg-type]


# --- plain text -----------------------------------------------------------------------------------------
def visible(text: str) -> str:
    """The text in NFC without invisible marks and with single spaces; raises on control characters."""
    stripped = text.strip()
    if any(unicodedata.category(character) in _REFUSED_CATEGORIES for character in stripped):
        message = _("Write this in one line, without tabs or other control characters.")
        raise _error(message, "control_characters")
    shown = "".join(character for character in stripped if unicodedata.category(character) != "Cf")
    return unicodedata.normalize("NFC", " ".join(shown.split()))


def clean_text(text: str, *, least: int = 2, most: int = MAX_TEXT) -> str:
    """One line of free text, `least` to `most` characters long, with a letter or a digit in it."""
    value = visible(text)
    if len(value) < least:
        raise _error(_("Write at least %(limit)s characters."), "too_short", limit=least)
    if len(value) > most:
        raise _error(_("Make this shorter: at most %(limit)s characters."), "too_long", limit=most)
    if not any(character.isalnum() for character in value):
        raise _error(_("Write this with letters or digits."), "no_letters")
    return value


def clean_name(text: str) -> str:
    """A personal name: letters of any alphabet, spaces, hyphens and apostrophes, with a letter first."""
    value = re.sub(r"[\u2010-\u2015\u2212]", "-", clean_text(text, least=1, most=MAX_NAME))
    letters = all(unicodedata.category(character)[0] in "LM" or character in " -'’‘" for character in value)
    if not letters or not value[0].isalpha():
        message = _("Write the name with letters only; spaces, hyphens and apostrophes are fine.")
        raise _error(message, "invalid_name")
    return value


def clean_keyword(text: str) -> str:
    """The word by which the consumer and a lender recognise each other. It is no secret and no identifier."""
    value = clean_text(text, least=MIN_KEYWORD, most=MAX_KEYWORD)
    if not any(character.isalpha() for character in value) or re.search(r"[0-9]{11}", compact(value)):
        message = _("Choose a word. Do not use a number, and never your personal code.")
        raise _error(message, "not_a_word")
    return value


# --- personal code and age ------------------------------------------------------------------------------
def _is_dateless(digits: str) -> bool:
    """Issued since July 2017: 3, then 2–9, then nine random digits. No legacy code begins with day 32–39."""
    return digits[0] == "3" and digits[1] >= "2"


def _legacy_birth_date(digits: str) -> date:
    """The date in DDMMYYC; C counts centuries from 18xx. Raises ValueError where there is no such day."""
    return date(1800 + 100 * int(digits[6]) + int(digits[4:6]), int(digits[2:4]), int(digits[:2]))


def legacy_check_digit(first_ten: str) -> str:
    """The last digit of a legacy code: (1 + Σ w·d) mod 11 mod 10, so that a remainder of 10 is written 0."""
    total = 1 + sum(weight * int(digit) for weight, digit in zip(_CHECKSUM_WEIGHTS, first_ten, strict=True))
    return str(total % 11 % 10)


def clean_personal_code(text: str) -> str:
    """A Latvian personal code as "DDMMYY-CNNNZ" or "32XXXX-XXXXX".

    A legacy code must hold a real date, a century 0–2 and the right check digit. A code without a birth date
    is random: only its form is checked, since a checksum or a date would turn away real people.
    """
    digits = compact(text)
    if not re.fullmatch(r"[0-9]{11}", digits):
        message = _("Write the personal code as 010190-12345 or without the hyphen.")
        raise _error(message, "invalid_personal_code")
    if _is_dateless(digits):
        return canonical_personal_code(digits)
    if digits[6] > "2":
        message = _("Check the digit after the hyphen in the personal code: it is 0, 1 or 2.")
        raise _error(message, "no_such_century")
    try:
        _legacy_birth_date(digits)
    except ValueError:
        message = _(
            "Check the first six digits of the personal code: "
            "they are the day, the month and the year of birth."
        )
        raise _error(message, "no_such_birth_date") from None
    if legacy_check_digit(digits[:10]) != digits[10]:
        raise _error(_("Check the personal code: one of its digits is wrong."), "wrong_check_digit")
    return canonical_personal_code(digits)


def birth_date_in(code: str) -> date | None:
    """The date of birth that a personal code carries; None for a code issued without one or a wrong one."""
    try:
        digits = compact(clean_personal_code(code))
    except ValidationError:
        return None
    return None if _is_dateless(digits) else _legacy_birth_date(digits)


def full_years(birth_date: date, on: date) -> int:
    """Age in full years. Somebody born on 29 February completes a year at the end of 28 February, so is older
    from 1 March where the year has no such day."""
    return on.year - birth_date.year - ((on.month, on.day) < (birth_date.month, birth_date.day))


def check_birth_date(birth_date: date, *, today: date) -> None:
    """A believable date of birth of an adult; `today` is the date in Riga. Code "under_age" marks a minor."""
    if birth_date > today:
        raise _error(_("Check the date of birth: it is in the future."), "in_future")
    if birth_date < EARLIEST_BIRTH_DATE:
        message = _("Check the year of birth: it is before %(year)s.")
        raise _error(message, "too_early", year=EARLIEST_BIRTH_DATE.year)
    if full_years(birth_date, today) < MIN_AGE_YEARS:
        message = _(
            "Lenders may lend only to people who are at least %(years)s years old, so you cannot apply yet. "
            "You are welcome from the birthday on which you turn %(years)s."
        )
        raise _error(message, "under_age", years=MIN_AGE_YEARS)


def check_same_birth_date(birth_date: date, personal_code: str) -> None:
    """The date in a legacy code is the one that was typed; a code without a date agrees with any."""
    if birth_date_in(personal_code) not in (None, birth_date):
        message = _(
            "Compare the first six digits of the personal code with the date of birth above: "
            "they stand for different dates."
        )
        raise _error(message, "birth_date_differs")


# --- contact and document -------------------------------------------------------------------------------
def clean_phone(text: str) -> str:
    """A mobile or landline number of any state in E.164 ("+37121234567"); without a country code, Latvian."""
    wrong = _error(
        _("Write a phone number such as 21 234 567; outside Latvia begin with + and the country code."),
        "invalid_phone",
    )
    written = compact(text)
    if any(character.isalpha() for character in written):  # 1800CALLME and "ext." would be read as digits
        raise wrong
    try:
        number = phonenumbers.parse(written, "LV")
    except phonenumbers.NumberParseException:
        raise wrong from None
    if number.extension or not phonenumbers.is_valid_number(number):
        raise wrong
    if phonenumbers.number_type(number) not in _PHONE_TYPES:
        raise wrong
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def clean_postcode(text: str) -> str:
    """A Latvian postcode as "LV-1010"; the letters and the hyphen may be left out."""
    match = re.fullmatch(r"(?:[Ll][Vv])?([0-9]{4})", compact(text))
    if not match:
        raise _error(_("Write the postcode as LV-1010 or only its four digits."), "invalid_postcode")
    return f"LV-{match[1]}"


def clean_document_number(text: str) -> str:
    """5–20 Latin capitals and digits without spaces.

    One rule for all document types: documents of any state are accepted, and their patterns differ.
    """
    value = compact(text)
    if not re.fullmatch(r"(?=.*[0-9])[A-Za-z0-9]{5,20}", value):
        message = _("Write the number as it is printed on the document: 5 to 20 Latin letters and digits.")
        raise _error(message, "invalid_document_number")
    return value.upper()


def check_valid_until(valid_until: date, *, today: date) -> None:
    """The document outlasts today, and not by more than documents are issued for: that is a mistyped year."""
    if valid_until <= today:
        raise _error(_("This document is no longer valid. Use one that is valid after today."), "expired")
    if full_years(today, valid_until - timedelta(days=1)) >= MAX_DOCUMENT_YEARS:
        message = _("Check the year: documents are not valid for more than %(years)s years.")
        raise _error(message, "too_late", years=MAX_DOCUMENT_YEARS)


def clean_email(text: str) -> str:
    """An address with the domain in lower-case ASCII (IDNA 2008); the part before @ stays as typed."""
    wrong = _error(_("Write the e-mail address as name@example.com."), "invalid_email")
    local, _at, domain = visible(text).rpartition("@")
    if len(domain) > MAX_EMAIL or not local.isascii():
        raise wrong
    try:
        address = f"{local}@{_ascii_domain(domain)}"
        _valid_email(address)
    except (UnicodeError, ValidationError):
        raise wrong from None
    if len(address) > MAX_EMAIL or address.endswith("]"):  # [192.0.2.1]: no person's mailbox
        raise wrong
    return address


def _ascii_domain(domain: str) -> str:
    """The domain as it stands in the DNS. Python's own codec follows the rules of 2003, under which straße.de
    becomes strasse.de: the code would go to a stranger. Raises UnicodeError."""
    return domain.lower() if domain.isascii() else idna.encode(domain, uts46=True).decode("ascii")


def clean_sign_in_code(text: str) -> str:
    """The six digits of a mailed code; spaces and hyphens do not count."""
    value = compact(text)
    if not re.fullmatch(r"[0-9]{6}", value):
        raise _error(_("Write the six digits from the e-mail."), "invalid_code")
    return value


# --- money ----------------------------------------------------------------------------------------------
def parse_euro(text: str) -> int:
    """Euro cents from "1 234,56", "1234.56", "1.234,56", "€ 1 200" and the like.

    One separator before exactly three digits ("1.234") may mean either thousands or decimals and is refused.
    """
    value = re.sub(r"^(?:€|EUR)|(?:€|EUR)$", "", visible(text), flags=re.IGNORECASE).strip()
    if re.match(r"[-\u2010-\u2015\u2212]", value):
        raise _error(_("Write the amount without a minus sign."), "negative")
    match = _EURO.fullmatch(value) if len(value) <= _LONGEST_AMOUNT else None
    if not match or (match["point"] and match["point"] == match["group"]):
        raise _error(_("Write the amount in digits, for example 1234,56."), "invalid_amount")
    whole, cents = match["whole"], match["cents"] or ""
    if re.fullmatch(r"[1-9][0-9]{0,2}[.,][0-9]{3}", value):
        message = _("Do not separate thousands with a comma or point: write 1234 or, with cents, 1234,50.")
        raise _error(message, "ambiguous")
    if len(cents) > 2:
        raise _error(_("Write at most two digits after the comma: they are the cents."), "too_many_decimals")
    return int(re.sub(r"[^0-9]", "", whole)) * 100 + int(cents.ljust(2, "0"))


def check_cents(cents: int, *, least: int, most: int) -> None:
    """An amount within its limits, both in euro cents."""
    if cents < least:
        raise _error(_("Write an amount of at least %(limit)s."), "too_little", limit=money_text(least))
    if cents > most:
        raise _error(_("Write an amount of at most %(limit)s."), "too_much", limit=money_text(most))
