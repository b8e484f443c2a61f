"""Versions of the privacy notice, the terms and the cookie notice: published once, public for ever."""

from uuid import uuid4

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _


class NoticeKind(models.TextChoices):
    PRIVACY = "privacy", _("Privacy notice")
    TERMS = "terms", _("Terms of use")
    COOKIES = "cookies", _("Cookie notice")


class NoticeVersion(models.Model):
    """One published text. A change is a new number; rows are never edited or removed (trigger)."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    kind = models.CharField(max_length=10, choices=NoticeKind.choices)
    number = models.PositiveIntegerField()
    language = models.CharField(max_length=2)
    title = models.CharField(max_length=200)
    body = models.TextField()
    digest = models.CharField(max_length=64)
    published_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("notice version")
        verbose_name_plural = _("notice versions")
        ordering = ["kind", "-number", "language"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "number", "language"], name="one_text_per_notice_version")
        ]
        triggers = [
            pgtrigger.Protect(name="notice_is_immutable", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.number} {self.language}"
