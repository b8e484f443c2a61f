"""The contacts with which the register begins, as the notices name them."""

from applications.contacts import FIRST_CONTACTS
from applications.models import Contact
from privacy.notices import ROLES

CONTACTS = {name: Contact(role=role, **FIRST_CONTACTS[role]) for name, role in ROLES.items()}
