"""The privacy floor's door for export and erasure."""

from django.db import models

from applications.subject_data import SubjectData
from privacy.models import RequestWords
from privacy.states import OPEN


class RequestData(SubjectData):
    """Of the person's requests the register stays; the words of one that is still open go with its answer."""

    def erasable(self, rows: models.QuerySet) -> models.QuerySet:
        if rows.model is RequestWords:
            return rows.exclude(request__status__in=sorted(OPEN))
        return super().erasable(rows)


SUBJECT_DATA = RequestData("privacy")
