"""Which lenders an application was not sent to, and why."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from applications.crypto.fields import EncryptedText
from applications.models import Application, OwnedBySubject
from applications.personal import Category, Personal, Source
from lenders.models.lender import Lender


class LenderNotAsked(OwnedBySubject):
    """A lender of the solution that did not get an application when it was sent.

    `because` is one of `routing.NotAsked`. It can follow from what the person typed, so it is encrypted.
    """

    application = models.ForeignKey(
        Application, on_delete=models.CASCADE, related_name="not_asked", verbose_name=_("application")
    )
    lender = models.ForeignKey(Lender, on_delete=models.PROTECT, related_name="+", verbose_name=_("lender"))
    because = EncryptedText(
        _("reason"), label="not_asked.because", personal=Personal(Category.TRANSACTIONS, Source.SYSTEM)
    )

    class Meta:
        verbose_name = _("lender not asked")
        verbose_name_plural = _("lenders not asked")
        constraints = [
            models.UniqueConstraint(fields=["application", "lender"], name="one_reason_per_lender")
        ]
