"""What belongs to a person's account beside the applications: payment, preferences, complaints, notes."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from applications.crypto.fields import EncryptedBoolean, EncryptedText
from applications.models.application import Application
from applications.models.subject import OwnedBySubject
from applications.personal import Category, Personal, Source, personal
from applications.retention_rules import Retention


class PaymentMethod(OwnedBySubject):
    """How a person pays or is paid, where a service of ours costs anything: an IBAN, or a card's token."""

    payment_kind = EncryptedText(
        _("kind of payment method"),
        label="account.payment_kind",
        personal=Personal(Category.ACCOUNT, Source.CONSUMER),
    )
    identifier = EncryptedText(
        _("account or card"),
        label="account.payment_identifier",
        personal=Personal(Category.ACCOUNT, Source.CONSUMER),
    )
    added_at = personal(models.DateTimeField(_("added"), auto_now_add=True), Category.ACCOUNT)

    class Meta:
        verbose_name = _("payment method")
        verbose_name_plural = _("payment methods")


class Channel(models.TextChoices):
    """By which way marketing may reach a person."""

    EMAIL = "e_mail", _("E-mail")
    PHONE = "phone_call", _("Phone")
    POST = "post", _("Post")


class MarketingPreference(OwnedBySubject):
    """What a person decided about one channel of marketing; the newest decision counts."""

    channel = personal(
        models.CharField(_("way of contact"), max_length=10, choices=Channel.choices),
        Category.ACCOUNT,
        Source.CONSUMER,
        retention=Retention.MARKETING,
    )
    wanted = EncryptedBoolean(
        _("wants marketing"),
        label="account.marketing_wanted",
        personal=Personal(Category.ACCOUNT, Source.CONSUMER, retention=Retention.MARKETING),
    )
    decided_at = personal(
        models.DateTimeField(_("decided")), Category.ACCOUNT, Source.CONSUMER, retention=Retention.MARKETING
    )

    class Meta:
        verbose_name = _("marketing preference")
        verbose_name_plural = _("marketing preferences")
        indexes = [models.Index(fields=["decided_at", "id"], name="preference_by_time")]


class Complaint(OwnedBySubject):
    """A complaint, its handling and our answer."""

    text = EncryptedText(
        _("complaint"),
        label="account.complaint_text",
        personal=Personal(Category.ACCOUNT, Source.CONSUMER, retention=Retention.CLAIMS),
    )
    answer = EncryptedText(
        _("answer"),
        label="account.complaint_answer",
        null=True,
        personal=Personal(Category.ACCOUNT, Source.STAFF, retention=Retention.CLAIMS),
    )
    received_at = personal(models.DateTimeField(_("received")), Category.ACCOUNT, retention=Retention.CLAIMS)
    closed_at = personal(
        models.DateTimeField(_("closed"), null=True), Category.ACCOUNT, retention=Retention.CLAIMS
    )

    class Meta:
        verbose_name = _("complaint")
        verbose_name_plural = _("complaints")
        indexes = [models.Index(fields=["closed_at", "id"], name="complaint_by_end")]


class SupplementaryStatement(OwnedBySubject):
    """What a person adds to an application that is incomplete rather than wrong (GDPR Art. 16)."""

    application = models.ForeignKey(
        Application, on_delete=models.CASCADE, related_name="statements", verbose_name=_("application")
    )
    text = EncryptedText(
        _("supplementary statement"),
        label="account.statement",
        personal=Personal(Category.ACCOUNT, Source.CONSUMER, retention=Retention.APPLICATION),
    )
    made_at = personal(
        models.DateTimeField(_("made"), auto_now_add=True),
        Category.ACCOUNT, Source.CONSUMER, retention=Retention.APPLICATION,
    )  # fmt: skip

    class Meta:
        verbose_name = _("supplementary statement")
        verbose_name_plural = _("supplementary statements")
        indexes = [models.Index(fields=["application", "made_at"], name="statements_of_application")]


class AccountNote(OwnedBySubject):
    """A note that staff added to the account; its person can read it."""

    text = EncryptedText(
        _("note"),
        label="account.note",
        personal=Personal(Category.ACCOUNT, Source.STAFF, third_persons=True),
    )
    written_at = personal(
        models.DateTimeField(_("written"), auto_now_add=True), Category.ACCOUNT, Source.STAFF
    )

    class Meta:
        verbose_name = _("note")
        verbose_name_plural = _("notes")
