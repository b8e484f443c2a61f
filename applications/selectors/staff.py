"""What a member of staff has to prove who they are with, and which of their roles count today."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from applications.models import (
    Application,
    AuthenticatorApp,
    Mandate,
    MandateCase,
    Passkey,
    RecoveryCode,
    SecondFactor,
    StaffUser,
    Training,
)
from applications.roles import READS_PERSONAL_DATA, Role


class Asleep(models.TextChoices):
    """Why a role that was given does not count."""

    TRAINING = "training", _("There is no training in data protection on record that counts today.")
    HANDED_OVER = (
        "handed_over",
        _(
            "Somebody else set the password or reset the second factor. Training has to be entered anew, "
            "once it is certain who has the account."
        ),
    )
    MANDATE = (
        "mandate",
        _("There is no mandate that counts today, or the partner's papers in the register are not in order."),
    )
    PARTNER = "partner", _("An external partner has no other role.")


def roles_of(user: StaffUser) -> Mapping[Role, Asleep | None]:
    """The roles that an account was given, and why each does not count today; None for one that does."""
    given = [Role(name) for name in user.groups.filter(name__in=Role).values_list("name", flat=True)]
    untrained = _untrained(user) if READS_PERSONAL_DATA.intersection(given) else None

    def asleep(role: Role) -> Asleep | None:
        if role is not Role.EXTERNAL and Role.EXTERNAL in given:
            return Asleep.PARTNER
        if role in READS_PERSONAL_DATA and untrained:
            return untrained
        return Asleep.MANDATE if role is Role.EXTERNAL and not mandates_in_force(user) else None

    return {role: asleep(role) for role in given}


def roles_in_force(user: StaffUser) -> list[Role]:
    """The roles whose rights the account has today."""
    return [role for role, asleep in roles_of(user).items() if asleep is None]


def _untrained(user: StaffUser) -> Asleep | None:
    """Why no training makes the account's roles count today, or None."""
    today = timezone.localdate()
    in_its_days = Training.objects.filter(user=user, completed_on__lte=today, valid_until__gte=today)
    known = list(in_its_days.select_related("user"))
    if any(one.counts(today) for one in known):
        return None
    return Asleep.HANDED_OVER if known else Asleep.TRAINING


def handed_over() -> list[StaffUser]:
    """Accounts whose roles sleep because somebody else set the password or reset the second factor."""
    changed = StaffUser.objects.filter(is_active=True, handed_over_at__isnull=False).order_by("pk")
    return [user for user in changed if Asleep.HANDED_OVER in roles_of(user).values()]


def officers_addresses() -> list[str]:
    """The e-mail addresses of the data protection officers who may act today."""
    officers = (
        StaffUser.objects.filter(is_active=True, groups__name=Role.DPO).exclude(email="").order_by("pk")
    )
    return [user.email for user in officers if Role.DPO in roles_in_force(user)]


def mandates_in_force(user: StaffUser) -> list[Mandate]:
    """The mandates of an external partner that count today, the one that ends last first."""
    today = timezone.localdate()
    found = Mandate.objects.filter(user=user, starts_on__lte=today, ends_on__gte=today)
    return [one for one in found.select_related("recipient").order_by("-ends_on") if one.counts(today)]


def mandate_over(user: StaffUser, application_id: UUID) -> Mandate | None:
    """The mandate under which an external partner may open this application today."""
    found = (one for one in mandates_in_force(user) if one.cases.filter(application=application_id).exists())
    return next(found, None)


def within_mandate(user: Any, applications: QuerySet[Application]) -> QuerySet[Application]:
    """Those of `applications` that an account may open: for an external partner, what the mandates name."""
    if not is_external(user):
        return applications
    cases = MandateCase.objects.filter(mandate__in=mandates_in_force(user))
    return applications.filter(pk__in=cases.values("application"))


def is_external(user: Any) -> bool:
    """Whether the account is an external partner's."""
    return bool(user.groups.filter(name=Role.EXTERNAL).exists())


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
