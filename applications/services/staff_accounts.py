"""What is done to accounts of staff, as the audit tells it: codes and numbers, no names."""

from collections.abc import Collection

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.utils import timezone

from applications.actors import Actor
from applications.each_app import of_each_app
from applications.models import LedgerKind, StaffUser
from applications.roles import Role
from applications.services import audit, ledger

FLAGS = ("is_active", "is_staff")


def rights_of(user: StaffUser) -> frozenset[str]:
    """What an account may do: its flags and its roles. A group of any other name gives nothing."""
    flags = {flag for flag in FLAGS if getattr(user, flag)}
    roles = user.groups.filter(name__in=Role).values_list("name", flat=True)
    return frozenset(flags | {f"role:{name}" for name in roles})


def note_saved(*, user: StaffUser, before: frozenset[str] | None, changed: list[str], actor: Actor) -> None:
    """After an account was saved: what it may do now and could not before, and the reverse.

    `before` is None for a new one; `changed` names the fields of the form.
    """
    after = rights_of(user)
    granted, revoked = sorted(after - (before or frozenset())), sorted((before or frozenset()) - after)
    action = "account.created" if before is None else "account.changed"
    audit.record(actor=actor, action=action, row=user, fields=sorted(changed))
    if revoked:
        ledger.note(LedgerKind.ACCESS_ENDED, account=user.pk, revoked=revoked)
    if granted or revoked:
        audit.record(actor=actor, action="account.rights_changed", row=user, granted=granted, revoked=revoked)


def revoke_again(*, account: int, revoked: Collection[str], actor: Actor) -> None:
    """What an account lost after a copy was made that is back now. It may not be there."""
    user = StaffUser.objects.filter(pk=account).first()
    if user is None:
        return
    before = rights_of(user)
    for flag in FLAGS:
        if flag in revoked:
            setattr(user, flag, False)
    user.save(update_fields=FLAGS)
    user.groups.remove(*user.groups.filter(name__in=[one.removeprefix("role:") for one in revoked]))
    if before != rights_of(user):
        note_saved(user=user, before=before, changed=[], actor=actor)


def note_password_changed(*, user: StaffUser, actor: Actor) -> None:
    audit.record(actor=actor, action="account.password_changed", row=user)
    if actor != Actor.staff(user.pk):
        note_handed_over(user)


def note_handed_over(user: StaffUser) -> None:
    """Somebody else can have the account now: training counts that is entered from here on (models.staff)."""
    StaffUser.objects.filter(pk=user.pk).update(handed_over_at=timezone.now())


def grant_roles() -> None:
    """Make the groups of the roles hold what every floor's `roles.GRANTS` says, and nothing else."""
    known = {
        (permission.content_type.app_label, permission.codename): permission
        for permission in Permission.objects.select_related("content_type")
    }
    for role in Role:
        group, _new = Group.objects.get_or_create(name=role)
        wanted = [known[code] for code in codes_of(role) if code in known]
        with transaction.atomic():
            group.permissions.set(wanted)


def codes_of(role: Role) -> set[tuple[str, str]]:
    """App label and code of every permission that a role holds."""
    return {
        (label, code)
        for label, grants in of_each_app("roles", "GRANTS").items()
        for code in grants.get(role, frozenset())
    }
