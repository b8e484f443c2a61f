"""Whether a lender holds data of a submission, how it can be asked to delete them, and what came of that."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from applications.formats import date_text
from applications.models import Disclosure, DisclosureStatus
from applications.personal import RecipientKind
from lenders.adapters import ADAPTERS
from lenders.models import DeletionNotice, Delivery, Lender, Submission
from lenders.states import Acknowledgement, DeliveryKind, DeliveryStatus, RetentionBasis


def left_for(application: Any, slug: Any) -> QuerySet[Disclosure]:
    """What of an application reached a lender, or may have; both are values or references to columns.

    By the evidence: it is there when the deliveries that carried it are gone.
    """
    return Disclosure.objects.filter(
        application=application, recipient_kind=RecipientKind.LENDER, recipient=slug
    ).exclude(status=DisclosureStatus.NOT_MADE)


def left_of(submission: Submission) -> QuerySet[Disclosure]:
    """What of a submission reached its lender, or may have."""
    return left_for(submission.application_id, submission.lender.slug)


def data_left(submission: Submission) -> bool:
    """Whether anything of a submission reached its lender, or may have."""
    return left_of(submission).exists()


def on_its_way(submission_id: UUID, *, besides: UUID) -> bool:
    """Whether a worker holds something for the lender this moment, apart from one delivery."""
    held = Delivery.objects.filter(
        submission=submission_id, status=DeliveryStatus.DUE, lease_until__gte=timezone.now()
    )
    return held.exclude(pk=besides).exists()


def takes_deletions(lender: Lender) -> bool:
    """Whether the lender's interface takes a request to delete."""
    return lender.adapter in told_by_interface()


def told_by_interface() -> list[str]:
    """The adapters whose interface takes a request to delete."""
    return [slug for slug, adapter in ADAPTERS.items() if adapter.abilities.deletion_notices]


def came_of_the_request(submission: Submission) -> list[str]:
    """That a submission's lender was asked to delete, and its answer, in sentences; none where it was not."""
    notice = getattr(submission, "deletion", None)
    return what_came_of_it(notice, submission.deliveries.all()) if notice else []


def what_came_of_it(notice: DeletionNotice, deliveries: Iterable[Delivery]) -> list[str]:
    """The same of a request; `deliveries` are those of its submission."""
    asked = _("Asked on %(day)s to delete the data.") % {"day": _day(notice.requested_at)}
    if notice.acknowledgement:
        return [asked, acknowledgement_text(notice)]
    asking = (one for one in deliveries if one.kind == DeliveryKind.DELETION)
    over = notice.submission.application.emptied_at is not None  # and the deliveries with it
    if over or any(one.status == DeliveryStatus.DONE for one in asking):
        return [asked, _("It has not answered yet.")]
    return [_("It is being asked to delete the data.")]


def acknowledgement_text(notice: DeletionNotice) -> str:
    """What the lender answered, as a sentence."""
    if notice.acknowledgement == Acknowledgement.DELETED:
        return _("It has deleted them: %(day)s.") % {"day": _day(notice.acknowledged_at)}
    why = {"why": RetentionBasis(notice.basis).label}
    if notice.until is None:
        return _("It keeps them and names no last day: %(why)s.") % why
    return _("It keeps them until %(day)s: %(why)s.") % {"day": date_text(notice.until), **why}


def after_disclosures(subject_id: UUID) -> Mapping[UUID, list[str]]:
    """What came of the requests to delete, by the deliveries that had carried the data."""
    notices = DeletionNotice.objects.filter(subject=subject_id).prefetch_related("submission__deliveries")
    found: dict[UUID, list[str]] = {}
    for notice in notices.select_related("submission__application", "submission__lender"):
        sentences = what_came_of_it(notice, notice.submission.deliveries.all())
        found |= dict.fromkeys(left_of(notice.submission).values_list("delivery", flat=True), sentences)
    return found


def _day(moment: datetime | None) -> str:
    return date_text(timezone.localdate(moment))
