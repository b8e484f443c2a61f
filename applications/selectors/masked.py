"""What staff see of a person by default. A draft is not shown to staff at all."""

from dataclasses import dataclass

from applications import masking
from applications.form_fields import EMAIL_LABEL, FORM_FIELDS, mark_of
from applications.models import Application
from applications.personal import Purpose
from applications.selectors.people import answers
from applications.states import ApplicationStatus


@dataclass(frozen=True)
class MaskedPerson:
    name: str
    personal_code: str
    email: str
    phone: str


def masked_person(application: Application, *, purpose: Purpose) -> MaskedPerson | None:
    """The person behind a sent application, each value masked as its field declares; None for a draft.

    Raises SubjectErased or a ProcessingRefused.
    """
    if application.status == ApplicationStatus.DRAFT:
        return None
    given = answers(application, purpose=purpose)

    def masked(name: str) -> str:
        return masking.mask(given.get(name), FORM_FIELDS[name].personal.mask)

    return MaskedPerson(
        name=f"{masked('given_name')} {masked('surname')}",
        personal_code=masked("personal_code"),
        email=masking.mask(application.subject.email, mark_of(EMAIL_LABEL).mask),
        phone=masked("phone"),
    )
