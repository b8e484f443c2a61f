"""Answers that are kept by label, apart from the application's own.

A column for each category, so that the data map knows what is held.
"""

from collections.abc import Mapping
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.functional import cached_property

from applications.crypto.fields import EncryptedJSON
from applications.form_fields import BY_LABEL, mark_of
from applications.personal import Category, Personal


def answers_of(category: Category, of: str) -> EncryptedJSON:
    """Answers of one category: label to value. The column is `answers_` and the category's name."""
    return EncryptedJSON(
        category.label,
        label=f"{of}.answers.{category}",
        null=True,
        personal=Personal(category),
        encoder=DjangoJSONEncoder,
    )


class KeepsAnswers(models.Model):
    """A row with such columns."""

    class Meta:
        abstract = True

    @cached_property
    def _answer_columns(self) -> list[str]:
        return [field.name for field in self._meta.fields if isinstance(field, EncryptedJSON)]

    def keep(self, given: Mapping[str, Any]) -> None:
        """Take in answers by label, each with its category; not saved yet."""
        for label, value in given.items():
            column = f"answers_{mark_of(label).category}"
            setattr(self, column, {**(getattr(self, column) or {}), label: value})

    @property
    def given(self) -> dict[str, Any]:
        """The answers by label, of the types to which the form cleans them."""
        columns = (getattr(self, name) or {} for name in self._answer_columns)
        kept = {label: value for column in columns for label, value in column.items()}
        return {label: _of_its_type(label, value) for label, value in kept.items()}


def _of_its_type(label: str, value: Any) -> Any:
    """JSON knows no dates."""
    if label not in BY_LABEL:  # the e-mail address, which is a text
        return value
    return BY_LABEL[label].to_python(value)
