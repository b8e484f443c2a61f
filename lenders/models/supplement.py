"""What a person gave one lender that asked for more: answers and files, apart from the application's own.

The application's answers stay as the other lenders were sent them. The same columns hold whatever is given,
one for each category, so that the data map knows what is held.
"""

from collections.abc import Mapping
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from applications.crypto.fields import EncryptedBytes, EncryptedJSON
from applications.form_fields import BY_LABEL, mark_of
from applications.models import OwnedBySubject
from applications.personal import Category, NotPersonal, Personal, personal
from lenders.models.submission import Submission


def _answers(category: Category) -> EncryptedJSON:
    """Answers of one category: label to value."""
    return EncryptedJSON(
        category.label,
        label=f"supplement.answers.{category}",
        null=True,
        personal=Personal(category),
        encoder=DjangoJSONEncoder,
    )


def _file(category: Category) -> EncryptedBytes:
    return EncryptedBytes(
        category.label, label=f"supplement.file.{category}", null=True, personal=Personal(category)
    )


class Supplement(OwnedBySubject):
    """What was given at one request of a lender. Its id is what the lender knows it by."""

    submission = models.ForeignKey(
        Submission, on_delete=models.CASCADE, related_name="supplements", verbose_name=_("submission")
    )
    answers_identification = _answers(Category.IDENTIFICATION)
    answers_identity_document = _answers(Category.IDENTITY_DOCUMENT)
    answers_loan = _answers(Category.LOAN)
    answers_financial = _answers(Category.FINANCIAL)
    answers_family = _answers(Category.FAMILY)
    answers_pep = _answers(Category.PEP)
    given_at = personal(models.DateTimeField(_("given"), auto_now_add=True), Category.TRANSACTIONS)

    class Meta:
        verbose_name = _("what was given afterwards")
        verbose_name_plural = _("what was given afterwards")
        get_latest_by = "given_at"

    def keep(self, given: Mapping[str, Any]) -> None:
        """Take in answers by label, each with its category; not saved yet."""
        for label, value in given.items():
            column = f"answers_{mark_of(label).category}"
            setattr(self, column, {**(getattr(self, column) or {}), label: value})

    @property
    def given(self) -> dict[str, Any]:
        """The answers by label, of the types to which the form cleans them."""
        columns = (field.name for field in self._meta.fields if isinstance(field, EncryptedJSON))
        kept = {label: value for name in columns for label, value in (getattr(self, name) or {}).items()}
        return {label: _of_its_type(label, value) for label, value in kept.items()}


def _of_its_type(label: str, value: Any) -> Any:
    """JSON knows no dates."""
    if label not in BY_LABEL:  # the e-mail address, which is a text
        return value
    return BY_LABEL[label].to_python(value)


class SuppliedFile(OwnedBySubject):
    """One file of a document. What is in it is kept until the lender has it; that it was given, longer."""

    supplement = models.ForeignKey(
        Supplement,
        on_delete=models.CASCADE,
        related_name="files",
        verbose_name=_("what was given afterwards"),
    )
    # Documents in the order in which they were asked for, the files of one as they were chosen.
    place = models.PositiveSmallIntegerField(_("place"))
    label = personal(models.CharField(_("document"), max_length=64), Category.TRANSACTIONS)
    media_type = personal(models.CharField(_("kind of file"), max_length=40), Category.TRANSACTIONS)
    file_identification = _file(Category.IDENTIFICATION)
    file_identity_document = _file(Category.IDENTITY_DOCUMENT)
    file_financial = _file(Category.FINANCIAL)

    not_personal = NotPersonal("an order", "place")

    class Meta:
        verbose_name = _("file given afterwards")
        verbose_name_plural = _("files given afterwards")
        ordering = ["place"]
        constraints = [models.UniqueConstraint(fields=["supplement", "place"], name="one_file_in_a_place")]

    @property
    def column(self) -> str:
        """The column that holds what is in it."""
        return f"file_{mark_of(self.label).category}"

    @property
    def content(self) -> bytes | None:
        """What is in it; None once the lender has it."""
        content: bytes | None = getattr(self, self.column)
        return content
