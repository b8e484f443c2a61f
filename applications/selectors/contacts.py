"""Reading contacts. They stand on every page, so each process keeps them for a minute."""

from django.core.cache import cache
from django.db import DatabaseError

from applications.contacts import FIRST_CONTACTS
from applications.models import Contact, ContactRole

KEPT_SECONDS = 60
CACHE_KEY = "contacts"


def contacts() -> dict[str, Contact]:
    """Every contact by its role. A change is on every page within a minute."""
    kept: dict[str, Contact] | None = cache.get(CACHE_KEY)
    if kept is not None:
        return kept
    try:
        found = first_contacts() | stored_contacts()
    except DatabaseError:  # a page that says so is better with our address on it than without
        return first_contacts()
    cache.set(CACHE_KEY, found, KEPT_SECONDS)
    return found


def contact(role: ContactRole) -> Contact:
    """The contact in this role."""
    return contacts()[role]


def stored_contacts() -> dict[str, Contact]:
    """The contacts by role as the DPO keeps them at this moment."""
    return {one.role: one for one in Contact.objects.all()}


def first_contacts() -> dict[str, Contact]:
    """The contacts by role that the register begins with; no database is asked."""
    return {role.value: Contact(role=role, **facts) for role, facts in FIRST_CONTACTS.items()}
