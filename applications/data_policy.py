"""What the controller does with each category: purposes and their legal bases, recipients, retention. Pure.

The general part of every field's declaration; a field states only what differs. Read by the data map
(`privacy.datamap`), which checks it, and by whatever handles personal data on the floors below.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from applications.personal import Basis, Category, Personal, Purpose, RecipientKind
from applications.retention_rules import Retention

C, P, B, R = Category, Purpose, Basis, RecipientKind


class NotInPolicy(Exception):
    """A category would be used for a purpose, or given to a recipient, that the policy does not allow."""


@dataclass(frozen=True)
class Policy:
    """One category: what it holds in words, purpose → legal basis, kinds of recipients, retention rule."""

    holds: str | Promise
    uses: Mapping[Purpose, Basis]
    recipients: frozenset[RecipientKind]
    retention: Retention


# What the law asks of every category: to show it to its person, to defend claims, to answer authorities.
_ALWAYS = {
    P.DATA_SUBJECT_RIGHTS: B.LEGAL_OBLIGATION,
    P.LEGAL_CLAIMS: B.LEGITIMATE_INTERESTS,
    P.INFORM_AUTHORITIES: B.LEGAL_OBLIGATION,
}
# Who may receive any category: authorities and courts, lawyers and auditors in single cases, who hosts it.
_ANYBODY = frozenset({R.AUTHORITY, R.PARTNER, R.PROCESSOR})
_FORM = _ALWAYS | {
    P.HANDLE_APPLICATIONS: B.CONTRACT,
    P.PASS_TO_LENDERS: B.CONTRACT,
    P.OBLIGATIONS_TO_LENDERS: B.LEGITIMATE_INTERESTS,
    P.SERVE_CUSTOMERS: B.CONTRACT,
    P.HANDLE_COMPLAINTS: B.LEGAL_OBLIGATION,
    P.INFORMATION_SECURITY: B.LEGITIMATE_INTERESTS,
}
_FORM_RECIPIENTS = _ANYBODY | {R.LENDER, R.CONTROLLER}


def _form(holds: str | Promise) -> Policy:
    return Policy(holds, _FORM, _FORM_RECIPIENTS, Retention.APPLICATION)


POLICIES: Mapping[Category, Policy] = {
    C.IDENTIFICATION: _form(
        _(
            "given name, surname, date of birth, personal code, phone, e-mail, address; "
            "a document about the address, if a lender asks for one and you give it"
        ),
    ),
    C.ACCOUNT: Policy(
        _("account number, customer identifier, payment method, marketing preferences, complaints, notes"),
        _FORM | {P.RUN_SERVICE: B.CONTRACT},
        _FORM_RECIPIENTS,
        Retention.ACCOUNT,
    ),
    C.IDENTITY_DOCUMENT: _form(
        _(
            "type, number and validity of the identity document; "
            "a copy of it, if a lender asks for one and you give it"
        )
    ),
    C.IMAGES: Policy(
        _("photos and video clips given at social events, profile picture from a social account"),
        _ALWAYS | {P.INFORM_PUBLIC: B.CONSENT},
        _ANYBODY,
        Retention.IMAGES,
    ),
    C.LOAN: _form(_("amount, term, purpose, repayment day, keyword for talking to the lender")),
    C.FINANCIAL: _form(
        _(
            "kind of income, employer, monthly income, expenses and loan payments; "
            "documents about them, if a lender asks for some and you give them"
        )
    ),
    C.TRANSACTIONS: Policy(
        _("applications, offers and choices made here; what lenders and other intermediaries sent back"),
        _FORM | {P.RUN_SERVICE: B.CONTRACT, P.IMPROVE_SERVICE: B.LEGITIMATE_INTERESTS},
        _FORM_RECIPIENTS,
        Retention.APPLICATION,
    ),
    C.INTERESTS: Policy(
        _("what is public on the social profile from which a person contacts us"),
        _ALWAYS | {P.SERVE_CUSTOMERS: B.LEGITIMATE_INTERESTS},
        _ANYBODY,  # never a lender: Directive (EU) 2023/2225, Art. 18(3)
        Retention.CLAIMS,
    ),
    C.FAMILY: _form(_("marital status and number of dependants")),
    C.COMMUNICATIONS: Policy(
        _("chats, recorded calls with customer support, e-mails"),
        _ALWAYS
        | {
            P.RUN_SERVICE: B.CONTRACT,
            P.SERVE_CUSTOMERS: B.CONTRACT,
            P.HANDLE_COMPLAINTS: B.LEGAL_OBLIGATION,
            P.INFORMATION_SECURITY: B.LEGITIMATE_INTERESTS,
        },
        _ANYBODY,
        Retention.CLAIMS,
    ),
    C.USAGE: Policy(
        _("pages visited, content viewed, links and buttons used"),
        _ALWAYS | {P.IMPROVE_SERVICE: B.CONSENT},
        _ANYBODY,
        Retention.USAGE,
    ),
    C.LOCATION: Policy(
        _("IP address, and at most the city, state or country that it implies"),
        _ALWAYS | {P.INFORMATION_SECURITY: B.LEGITIMATE_INTERESTS, P.SYSTEM_SECURITY: B.LEGITIMATE_INTERESTS},
        _ANYBODY,
        Retention.SECURITY,
    ),
    C.MARKETING: Policy(
        _("offers and contests addressed to a person, requests to stop them"),
        _ALWAYS | {P.INFORM_PUBLIC: B.CONSENT},
        _ANYBODY,
        Retention.MARKETING,
    ),
    C.PEP: _form(_("whether a person, a family member or a close associate holds a prominent public office")),
}


def uses_of(mark: Personal) -> dict[Purpose, Basis]:
    """Purpose → legal basis of one field: its category's, narrowed to the purposes the field names."""
    uses = POLICIES[mark.category].uses
    return {
        purpose: basis for purpose, basis in uses.items() if mark.purposes is None or purpose in mark.purposes
    }


