"""A lender that answers about a review after we had to answer: its person is told all the same."""

from django.db import transaction
from django.db.models import Exists, OuterRef

from applications.actors import SYSTEM
from applications.crypto.keyring import data_key_scope
from applications.personal import Purpose
from applications.row_security import opened
from applications.services.operations import DAILY_JOBS
from lenders.models import LenderWord
from lenders.states import ReviewOutcome, WordKind
from privacy.models import Letter, LetterKind, Right, RightsRequest
from privacy.services.letters import send_letter
from privacy.states import RequestStatus


@data_key_scope()
@opened(Purpose.DATA_SUBJECT_RIGHTS)
def tell_late_reviews() -> dict[str, int]:
    """A letter to each person whose review was answered since they were told that it is passed on."""
    letters = Letter.objects.filter(request=OuterRef("pk"))
    answered = LenderWord.objects.filter(matter=OuterRef("pk"), kind=WordKind.REVIEW)
    waiting = RightsRequest.objects.filter(
        Exists(letters.filter(template__kind=LetterKind.REVIEW_PASSED_ON)),
        ~Exists(letters.filter(template__kind=LetterKind.REVIEWED)),
        Exists(answered.exclude(outcome=ReviewOutcome.NONE)),
        right=Right.REVIEW, status=RequestStatus.COMPLETED, subject__erased_at__isnull=True,
    )  # fmt: skip
    counts = {"letters": 0}
    for request_id in waiting.values_list("pk", flat=True):
        with transaction.atomic():
            request = RightsRequest.objects.select_for_update().get(pk=request_id)
            send_letter(request=request, kind=LetterKind.REVIEWED, actor=SYSTEM)
            counts["letters"] += 1
    return counts


DAILY_JOBS["tell_late_reviews"] = tell_late_reviews
