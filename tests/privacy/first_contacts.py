"""The contacts with which the register begins, as the notices name them."""

from applications.selectors.contacts import first_contacts
from privacy.notices import named

CONTACTS = named(first_contacts())
