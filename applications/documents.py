"""The documents that a lender can ask for: a closed vocabulary, with what each is and why it is asked for."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from applications.personal import Category, Personal


@dataclass(frozen=True)
class DocumentKind:
    """One kind: its label in the data map, what people call it, what will do, and its declaration."""

    label: str
    noun: str | Promise
    help: str | Promise
    personal: Personal

    @property
    def name(self) -> str:
        """What its question is called in forms."""
        return self.label.replace(".", "_")


DOCUMENTS: Mapping[str, DocumentKind] = {
    kind.label: kind
    for kind in (
        DocumentKind(
            "document.identity",
            _("copy of the identity document"),
            _("The pages with your photo and your data; of an identity card both sides."),
            Personal(
                Category.IDENTITY_DOCUMENT,
                why=_("The law against money laundering makes lenders check a valid identity document."),
            ),
        ),
        DocumentKind(
            "document.income",
            _("document about the income"),
            _("For example a statement about your income, of your employer or of the State Revenue Service."),
            Personal(
                Category.FINANCIAL,
                why=_("The law makes lenders assess whether you can repay before they lend."),
            ),
        ),
        DocumentKind(
            "document.bank_statement",
            _("bank account statement"),
            _("As your bank gives it to you, preferably as a PDF."),
            Personal(
                Category.FINANCIAL,
                why=_("The law makes lenders assess whether you can repay before they lend."),
            ),
        ),
        DocumentKind(
            "document.residence",
            _("document about the place of residence"),
            _("For example a statement about your declared address, a tenancy contract or a utility bill."),
            Personal(
                Category.IDENTIFICATION,
                why=_("A lender has to know who it lends to, and that nobody else applies in your name."),
            ),
        ),
    )
}
"""By label. How a lender names them stands in `lenders.adapters.questions`, which imports nothing of ours."""

BY_NAME: Mapping[str, DocumentKind] = {kind.name: kind for kind in DOCUMENTS.values()}
