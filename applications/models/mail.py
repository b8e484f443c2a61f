"""Outgoing mail: rows are the queue, and what they say is encrypted."""

from uuid import uuid4

from django.db import models
from django.utils.translation import gettext_lazy as _

from applications.crypto.fields import EncryptedText
from applications.models.subject import DataSubject, EmailChallenge
from applications.personal import Category, NotPersonal, Personal, Source, personal


class MailKind(models.TextChoices):
    SIGN_IN_CODE = "sign_in_code", _("Sign-in code")
    APPLICATION_SENT = "application_sent", _("Application sent")
    LATE_OFFER = "late_offer", _("Offer that came late")
    MORE_NEEDED = "more_needed", _("A lender needs more information")
    OFFER_CHOSEN = "offer_chosen", _("Offer chosen")
    CONTRACT_SIGNED = "contract_signed", _("Contract signed")
    DECLINED_LATE = "declined_late", _("Declined after it was chosen")
    RIGHTS_LETTER = "rights_letter", _("Letter about a request of a data subject")
    REQUEST_DUE = "request_due", _("Reminder of a request that is due")
    DISCLOSED = "disclosed", _("Somebody has received data")
    ADDRESS_CHANGED = "address_changed", _("The e-mail address of the account was changed")


# Sent to whoever asked or works on it, or because the person is to be told: no right of theirs stops these,
# and an erasure is answered after the person is gone.
TO_WHOEVER_ASKED = frozenset(
    {
        MailKind.SIGN_IN_CODE,
        MailKind.RIGHTS_LETTER,
        MailKind.REQUEST_DUE,
        MailKind.DISCLOSED,
        MailKind.ADDRESS_CHANGED,
    }
)


class MailStatus(models.TextChoices):
    QUEUED = "queued", _("Queued")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")


class OutboundMail(models.Model):
    """One message. Its key belongs to a data subject or, for a code, to the challenge; for a letter about a
    request, to the request."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    owner_id = personal(models.UUIDField(_("whose key it is under"), db_index=True), Category.ACCOUNT)
    kind = personal(
        models.CharField(_("kind of communication"), max_length=20, choices=MailKind.choices),
        Category.COMMUNICATIONS,
    )
    recipient = EncryptedText(
        _("recipient"),
        label="mail.recipient",
        null=True,
        personal=Personal(Category.COMMUNICATIONS, Source.SYSTEM),
    )
    title = EncryptedText(
        _("title"), label="mail.title", null=True, personal=Personal(Category.COMMUNICATIONS, Source.SYSTEM)
    )
    body = EncryptedText(
        _("text"), label="mail.body", null=True, personal=Personal(Category.COMMUNICATIONS, Source.SYSTEM)
    )
    status = personal(
        models.CharField(_("state"), max_length=8, choices=MailStatus.choices, default=MailStatus.QUEUED),
        Category.COMMUNICATIONS,
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    # After this moment the message is of no use (a code that has expired) and is not sent any more.
    useless_after = models.DateTimeField(null=True)
    created_at = personal(models.DateTimeField(_("created"), auto_now_add=True), Category.COMMUNICATIONS)
    sent_at = personal(models.DateTimeField(_("sent"), null=True), Category.COMMUNICATIONS)
    error_code = models.CharField(max_length=40, blank=True)

    not_personal = NotPersonal("the queue's bookkeeping", "attempts", "due_at", "useless_after", "error_code")

    class Meta:
        verbose_name = _("outbound mail")
        verbose_name_plural = _("outbound mails")
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(status="queued"), name="mail_due"),
            models.Index(fields=["created_at", "id"], name="mail_by_time"),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @classmethod
    def rows_of(cls, subject: DataSubject) -> models.QuerySet["OutboundMail"]:
        """Messages to one person, with the codes on their way to the person's address."""
        codes = EmailChallenge.rows_of(subject).values("pk")
        return cls._default_manager.filter(models.Q(owner_id=subject.pk) | models.Q(owner_id__in=codes))
