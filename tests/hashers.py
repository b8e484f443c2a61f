"""A hash of passwords that costs nothing: hundreds are made and checked here, and none is worth guessing."""

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class QuickHasher(PBKDF2PasswordHasher):
    """One round. A process of the product that looks into the same database can check it as well."""

    iterations = 1
