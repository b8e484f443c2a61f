"""Files that people gave to lenders: kept whole only as long as they may have to be sent (Art. 5(1)(e))."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from applications.crypto.fields import encrypted_fields
from applications.selectors.retention import nothing_stops
from applications.services.operations import DAILY_JOBS
from applications.uploads import Upload
from lenders.models import Delivery, Submission, Supplement, SuppliedFile
from lenders.states import DeliveryKind, DeliveryStatus


@dataclass(frozen=True)
class GivenFile:
    """A file of a document, under the label by which the lender asked for it."""

    label: str
    upload: Upload


def keep(supplement: Supplement, files: Sequence[GivenFile]) -> None:
    """Store the files of a supplement, in this order."""
    for place, given in enumerate(files):
        kept = SuppliedFile(
            subject_id=supplement.subject_id,
            supplement=supplement,
            place=place,
            label=given.label,
            media_type=given.upload.media_type,
        )
        setattr(kept, kept.column, given.upload.content)
        kept.save(force_insert=True)


def forget(submission_id: UUID) -> None:
    """Nobody will send these any more: the lender has them, or is not to get them."""
    _empty(_whole().filter(supplement__submission=submission_id))


def forget_overdue() -> dict[str, int]:
    """Empty what was never received, once an answer of the lender would not count any more and nothing of it
    is still to be sent: a delivery may be tried for longer than a short late window.
    """
    to_be_sent = Delivery.objects.filter(
        submission=OuterRef("supplement__submission"),
        kind=DeliveryKind.SUPPLEMENT,
        status=DeliveryStatus.DUE,
    )
    overdue = _whole().filter(~Exists(to_be_sent), supplement__submission__late_until__lt=timezone.now())
    return {"files": _empty(overdue)}


def is_whole(submission: Submission) -> bool:
    """Whether every file that was given last is still there."""
    return not submission.supplements.latest().files.exclude(_holds()).exists()


def _whole() -> QuerySet[SuppliedFile]:
    """Files that still hold what is in them, but for those that a hold, a restriction (Art. 18) or an open
    matter keeps.
    """
    of = "supplement__submission__application"
    free = nothing_stops(timezone.localdate(), person="subject", application=of)
    return SuppliedFile.objects.filter(free, _holds())


def _holds() -> Q:
    return reduce(or_, (Q(**{f"{field.name}__isnull": False}) for field in encrypted_fields(SuppliedFile)))


def _empty(files: QuerySet[SuppliedFile]) -> int:
    nothing: dict[str, Any] = {field.name: None for field in encrypted_fields(SuppliedFile)}
    return files.update(**nothing)


DAILY_JOBS["forget_supplied_files"] = forget_overdue
