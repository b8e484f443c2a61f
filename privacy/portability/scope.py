"""What a person can take elsewhere (GDPR Art. 20(1), (4)): a rule over the data map, no list of fields. Pure.

In is what the person provided, under a contract or a consent. Provided is what they typed, told or sent, and
what their use of the site left in the raw (Article 29 Working Party, WP 242 rev.01, part III); never what we,
a lender or anybody else wrote, inferred or added. What may be about somebody else as well is left out: it is
in the copy (Art. 15), where it is looked through first.
"""

from collections.abc import Iterator
from enum import Enum

from applications.crypto.fields import BlindIndex
from applications.data_policy import recipients_of, retention_of, uses_of
from applications.declarations import Declared
from applications.personal import Basis, Personal, Purpose, RecipientKind, Source
from applications.retention_rules import Retention
from applications.subject_data import is_a_copy, outlives_its_subject
from privacy.datamap import all_fields

PROVIDED = frozenset({Source.FORM, Source.CONSUMER, Source.BROWSER})
BASES = frozenset({Basis.CONTRACT, Basis.CONSENT})
RECORDS = frozenset(
    {Retention.CODE, Retention.EVIDENCE, Retention.REQUESTS, Retention.ANSWERS, Retention.SECURITY,
     Retention.AUDIT}
)  # fmt: skip
"""Kept to prove or to secure what we do: on a duty or a legitimate interest, whatever else the category is
for."""


class Why(Enum):
    """Why a field is in the file, or is not."""

    PORTABLE = "provided by the person, under a contract or a consent"
    NOT_PROVIDED = "written or inferred by somebody else, or by somebody else as well"
    OTHER_BASIS = "processed neither under a contract nor with a consent"
    RECORD = "a record of what we did, kept on a duty or for security"
    OTHERS = "may be about somebody else as well (Art. 20(4))"
    TWICE = "the same value is in another field"


def judged(one: Declared, mark: Personal) -> Why:
    """Where the rule puts a personal field."""
    if isinstance(one.field, BlindIndex) or is_a_copy(one.model):
        return Why.TWICE
    if not PROVIDED.issuperset(mark.sources):
        return Why.NOT_PROVIDED
    if outlives_its_subject(one.model) or retention_of(mark) in RECORDS:
        return Why.RECORD
    if not portable_uses(mark):
        return Why.OTHER_BASIS
    return Why.OTHERS if mark.third_persons else Why.PORTABLE


def is_portable(one: Declared) -> bool:
    """Whether a field goes into the file."""
    return one.mark is not None and judged(one, one.mark) is Why.PORTABLE


def portable_fields() -> Iterator[Declared]:
    """The fields of the data map that go into the file."""
    return (one for one in all_fields() if is_portable(one))


def may_be_passed_on(one: Declared) -> bool:
    """Whether a portable field also goes straight to another controller: the data map says to whom."""
    return one.mark is not None and RecipientKind.CONTROLLER in recipients_of(one.mark)


def portable_uses(mark: Personal) -> dict[Purpose, Basis]:
    """The uses of a field that make it portable: those under a contract or with a consent."""
    return {purpose: basis for purpose, basis in uses_of(mark).items() if basis in BASES}
