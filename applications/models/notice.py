"""Versions of the privacy notice, the terms and the cookie notice: published once, public for ever."""

from uuid import uuid4

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from applications.personal import NotPersonal


class NoticeKind(models.TextChoices):
    PRIVACY = "privacy", _("Privacy notice")
    TERMS = "terms", _("Terms of use")
    COOKIES = "cookies", _("Cookie notice")


class NoticeVersion(models.Model):
    """One published text. A change is a new number; rows are never edited or removed (triggers).

    `edition` is the written text behind it, `source_digest` that text's SHA-256 before contacts were filled
    in: the same edition is published anew, under the next number, when a contact changes.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    kind = models.CharField(_("kind of notice"), max_length=10, choices=NoticeKind.choices)
    number = models.PositiveIntegerField(_("version"))
    language = models.CharField(_("language"), max_length=2)
    title = models.CharField(_("title"), max_length=200)
    body = models.TextField(_("text"))
    digest = models.CharField(_("digest"), max_length=64)
    edition = models.PositiveIntegerField(_("edition"), default=1)
    source_digest = models.CharField(_("digest of the source"), max_length=64, blank=True)
    published_at = models.DateTimeField(_("published"), auto_now_add=True)

    not_personal = NotPersonal(
        "a public text",
        "kind", "number", "language", "title", "body", "digest", "edition", "source_digest", "published_at",
    )  # fmt: skip

    class Meta:
        verbose_name = _("notice version")
        verbose_name_plural = _("notice versions")
        ordering = ["kind", "-number", "language"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "number", "language"], name="one_text_per_notice_version")
        ]
        triggers = [
            pgtrigger.Protect(name="notice_is_immutable", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="notice_is_not_emptied",
                level=pgtrigger.Statement,
                when=pgtrigger.Before,
                operation=pgtrigger.Truncate,
                func="RAISE EXCEPTION 'published notices stay';",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.number} {self.language}"