def recipients_of(mark: Personal) -> frozenset[RecipientKind]:
    """The kinds of recipients that a field may be disclosed to."""
    allowed = POLICIES[mark.category].recipients
    return allowed if mark.recipients is None else allowed & mark.recipients


def retention_of(mark: Personal) -> Retention:
    """The retention rule of a field."""
    return mark.retention or POLICIES[mark.category].retention


def require_allowed(
    marks: Iterable[Personal], purpose: Purpose, recipient: RecipientKind | None = None
) -> None:
    """Refuse a use or a disclosure that the map does not give (GDPR Art. 5(1)(b)). Raises NotInPolicy."""
    for mark in marks:
        if purpose not in uses_of(mark) or (recipient is not None and recipient not in recipients_of(mark)):
            raise NotInPolicy(f"{mark.category}: {purpose}")


def bases_of(purpose: Purpose, categories: Iterable[Category] = Category) -> frozenset[Basis]:
    """Every legal basis on which some of these categories are processed for a purpose."""
    policies = (POLICIES[category] for category in categories)
    return frozenset(policy.uses[purpose] for policy in policies if purpose in policy.uses)


def is_objectable(purpose: Purpose, categories: Iterable[Category] = Category) -> bool:
    """Whether an objection stops this use of some of these categories (GDPR Art. 21(1), (2)).

    What rests on a contract or a duty goes on, and so does the defence of legal claims.
    """
    if purpose is P.LEGAL_CLAIMS:
        return False
    return purpose is P.INFORM_PUBLIC or B.LEGITIMATE_INTERESTS in bases_of(purpose, categories)


def needs_consent(purpose: Purpose, categories: Iterable[Category] = Category) -> bool:
    """Whether these categories are processed for the purpose on no other ground than a consent on record."""
    return bases_of(purpose, categories) == {B.CONSENT}


OBJECTABLE = frozenset(filter(is_objectable, Purpose))
"""Purposes that a person can object to (GDPR Art. 21(1)), direct marketing in any case (21(2)); the defence
of legal claims goes on whoever objects."""

ON_CONSENT = frozenset(filter(needs_consent, Purpose))
"""Purposes for which nothing is processed without a consent on record."""

WHILE_RESTRICTED = frozenset({P.DATA_SUBJECT_RIGHTS, P.LEGAL_CLAIMS, P.INFORM_AUTHORITIES})
"""What restricted data may still be used for (GDPR Art. 18(2)): the person's own will, legal claims,
important public interest."""
