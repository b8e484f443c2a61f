"""Chats, recorded calls and e-mails with a person. What we send by mail is in `mail`."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from applications.crypto.fields import EncryptedBytes, EncryptedText
from applications.models.subject import OwnedBySubject
from applications.personal import Category, Personal, Source, personal

# Written or spoken by either side, or imported from the mailbox.
_WORDS = Personal(
    Category.COMMUNICATIONS,
    Source.CONSUMER,
    other_sources=(Source.STAFF, Source.MAILBOX),
    third_persons=True,
)


class CommunicationKind(models.TextChoices):
    CHAT = "chat", _("Chat")
    CALL = "call", _("Recorded call")
    MAIL = "mail", _("E-mail")


class Direction(models.TextChoices):
    FROM_PERSON = "from_person", _("From the person")
    TO_PERSON = "to_person", _("To the person")


class Communication(OwnedBySubject):
    """One chat, call or e-mail."""

    kind = personal(
        models.CharField(_("kind of communication"), max_length=8, choices=CommunicationKind.choices),
        Category.COMMUNICATIONS,
        Source.CONSUMER,
    )
    direction = personal(
        models.CharField(_("direction"), max_length=12, choices=Direction.choices),
        Category.COMMUNICATIONS,
        Source.CONSUMER,
    )
    title = EncryptedText(
        _("title"),
        label="communications.title",
        null=True,
        personal=_WORDS,
    )
    text = EncryptedText(
        _("text"),
        label="communications.text",
        null=True,
        personal=_WORDS,
    )
    recording = EncryptedBytes(
        _("recording"),
        label="communications.recording",
        null=True,
        personal=_WORDS,
    )
    at = personal(models.DateTimeField(_("when")), Category.COMMUNICATIONS, Source.CONSUMER)
    closed_at = personal(models.DateTimeField(_("closed"), null=True), Category.COMMUNICATIONS, Source.STAFF)

    class Meta:
        verbose_name = _("communication")
        verbose_name_plural = _("communications")
        indexes = [models.Index(fields=["at", "id"], name="communication_by_time")]
