"""What a member of staff proves beside the password: an authenticator app, passkeys, recovery codes."""

from uuid import UUID, uuid4

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from applications.crypto.fields import EncryptedText
from applications.personal import NotPersonal

WHY = "of a work account: staff are no data subjects of the solution, the employer's records cover them"


class SecondFactor(models.Model):
    """One account's second factor. Its id owns the data key under which its secrets are encrypted.

    A reset deletes it and forgets the key. Another one has another id, and a session that was opened with
    the old one ends.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="second_factor"
    )
    enrolled_at = models.DateTimeField(null=True, editable=False)

    not_personal = NotPersonal(WHY, "enrolled_at")

    class Meta:
        verbose_name = _("second factor")
        verbose_name_plural = _("second factors")

    def __str__(self) -> str:
        return str(self.id)


class PartOfSecondFactor(models.Model):
    """A row of one account's second factor: under its key, gone with it."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(self.id)


class AuthenticatorApp(PartOfSecondFactor):
    """An app that shows six digits anew every half minute (TOTP, RFC 6238)."""

    factor = models.ForeignKey(SecondFactor, on_delete=models.CASCADE, related_name="apps")
    secret = EncryptedText(label="second_factor.totp_secret")
    confirmed_at = models.DateTimeField(null=True)
    # The half minute of the newest code that was accepted: no code counts twice.
    last_step = models.BigIntegerField(default=0)

    not_personal = NotPersonal(WHY, "created_at", "secret", "confirmed_at", "last_step")

    class Meta:
        verbose_name = _("authenticator app")
        verbose_name_plural = _("authenticator apps")
        constraints = [
            models.UniqueConstraint(
                fields=["factor"],
                condition=models.Q(confirmed_at__isnull=False),
                name="one_confirmed_app_for_each_account",
            )
        ]

    @property
    def owner_id(self) -> UUID:
        return self.factor_id


class Passkey(PartOfSecondFactor):
    """A passkey or security key (WebAuthn). What is kept of it is public."""

    factor = models.ForeignKey(SecondFactor, on_delete=models.CASCADE, related_name="passkeys")
    name = models.CharField(_("name"), max_length=60)
    credential_id = models.BinaryField(max_length=1023, unique=True)
    credential = models.BinaryField()
    sign_count = models.PositiveBigIntegerField(default=0)
    last_used_at = models.DateTimeField(null=True)

    not_personal = NotPersonal(
        WHY, "created_at", "name", "credential_id", "credential", "sign_count", "last_used_at"
    )

    class Meta:
        verbose_name = _("passkey")
        verbose_name_plural = _("passkeys")


class RecoveryCode(PartOfSecondFactor):
    """A code on paper for the day the phone is lost. Only a keyed hash is kept; it counts once."""

    factor = models.ForeignKey(SecondFactor, on_delete=models.CASCADE, related_name="recovery_codes")
    code_hash = models.BinaryField(max_length=32)
    used_at = models.DateTimeField(null=True)

    not_personal = NotPersonal(WHY, "created_at", "code_hash", "used_at")

    class Meta:
        verbose_name = _("recovery code")
        verbose_name_plural = _("recovery codes")
