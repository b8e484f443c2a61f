"""Photos and video clips, kept whole under their person's key."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from applications.crypto.fields import EncryptedBytes, EncryptedText
from applications.models.subject import OwnedBySubject
from applications.personal import Category, Personal, Source, personal


class ImageOrigin(models.TextChoices):
    """Where an image was given."""

    EVENT = "event", _("A social event")
    PROFILE = "profile", _("The profile picture of a social account, enabled by the person")


class Image(OwnedBySubject):
    """One picture or clip that a person gave us."""

    origin = personal(
        models.CharField(_("source"), max_length=10, choices=ImageOrigin.choices),
        Category.IMAGES,
        Source.CONSUMER,
    )
    content = EncryptedBytes(
        _("picture or clip"),
        label="images.content",
        personal=Personal(Category.IMAGES, Source.CONSUMER, third_persons=True),
    )
    media_type = EncryptedText(
        _("kind of file"), label="images.media_type", personal=Personal(Category.IMAGES, Source.CONSUMER)
    )
    caption = EncryptedText(
        _("caption"),
        label="images.caption",
        null=True,
        personal=Personal(Category.IMAGES, Source.STAFF, third_persons=True),
    )
    given_at = personal(models.DateTimeField(_("given")), Category.IMAGES, Source.CONSUMER)

    class Meta:
        verbose_name = _("image")
        verbose_name_plural = _("images")
        indexes = [models.Index(fields=["given_at", "id"], name="image_by_time")]
