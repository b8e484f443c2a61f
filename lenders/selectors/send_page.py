"""What the send page shows: which lenders can be asked, what each receives, and why another is not asked."""

from dataclasses import dataclass

from applications.collation import latvian_key
from applications.flow import hidden_answers
from applications.form_fields import CONSENTS_LABEL, EMAIL_LABEL, FORM_FIELDS, LANGUAGE_LABEL
from applications.models import Application
from applications.personal import Purpose
from applications.selectors.people import answers
from lenders.models import Lender
from lenders.routing import NotAsked, Wanted, why_not_asked


@dataclass(frozen=True)
class Candidate:
    """A lender on the send page; `reason` is None when it can be asked."""

    lender: Lender
    reason: NotAsked | None


def wanted(application: Application) -> Wanted:
    """The credit that the application asks for."""
    loan = application.loanrequest
    return Wanted(amount_cents=loan.amount_cents, term_months=loan.term_months)


def candidates(application: Application) -> list[Candidate]:
    """Every lender of the solution by name, each with the reason why it cannot be asked, if there is one."""
    request = wanted(application)
    by_name = sorted(Lender.objects.select_related("recipient"), key=lambda lender: latvian_key(lender.name))
    return [Candidate(lender, why_not_asked(lender, request)) for lender in by_name]


def labels_sent(application: Application, lender: Lender) -> list[str]:
    """The data-map labels of what this lender will receive: declared by it and answered by the consumer, and
    what goes along with every application. An answer whose question no longer applies goes to nobody.
    """
    given = answers(application, purpose=Purpose.HANDLE_APPLICATIONS)
    asked = {FORM_FIELDS[name].label for name in given.keys() - hidden_answers(given)} | {EMAIL_LABEL}
    declared = [label for label in lender.requested_fields if label in asked]
    return [*declared, LANGUAGE_LABEL, CONSENTS_LABEL]
