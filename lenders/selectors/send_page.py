"""What the send page shows: which lenders can be asked, what each receives, and why another is not asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from applications.collation import latvian_key
from applications.flow import hidden_answers
from applications.form_fields import CONSENTS_LABEL, EMAIL_LABEL, FORM_FIELDS, LANGUAGE_LABEL
from lenders.models import Lender
from lenders.routing import NotAsked, Wanted, wanted_by, why_not_asked


@dataclass(frozen=True)
class Candidate:
    """A lender on the send page: `reason` is None when it can be asked, `labels` are what it will receive."""

    lender: Lender
    reason: NotAsked | None
    labels: tuple[str, ...]


def wanted(given: Mapping[str, Any], language: str) -> Wanted:
    """What complete answers ask for today in Riga; `language` is the one in which the consumer applies."""
    return wanted_by(
        amount_cents=given["amount_cents"],
        term_months=given["term_months"],
        language=language,
        birth_date=given.get("birth_date"),
        today=timezone.localdate(),
    )


def candidates(given: Mapping[str, Any], language: str) -> list[Candidate]:
    """Every lender of the solution by name, each with the reason why it cannot be asked, if there is one.

    `given` are the application's answers, `language` the one in which the consumer applies.
    """
    request = wanted(given, language)
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
