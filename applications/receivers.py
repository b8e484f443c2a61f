"""What the ground floor does on signals: of a worker, a migration, a failed decryption, an account's end."""

from typing import Any
from uuid import UUID

from celery.signals import worker_ready, worker_shutdown
from django.apps import apps as installed
from django.db import DEFAULT_DB_ALIAS, transaction
from django.db.models.signals import post_delete, post_migrate
from django.dispatch import receiver

from applications.actors import SYSTEM
from applications.contacts import FIRST_CONTACTS
from applications.crypto import keyring
from applications.crypto.signals import decryption_failed, keys_destroyed
from applications.each_app import of_each_app
from applications.models import SecondFactor, StaffUser
from applications.services import audit
from applications.services.staff_accounts import grant_roles, note_saved
from applications.signals import administrator_made
from applications.sweeper import sweeper


@worker_ready.connect
def start_sweeping(**_: Any) -> None:
    sweeper.start()


@worker_shutdown.connect
def stop_sweeping(**_: Any) -> None:
    sweeper.stop()


@receiver(post_migrate, dispatch_uid="applications.contacts")
def enter_first_contacts(*, app_config: Any, using: str, apps: Any = installed, **_: Any) -> None:
    """The register of contacts begins with what is known; what the DPO changed stays."""
    if app_config.label != "applications" or using != DEFAULT_DB_ALIAS:
        return
    try:
        contact = apps.get_model("applications", "Contact")
    except LookupError:  # migrated to a state before the register
        return
    for role, facts in FIRST_CONTACTS.items():
        contact.objects.get_or_create(role=role, defaults=facts)


@receiver(post_migrate, dispatch_uid="applications.roles")
def grant_roles_anew(*, app_config: Any, using: str, **_: Any) -> None:
    """The groups of the roles hold what the code says, once the last app has its permissions."""
    if using == DEFAULT_DB_ALIAS and app_config.label == [*of_each_app("roles", "GRANTS")][-1]:
        grant_roles()


@receiver(administrator_made)
def audit_administrator(*, user: StaffUser, **_: Any) -> None:
    """Whoever rules the servers can make one at any time: the audit tells of it as of any other account."""
    note_saved(user=user, before=None, changed=[], actor=SYSTEM)


@receiver(decryption_failed)
def audit_failed_decryption(*, label: str, row_id: UUID, owner_id: UUID, **_: Any) -> None:
    """On a connection of its own: whoever asked is about to fail and roll back."""
    audit.record_aside(
        actor=SYSTEM,
        action="decryption.failed",
        subject_id=owner_id,
        label=label,
        row=None,
        row_id=str(row_id),
    )


@receiver(keys_destroyed)
def audit_destroyed_keys(*, owner_ids: list[UUID], count: int, tombstones: bool, **_: Any) -> None:
    """Whatever becomes of the caller's transaction: a rollback brings no key back."""
    action = "keys.destroyed" if tombstones else "keys.forgotten"
    owners = [str(owner_id) for owner_id in owner_ids] if tombstones else []
    audit.record_aside(actor=SYSTEM, action=action, count=count, owners=owners)


@receiver(post_delete, sender=SecondFactor)
def forget_key_of_second_factor(*, instance: SecondFactor, **_: Any) -> None:
    """Reset, or gone with its account: nothing is left to read. If this fails, the sweep of keys does it."""
    factor_id = instance.id  # Django takes it off the instance when all is deleted
    transaction.on_commit(lambda: keyring.forget_keys([factor_id]), robust=True)
