"""Data that people take elsewhere or bring along (GDPR Art. 20): with whom, what left, what arrived."""

from datetime import date
from uuid import UUID, uuid4

from django.db import models
from django.utils.translation import gettext_lazy as _

from applications.crypto.fields import BlindIndex, EncryptedBytes, EncryptedText
from applications.crypto.reading import unless_destroyed
from applications.models import DataSubject, Recipient
from applications.personal import (
    AnyField,
    Category,
    Mask,
    NotPersonal,
    Personal,
    RecipientKind,
    Source,
    personal,
)
from applications.retention_rules import Retention
from privacy.models.requests import RightsRequest


def _proof(field: AnyField, source: Source = Source.SYSTEM) -> AnyField:
    return personal(field, Category.TRANSACTIONS, source, retention=Retention.REQUESTS)


class OtherController(models.Model):
    """Another controller in the register of recipients that data are passed on to, and that passes data on.

    `keys` are the public keys by which it signs, as JWKs with their thumbprints: entered here, never fetched.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    recipient = models.OneToOneField(
        Recipient,
        on_delete=models.PROTECT,
        related_name="+",
        limit_choices_to={"kind": RecipientKind.CONTROLLER},
        verbose_name=_("recipient"),
        help_text=_("Its entry in the register of recipients: country, agreement, security assessment."),
    )
    endpoint = models.CharField(
        _("address that takes files"),
        max_length=300,
        help_text=_("For example https://apply.example/portability/v1/transfers"),
    )
    keys = models.JSONField(
        _("public keys"),
        default=list,
        help_text=_("The key set (JWKS) by which it signs, as it publishes it."),
    )

    not_personal = NotPersonal("facts about a company", "endpoint", "keys")

    class Meta:
        verbose_name = _("other controller")
        verbose_name_plural = _("other controllers")
        ordering = ["endpoint"]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def name(self) -> str:
        return self.recipient.name

    def takes_part(self, today: date) -> bool:
        """Whether data go there and are taken from there: its papers are in force."""
        return self.recipient.lapsed(today) is None


class TransferStatus(models.TextChoices):
    """What became of passing a file on."""

    DUE = "due", _("Is being passed on")
    DELIVERED = "delivered", _("Has arrived")
    FAILED = "failed", _("Could not be passed on")


class Transfer(models.Model):
    """A person's instruction to pass their file on to one other controller: a row of the queue, then proof.

    `trying` is written before a call and taken back after it: a call that never ended may have carried the
    data, and so counts as `left`. `receipt` is the other side's signed word: numbers, a digest, moments.
    """

    outlives_its_subject = True

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    request = models.ForeignKey(RightsRequest, on_delete=models.CASCADE, related_name="transfers")
    controller = models.ForeignKey(OtherController, on_delete=models.PROTECT, related_name="+")
    status = _proof(
        models.CharField(
            _("state"), max_length=10, choices=TransferStatus.choices, default=TransferStatus.DUE
        )
    )
    issued_at = _proof(models.DateTimeField(_("instructed")))
    finished_at = _proof(models.DateTimeField(_("ended"), null=True))
    left = _proof(models.BooleanField(_("may have left"), default=False))
    error_code = _proof(models.CharField(_("why not"), max_length=40, blank=True))
    receipt = _proof(models.TextField(_("receipt"), blank=True))
    due_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    fence = models.PositiveIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    trying = models.BooleanField(default=False)

    not_personal = NotPersonal(
        "how far the software has come", "due_at", "lease_until", "fence", "attempts", "trying"
    )

    class Meta:
        verbose_name = _("data passed on")
        verbose_name_plural = _("data passed on")
        constraints = [
            models.UniqueConstraint(fields=["request", "controller"], name="one_transfer_a_controller"),
            models.CheckConstraint(
                condition=models.Q(finished_at__isnull=True) ^ ~models.Q(status=TransferStatus.DUE),
                name="an_ended_transfer_says_when",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"], condition=models.Q(status=TransferStatus.DUE), name="transfer_due"
            )
        ]

    def __str__(self) -> str:
        return str(self.id)

    @classmethod
    def rows_of(cls, subject: DataSubject) -> models.QuerySet["Transfer"]:
        return cls._default_manager.filter(request__subject=subject)


class ArrivalStatus(models.TextChoices):
    """What became of a file that arrived."""

    WAITING = "waiting", _("Waits for the person")
    TAKEN_IN = "taken_in", _("Taken into a draft")
    DECLINED = "declined", _("Declined by the person")
    EXPIRED = "expired", _("Nobody came for it")


class Arrival(models.Model):
    """A file that another controller passed on for whoever proves this e-mail address.

    It lies under a key of its own: nothing tells whether the address is known here. When it is taken,
    declined or expired the key is destroyed; what is left makes a replay find its end, and is linked to
    nobody.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    controller = models.ForeignKey(OtherController, on_delete=models.PROTECT, related_name="+")
    address = EncryptedText(
        _("e-mail"),
        label="arrival.address",
        null=True,
        personal=Personal(Category.IDENTIFICATION, Source.LENDER, retention=Retention.DRAFT, mask=Mask.EMAIL),
    )
    address_index = BlindIndex(
        source="address", column="arrival.address", normalise="applications.normalise.email", db_index=True
    )
    content = EncryptedBytes(
        _("what another controller passed on"),
        label="arrival.content",
        null=True,
        personal=Personal(Category.ACCOUNT, Source.LENDER, retention=Retention.DRAFT),
    )
    transfer_id = models.UUIDField()
    digest = models.BinaryField(max_length=32)
    status = models.CharField(max_length=10, choices=ArrivalStatus.choices, default=ArrivalStatus.WAITING)
    received_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    not_personal = NotPersonal(
        "of a file that nothing links to a person once the address is gone",
        "transfer_id", "digest", "status", "received_at", "expires_at",
    )  # fmt: skip

    class Meta:
        verbose_name = _("data brought along")
        verbose_name_plural = _("data brought along")
        constraints = [
            models.UniqueConstraint(fields=["controller", "transfer_id"], name="one_arrival_a_transfer")
        ]
        indexes = [
            models.Index(
                fields=["expires_at"],
                condition=models.Q(status=ArrivalStatus.WAITING),
                name="arrival_to_expire",
            )
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def owner_id(self) -> UUID:
        return self.id

    @classmethod
    def rows_of(cls, subject: DataSubject) -> models.QuerySet["Arrival"]:
        """Files that wait for the person's address; without the person's key none can be found."""
        address = unless_destroyed(subject, "email")
        if address is None:
            return cls._default_manager.none()
        return cls._default_manager.filter(address_index=address)
