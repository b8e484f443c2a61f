"""What a browser tells: pages that were used (with consent alone), from where somebody came (security)."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from applications.crypto.fields import EncryptedText
from applications.models.subject import OwnedBySubject
from applications.personal import Category, Personal, Source, personal


class UsageEvent(OwnedBySubject):
    """A page visited, content viewed, a link or button used."""

    page = EncryptedText(_("page"), label="usage.page", personal=Personal(Category.USAGE, Source.BROWSER))
    element = EncryptedText(
        _("link or button"),
        label="usage.element",
        null=True,
        personal=Personal(Category.USAGE, Source.BROWSER),
    )
    at = personal(models.DateTimeField(_("when")), Category.USAGE, Source.BROWSER)

    class Meta:
        verbose_name = _("use of the site")
        verbose_name_plural = _("uses of the site")
        indexes = [models.Index(fields=["at", "id"], name="usage_by_time")]


class Whereabouts(OwnedBySubject):
    """An IP address somebody came from, and at most the city, state or country that it implies."""

    ip_address = EncryptedText(
        _("IP address"), label="location.ip_address", personal=Personal(Category.LOCATION, Source.BROWSER)
    )
    place = EncryptedText(
        _("city, state or country"),
        label="location.place",
        null=True,
        personal=Personal(Category.LOCATION, Source.SYSTEM),
    )
    at = personal(models.DateTimeField(_("when")), Category.LOCATION, Source.BROWSER)

    class Meta:
        verbose_name = _("general location")
        verbose_name_plural = _("general locations")
        indexes = [models.Index(fields=["at", "id"], name="whereabouts_by_time")]
