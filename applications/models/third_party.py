"""What lenders and other intermediaries sent about a person outside the offers, with its source."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from applications.crypto.fields import EncryptedText
from applications.models.subject import OwnedBySubject
from applications.personal import Category, Personal, Source, personal


class ThirdPartyRecord(OwnedBySubject):
    """One thing that a third party told us. Its person is told within a month (GDPR Art. 14(3)(a))."""

    origin = personal(models.CharField(_("source"), max_length=120), Category.TRANSACTIONS, Source.LENDER)
    text = EncryptedText(
        _("what it says"),
        label="transactions.third_party_text",
        personal=Personal(
            Category.TRANSACTIONS, Source.LENDER, other_sources=(Source.STAFF,), third_persons=True
        ),
    )
    received_at = personal(models.DateTimeField(_("received")), Category.TRANSACTIONS, Source.LENDER)
    told_at = personal(models.DateTimeField(_("person told"), null=True), Category.TRANSACTIONS)

    class Meta:
        verbose_name = _("record from a third party")
        verbose_name_plural = _("records from third parties")
        indexes = [models.Index(fields=["received_at", "id"], name="third_party_by_time")]
