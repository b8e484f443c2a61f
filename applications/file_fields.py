"""A question that is answered with files."""

from collections.abc import Sequence

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from applications.uploads import LARGEST_FILE, Upload, clean_upload

MOST_FILES = 4  # of one document: both sides of a card, some photos of a contract


class FilesInput(forms.FileInput):
    allow_multiple_selected = True


class FilesField(forms.Field):
    """Up to MOST_FILES files of one document, cleaned to a list of Upload."""

    widget = FilesInput

    def clean(self, value: Sequence[UploadedFile] | None) -> list[Upload]:
        if not value and not self.required:
            return []
        if not value:
            raise ValidationError(_("Choose a file."), code="required")
        if len(value) > MOST_FILES:
            sentence = _("Choose %(most)s files at most. Several pages fit into one PDF.")
            raise ValidationError(sentence, code="too_many", params={"most": MOST_FILES})
        return [self._clean_one(file) for file in value]

    def _clean_one(self, file: UploadedFile) -> Upload:
        # what is too large is not read: one byte more is enough to say so
        return clean_upload(file.read(LARGEST_FILE + 1))
