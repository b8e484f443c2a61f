"""Offers and contests addressed to a person, and requests to stop them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from applications.crypto.fields import EncryptedText
from applications.models.subject import OwnedBySubject
from applications.personal import Category, Personal, Source, personal


class MarketingKind(models.TextChoices):
    OFFER = "offer", _("Offer")
    CONTEST = "contest", _("Contest")
    STOP = "stop", _("Request to stop")


class MarketingMessage(OwnedBySubject):
    """One offer or contest addressed to a person, or the person's request to stop."""

    kind = personal(
        models.CharField(_("kind of message"), max_length=8, choices=MarketingKind.choices),
        Category.MARKETING,
        Source.SYSTEM,
    )
    text = EncryptedText(
        _("text"),
        label="marketing.text",
        personal=Personal(Category.MARKETING, Source.SYSTEM, other_sources=(Source.CONSUMER,)),
    )
    at = personal(models.DateTimeField(_("when")), Category.MARKETING, Source.SYSTEM)

    class Meta:
        verbose_name = _("marketing message")
        verbose_name_plural = _("marketing messages")
        indexes = [models.Index(fields=["at", "id"], name="marketing_by_time")]
