"""What staff see of a person by default. A draft is not shown to staff at all."""

from dataclasses import dataclass

from applications import masking
from applications.models import Application
from applications.selectors.people import answers
from applications.states import ApplicationStatus


@dataclass(frozen=True)
class MaskedPerson:
    name: str
    personal_code: str
    email: str
    phone: str


def masked_person(application: Application) -> MaskedPerson | None:
    """The person behind a sent application, masked; None for a draft and for erased data."""
    if application.status == ApplicationStatus.DRAFT or application.subject.erased_at is not None:
        return None
    given = answers(application)
    return MaskedPerson(
        name=f"{masking.mask_name(given.get('given_name'))} {masking.mask_name(given.get('surname'))}",
        personal_code=masking.mask_tail(given.get("personal_code")),
        email=masking.mask_email(application.subject.email),
        phone=masking.mask_tail(given.get("phone")),
    )
