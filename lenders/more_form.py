"""What one lender asks for on one page: questions as the application's steps put them, and files."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.datastructures import MultiValueDict
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from applications.documents import BY_NAME, DOCUMENTS, DocumentKind
from applications.file_fields import FilesField, FilesInput
from applications.flow import forms_asking
from applications.form_fields import BY_LABEL, FORM_FIELDS, label_text
from applications.uploads import ACCEPTED, LARGEST_FILE, MEGABYTE
from lenders.services.supplied_files import GivenFile

MOST_TOGETHER = 12 * MEGABYTE
TOO_MUCH_TOGETHER = format_lazy(
    _("The files are too large together. All of them may have {most} MB."), most=MOST_TOGETHER // MEGABYTE
)


class DocumentsForm(forms.Form):
    """A question for each document."""

    def __init__(self, kinds: Sequence[DocumentKind], data: Any = None, files: Any = None) -> None:
        super().__init__(data, files)
        for kind in kinds:
            self.fields[kind.name] = FilesField(
                label=label_text(kind.label),
                help_text=format_lazy(
                    _("{what} PDF, JPEG or PNG, {most} MB at most; several files if need be."),
                    what=kind.help,
                    most=LARGEST_FILE // MEGABYTE,
                ),
                widget=FilesInput(attrs={"accept": ",".join(ACCEPTED)}),
            )

    def clean(self) -> dict[str, Any]:
        uploads = chain.from_iterable(self.cleaned_data.values())
        if sum(len(upload.content) for upload in uploads) > MOST_TOGETHER:
            raise ValidationError(TOO_MUCH_TOGETHER, code="too_large")
        return self.cleaned_data


class MoreForm:
    """Several forms as one page has them. Read by templates as a form is.

    `labels` are what is asked for; those that no form asks for (the e-mail address) are left to the caller.
    """

    def __init__(
        self,
        labels: Collection[str],
        *,
        answers: Mapping[str, Any],
        data: Mapping[str, Any] | None = None,
        files: MultiValueDict[str, UploadedFile] | None = None,
    ) -> None:
        names = [BY_LABEL[label].name for label in labels if label in BY_LABEL]
        kinds = [kind for label, kind in DOCUMENTS.items() if label in labels]
        self._refusals: list[str] = []
        self.parts: list[forms.Form] = [*forms_asking(names, answers, data)]
        self.documents = DocumentsForm(kinds, data, files) if kinds else None
        if self.documents is not None:
            self.parts.append(self.documents)

    def is_valid(self) -> bool:
        return not self.errors  # of every part, not of the first wrong one alone

    def refuse(self, sentence: str) -> None:
        """Say on top of the page why nothing was passed on."""
        self._refusals.append(sentence)

    @property
    def answers(self) -> dict[str, Any]:
        """The checked answers by label."""
        cleaned = chain.from_iterable(
            part.cleaned_data.items() for part in self.parts if part is not self.documents
        )
        return {FORM_FIELDS[name].label: value for name, value in cleaned}

    @property
    def files(self) -> list[GivenFile]:
        """The checked files, document by document."""
        cleaned = self.documents.cleaned_data if self.documents is not None else {}
        return [
            GivenFile(BY_NAME[name].label, upload) for name, uploads in cleaned.items() for upload in uploads
        ]

    # --- what templates read ---

    def __iter__(self) -> Iterator[forms.Form]:
        return iter(self.parts)

    @property
    def errors(self) -> dict[str, Any]:
        found = {name: errors for part in self.parts for name, errors in part.errors.items()}
        return found | ({NON_FIELD_ERRORS: self._refusals} if self._refusals else {})

    def non_field_errors(self) -> list[Any]:
        return self._refusals + [error for part in self.parts for error in part.non_field_errors()]

    def visible_fields(self) -> list[forms.BoundField]:
        return [field for part in self.parts for field in part.visible_fields()]
