"""What a social profile shows in public, where a person contacts us from it. Never part of what a lender gets
(Directive (EU) 2023/2225, Art. 18(3))."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from applications.crypto.fields import EncryptedText
from applications.models.subject import OwnedBySubject
from applications.personal import Category, Personal, Source, personal


class PublicProfile(OwnedBySubject):
    """One social profile from which a person wrote to us."""

    address = EncryptedText(
        _("address of the profile"),
        label="interests.profile_address",
        personal=Personal(Category.INTERESTS, Source.CONSUMER),
    )
    shown = EncryptedText(
        _("what it shows in public"),
        label="interests.shown",
        null=True,
        personal=Personal(Category.INTERESTS, Source.STAFF, third_persons=True),
    )
    seen_at = personal(models.DateTimeField(_("seen")), Category.INTERESTS, Source.STAFF)

    class Meta:
        verbose_name = _("public profile")
        verbose_name_plural = _("public profiles")
        indexes = [models.Index(fields=["seen_at", "id"], name="profile_by_time")]
