"""An invented applicant. Nobody's data: the personal code's digits stand for no date and fail their check."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

from applications.personal import Purpose
from lenders.adapters.base import Consent, CreditRequest, FieldValue

WORDING = "A test of the interface: this is nobody's application."
ANSWERS: dict[str, FieldValue] = {
    "loan.loan_purpose": "vehicle",
    "loan.repayment_day": 15,
    "identification.given_name": "Testa",
    "identification.surname": "Piemērs",
    "identification.personal_code": "329999-99999",
    "identification.email": "test@jo1n.invalid",
    "identification.phone": "+37120000000",
    "identification.street_address": "Parauga iela 1",
    "identification.city": "Rīga",
    "identification.postcode": "LV-1010",
    "identity_document.document_type": "passport",
    "identity_document.document_number": "LV0000000",
    "identity_document.valid_until": date(2049, 2, 1),
    "family.marital_status": "unmarried",
    "family.dependants": 0,
    "financial.income_type": "employment",
    "financial.employer": "SIA Paraugs",
    "financial.monthly_income_cents": 1_800_00,
    "financial.monthly_expenses_cents": 400_00,
    "financial.monthly_obligations_cents": 0,
    "pep.pep_status": "none",
    "pep.pep_relation": None,
    "pep.pep_office": None,
}
DOCUMENT = b"%PDF-1.4\n% nobody's document\n%%EOF\n"
OF_THE_APPLICANT = frozenset({"loan.amount_cents", "loan.term_months", "identification.birth_date"})
ANSWERABLE = ANSWERS.keys() | OF_THE_APPLICANT


@dataclass(frozen=True)
class Applicant:
    """Who applies, and for what: as far as a lender can have a limit for it. The rest is `ANSWERS`.

    language      the code of the one they want to be written to in
    amount_cents  in euro cents
    """

    birth_date: date
    language: str
    amount_cents: int
    term_months: int

    @property
    def answers(self) -> Mapping[str, FieldValue]:
        """By label."""
        return ANSWERS | {
            "loan.amount_cents": self.amount_cents,
            "loan.term_months": self.term_months,
            "identification.birth_date": self.birth_date,
        }


def application(labels: Iterable[str], applicant: Applicant) -> CreditRequest:
    """A new application of the invented person, with these fields and no other.

    Raises KeyError for a label that the invented person has no answer to.
    """
    answers, now = applicant.answers, datetime.now(tz=UTC)
    return CreditRequest(
        submission_id=uuid4(),
        application_reference="JB-22222-22222",
        submitted_at=now,
        fields={label: answers[label] for label in labels},
        consents=(Consent(Purpose.PASS_TO_LENDERS, WORDING, now - timedelta(minutes=1)),),
        language=applicant.language,
    )
