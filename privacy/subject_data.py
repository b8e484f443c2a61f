"""The privacy floor's door for export and erasure."""

from collections.abc import Iterator

from django.db import models

from applications.models import DataSubject, OutboundMail
from applications.subject_data import SubjectData
from privacy import disclosure_states
from privacy.models import (
    DisclosureFile,
    DisclosureRequest,
    DisclosureWords,
    Identity,
    MailboxMessage,
    MessageFile,
    RequestFile,
    RequestWords,
    RightsRequest,
)
from privacy.states import OPEN


class RequestData(SubjectData):
    """Of the person's requests, and of those about the person, the register stays; words, messages, letters
    and mails of one that is open go with its answer."""

    def rows_of(self, subject: DataSubject) -> Iterator[models.QuerySet]:
        """With the mails that a request owns: the ground floor knows of no requests."""
        yield from super().rows_of(subject)
        requests = RightsRequest.rows_of(subject).values("pk")
        yield OutboundMail.objects.filter(owner_id__in=requests)

    def exportable(self, rows: models.QuerySet) -> models.QuerySet:
        """Without what somebody wrote who named this person, and of whom nobody knows that it was they."""
        unproved = RightsRequest.objects.filter(identity=Identity.NONE).values("pk")
        if rows.model in (RequestWords, RequestFile, MailboxMessage):
            return rows.exclude(request__in=unproved)
        if rows.model is MessageFile:
            return rows.exclude(message__request__in=unproved)
        if rows.model is OutboundMail:
            return rows.exclude(owner_id__in=unproved)
        return super().exportable(rows)

    def erasable(self, rows: models.QuerySet) -> models.QuerySet:
        still_open = RightsRequest.objects.filter(status__in=sorted(OPEN)).values("pk")
        if rows.model in (RequestWords, MailboxMessage):
            return rows.exclude(request__in=still_open)
        if rows.model is MessageFile:
            return rows.exclude(message__request__in=still_open)
        if rows.model is OutboundMail:
            return rows.exclude(owner_id__in=still_open)
        if rows.model in (DisclosureWords, DisclosureFile):
            undecided = DisclosureRequest.objects.filter(state__in=sorted(disclosure_states.OPEN))
            return rows.exclude(request__in=undecided.values("pk"))
        return super().erasable(rows)


SUBJECT_DATA = RequestData("privacy")
