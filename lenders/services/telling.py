"""Mail to the consumer of what a lender said while their page may be closed."""

from typing import Any

from applications.models import MailKind
from applications.services import mail
from lenders.models import Submission


def tell_by_mail(submission: Submission, kind: MailKind, **more: Any) -> None:
    """Write to the person of a submission, with the lender's name.

    What arrives for somebody whose data are only stored is stored, and that is all.
    """
    if mail.why_not_written_to(submission.subject_id) is not None:
        return
    application = submission.application
    if application.subject.email is None:  # what stayed of somebody erased has nobody to write to
        return
    mail.compose(
        kind=kind,
        owner_id=submission.subject_id,
        recipient=application.subject.verified_email,
        language=application.language,
        context={"application": application, "lender_name": submission.lender.name, **more},
    )
