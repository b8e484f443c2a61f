"""What a member of staff has to prove who they are with."""

from uuid import UUID

from django.db.models import QuerySet

from applications.models import AuthenticatorApp, Passkey, RecoveryCode, SecondFactor, StaffUser


def enrolled_factor(user: StaffUser) -> SecondFactor | None:
    """The account's second factor, or None while it has yet to be enrolled."""
    return SecondFactor.objects.filter(user=user, enrolled_at__isnull=False).first()


def is_factor_of(user: StaffUser, factor_id: UUID) -> bool:
    """Whether this is the account's second factor today: not after a reset."""
    return SecondFactor.objects.filter(pk=factor_id, user=user, enrolled_at__isnull=False).exists()


def confirmed_app(factor: SecondFactor) -> AuthenticatorApp | None:
    return factor.apps.filter(confirmed_at__isnull=False).first()


def app_to_confirm(factor: SecondFactor) -> AuthenticatorApp | None:
    """An app whose first code is still waited for."""
    return factor.apps.filter(confirmed_at__isnull=True).first()


def passkeys(factor: SecondFactor) -> QuerySet[Passkey]:
    return factor.passkeys.order_by("created_at")


def unused_recovery_codes(factor: SecondFactor) -> QuerySet[RecoveryCode]:
    return factor.recovery_codes.filter(used_at__isnull=True)
