"""The lenders floor's door for export and erasure."""

from applications.subject_data import SubjectData

SUBJECT_DATA = SubjectData("lenders")
