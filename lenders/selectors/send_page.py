"""What the send page shows: which lenders can be asked, what each receives, and why another is not asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from applications.collation import latvian_key
from applications.flow import hidden_answers
from applications.form_fields import CONSENTS_LABEL, EMAIL_LABEL, FORM_FIELDS, LANGUAGE_LABEL
from applications.models import Application
from lenders.models import Lender
from lenders.routing import NotAsked, Wanted, why_not_asked


@dataclass(frozen=True)
class Candidate:
    """A lender on the send page: `reason` is None when it can be asked, `labels` are what it will receive."""

    lender: Lender
    reason: NotAsked | None
    labels: tuple[str, ...]


def wanted(application: Application) -> Wanted:
    """The credit that the application asks for."""
    loan = application.loanrequest
    return Wanted(amount_cents=loan.amount_cents, term_months=loan.term_months)


def candidates(application: Application, given: Mapping[str, Any]) -> list[Candidate]:
    """Every lender of the solution by name, each with the reason why it cannot be asked, if there is one.

    `given` are the application's answers.
    """
    request = wanted(application)
    by_name = sorted(Lender.objects.select_related("recipient"), key=lambda lender: latvian_key(lender.name))
    return [
        Candidate(lender, why_not_asked(lender, request), labels_sent(given, lender)) for lender in by_name
    ]


def labels_sent(given: Mapping[str, Any], lender: Lender) -> tuple[str, ...]:
    """The data-map labels of what this lender will receive: declared by it and answered by the consumer, and
    what goes along with every application. An answer whose question no longer applies goes to nobody.
    """
    asked = {FORM_FIELDS[name].label for name in given.keys() - hidden_answers(given)} | {EMAIL_LABEL}
    declared = [label for label in lender.requested_fields if label in asked]
    return (*declared, LANGUAGE_LABEL, CONSENTS_LABEL)
