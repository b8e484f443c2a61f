"""Reading contacts. They stand on every page, so each process keeps them for a minute."""

from django.core.cache import cache
from django.db import DatabaseError

from applications.contacts import FIRST_CONTACTS
from applications.models import Contact, ContactRole

KEPT_SECONDS = 60
CACHE_KEY = "contacts"


def contacts() -> dict[str, Contact]:
    """Every contact by its role. A change is on every page within a minute."""
    found: dict[str, Contact] = cache.get_or_set(CACHE_KEY, _read, KEPT_SECONDS)  # type: ignore[assignment]
    return found


def contact(role: ContactRole) -> Contact:
    """The contact in this role."""
    return contacts()[role]


def _read() -> dict[str, Contact]:
    try:
        stored = {one.role: one for one in Contact.objects.all()}
    except DatabaseError:  # a page that says so is better with our address on it than without
        stored = {}
    first = {role.value: Contact(role=role, **facts) for role, facts in FIRST_CONTACTS.items()}
    return first | stored
