"""Models for the tests of the cellar alone. Without migrations: the test database is made from the models."""

from django.apps import AppConfig


class VaultConfig(AppConfig):
    name = "tests.applications.crypto.vault"
    label = "crypto_vault"
    default_auto_field = "django.db.models.BigAutoField"
