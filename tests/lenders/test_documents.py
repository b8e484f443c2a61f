"""The documents that can be asked for have one vocabulary, on the ground floor and at the adapters."""

import pytest

from applications.documents import BY_NAME, DOCUMENTS
from applications.form_fields import FORM_FIELDS, KNOWN_LABELS, label_text, mark_of
from applications.uploads import MEDIA_TYPES
from lenders.adapters import questions
from lenders.models import SuppliedFile
from lenders.selectors.more_page import may_be_passed


def test_adapters_know_the_same_documents_and_kinds_of_files():
    assert set(DOCUMENTS) == questions.DOCUMENT_LABELS
    assert MEDIA_TYPES == questions.MEDIA_TYPES


def test_document_is_called_as_no_question_is():
    assert not BY_NAME.keys() & FORM_FIELDS.keys()
    assert DOCUMENTS.keys() <= KNOWN_LABELS


@pytest.mark.parametrize("label", DOCUMENTS)
def test_document_has_words_a_reason_and_a_column_of_its_category(label):
    kind = DOCUMENTS[label]
    assert label_text(label) != label
    assert kind.help
    assert kind.personal.why
    column = SuppliedFile._meta.get_field(SuppliedFile(label=label).column)
    assert column.personal.category is mark_of(label).category
    assert may_be_passed(label)
