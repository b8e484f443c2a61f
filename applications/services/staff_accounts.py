"""What is done to accounts of staff, and to groups, as the audit tells it: codes and numbers, no names."""

from django.contrib.auth.models import Group
from django.db.models import Model, QuerySet

from applications.actors import Actor
from applications.models import StaffUser
from applications.services import audit

FLAGS = ("is_active", "is_staff", "is_superuser")


def rights_of(row: StaffUser | Group) -> frozenset[str]:
    """What an account or a group may do: its flags, its groups by number, its permissions."""
    if isinstance(row, Group):
        return frozenset(_codes(row.permissions.all()))
    flags = {flag for flag in FLAGS if getattr(row, flag)}
    groups = {f"group:{number}" for number in row.groups.values_list("pk", flat=True)}
    return frozenset(flags | groups | _codes(row.user_permissions.all()))


def _codes(permissions: QuerySet) -> set[str]:
    pairs = permissions.values_list("content_type__app_label", "codename")
    return {f"{app}.{code}" for app, code in pairs}


def note_saved(
    *, row: StaffUser | Group, before: frozenset[str] | None, changed: list[str], actor: Actor
) -> None:
    """After an account or a group was saved: what it may do now and could not before, and the reverse.

    `before` is None for a new one; `changed` names the fields of the form.
    """
    after, noun = rights_of(row), _noun(row)
    granted, revoked = sorted(after - (before or frozenset())), sorted((before or frozenset()) - after)
    action = f"{noun}.created" if before is None else f"{noun}.changed"
    audit.record(actor=actor, action=action, row=row, fields=sorted(changed))
    if granted or revoked:
        audit.record(actor=actor, action=f"{noun}.rights_changed", row=row, granted=granted, revoked=revoked)


def note_deleted(*, row: StaffUser | Group, actor: Actor) -> None:
    """Before an account or a group is deleted: afterwards it has no number any more."""
    audit.record(actor=actor, action=f"{_noun(row)}.deleted", row=row)


def note_password_changed(*, user: StaffUser, actor: Actor) -> None:
    audit.record(actor=actor, action="account.password_changed", row=user)


def _noun(row: Model) -> str:
    return "group" if isinstance(row, Group) else "account"
