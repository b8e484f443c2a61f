"""The privacy mailbox: messages that were taken over from it, and how its reading goes.

What somebody wrote lies under a key of the message's own until the officer has decided about it; then it goes
with the words of the request to which it belongs, or after the period of what was set aside.
"""

from uuid import UUID, uuid4

from django.db import models
from django.utils.translation import gettext_lazy as _

from applications.crypto.fields import BlindIndex, EncryptedBytes, EncryptedJSON, EncryptedText
from applications.models import DataSubject
from applications.personal import AnyField, Category, Mask, NotPersonal, Personal, Source, personal
from applications.retention_rules import Retention
from privacy.models.requests import RightsRequest

_WORDS = Personal(Category.COMMUNICATIONS, Source.MAILBOX, retention=Retention.ANSWERS)
_CONTACT = Personal(Category.IDENTIFICATION, Source.MAILBOX, retention=Retention.ANSWERS, mask=Mask.EMAIL)


def _fact(field: AnyField, source: Source = Source.MAILBOX) -> AnyField:
    return personal(field, Category.COMMUNICATIONS, source, retention=Retention.ANSWERS)


class MessageState(models.TextChoices):
    """What the officer made of a message."""

    NEW = "new", _("Waits for your decision")
    REQUEST = "request", _("Entered as a request")
    ADDED = "added", _("Added to a request")
    SET_ASIDE = "set_aside", _("Set aside")


class WhyAside(models.TextChoices):
    """Why a message is not treated as a request."""

    ADVERTISING = "advertising", _("Advertising or fraud")
    AUTOMATIC = "automatic", _("An automatic message")
    TWICE = "twice", _("We have it already")
    OTHERS = "others", _("A question or complaint that others of us answer")
    NOTHING = "nothing", _("It asks for nothing that concerns personal data")


class MailboxMessage(models.Model):
    """One message. `delivered_at` is when the mail server had it: the legal clock counts from there, never
    from the date that the message gives itself.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    # None until the officer has decided; then whose message it is, is whose request it is.
    request = models.ForeignKey(
        RightsRequest, null=True, on_delete=models.PROTECT, related_name="messages", verbose_name=_("request")
    )
    state = _fact(
        models.CharField(_("state"), max_length=10, choices=MessageState.choices, default=MessageState.NEW),
        Source.STAFF,
    )
    why_aside = _fact(
        models.CharField(_("why it was set aside"), max_length=12, choices=WhyAside.choices, blank=True),
        Source.STAFF,
    )
    delivered_at = _fact(models.DateTimeField(_("delivered")))
    settled_at = _fact(models.DateTimeField(_("decided"), null=True), Source.STAFF)
    sender = EncryptedText(_("sender's address"), label="mailbox.sender", null=True, personal=_CONTACT)
    sender_name = EncryptedText(_("sender's name"), label="mailbox.sender_name", null=True, personal=_CONTACT)
    title = EncryptedText(_("title"), label="mailbox.title", null=True, personal=_WORDS)
    text = EncryptedText(_("text"), label="mailbox.text", null=True, personal=_WORDS)
    message_id = EncryptedText(
        _("identifier of the message"), label="mailbox.message_id", null=True, personal=_WORDS
    )
    message_id_index = BlindIndex(
        source="message_id", column="mailbox.message_id", normalise="applications.normalise.message_id",
        db_index=True,
    )  # fmt: skip
    refers_to = EncryptedJSON(
        _("messages that it answers"), label="mailbox.refers_to", null=True, personal=_WORDS
    )
    fingerprint = models.BinaryField(max_length=17, unique=True)
    by_machine = models.BooleanField(default=False)
    unreadable = models.BooleanField(default=False)
    cut = models.BooleanField(default=False)

    not_personal = NotPersonal(
        "a keyed digest by which a second copy is known, and how the message could be read",
        "fingerprint", "by_machine", "unreadable", "cut",
    )  # fmt: skip

    class Meta:
        verbose_name = _("message to the privacy mailbox")
        verbose_name_plural = _("messages to the privacy mailbox")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(settled_at__isnull=True) ^ ~models.Q(state=MessageState.NEW),
                name="a_settled_message_says_when",
            ),
            models.CheckConstraint(
                condition=models.Q(request__isnull=True)
                ^ models.Q(state__in=[MessageState.REQUEST, MessageState.ADDED]),
                name="a_message_of_a_request_names_it",
            ),
        ]
        indexes = [
            # The officer's list: those that wait, the oldest first; then the others as they were decided.
            models.Index(fields=["-settled_at", "delivered_at", "id"], name="message_queue"),
            models.Index(
                fields=["state", "-settled_at", "delivered_at", "id"], name="message_queue_by_state"
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def owner_id(self) -> UUID:
        return self.id

    @property
    def subject_id(self) -> UUID | None:
        """Whose it is, once its request is somebody's."""
        return self.request.subject_id if self.request else None

    @classmethod
    def rows_of(cls, subject: DataSubject) -> models.QuerySet["MailboxMessage"]:
        return cls._default_manager.filter(request__subject=subject)


class MessageFile(models.Model):
    """A file that came with a message: handed to the officer as bytes, shown by no page."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    message = models.ForeignKey(MailboxMessage, on_delete=models.CASCADE, related_name="files")
    place = models.PositiveSmallIntegerField()
    file_name = EncryptedText(_("name of the file"), label="mailbox.file_name", personal=_WORDS)
    content = EncryptedBytes(_("file"), label="mailbox.file", personal=_WORDS)
    size = _fact(models.PositiveIntegerField(_("size")))

    not_personal = NotPersonal("the order of the files of a message", "place")

    class Meta:
        verbose_name = _("file of a message")
        verbose_name_plural = _("files of messages")
        ordering = ["message", "place"]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def owner_id(self) -> UUID:
        return self.message_id

    @classmethod
    def rows_of(cls, subject: DataSubject) -> models.QuerySet["MessageFile"]:
        return cls._default_manager.filter(message__request__subject=subject)


class Mailbox(models.Model):
    """How the reading of the mailbox goes: one row, which the worker that reads holds by its lease."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    name = models.CharField(max_length=20, unique=True)
    next_read_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)
    # While it fails: since when, how often, and why last.
    failing_since = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)
    trouble = models.CharField(max_length=40, blank=True)
    # Messages that the last reading could not take over: they stay on the server.
    stuck = models.PositiveIntegerField(default=0)
    # All since the beginning.
    taken_in = models.PositiveBigIntegerField(default=0)
    duplicates = models.PositiveBigIntegerField(default=0)
    automatic = models.PositiveBigIntegerField(default=0)

    not_personal = NotPersonal(
        "how the reading of the mailbox goes",
        "name", "next_read_at", "lease_until", "read_at", "failing_since", "failures", "trouble", "stuck",
        "taken_in", "duplicates", "automatic",
    )  # fmt: skip

    class Meta:
        verbose_name = _("mailbox")
        verbose_name_plural = _("mailboxes")

    def __str__(self) -> str:
        return self.name
