"""The cellar as a Django app: its one table, the wrapped data keys, lives in the database `keys`."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CryptoConfig(AppConfig):
    name = "applications.crypto"
    label = "crypto"
    verbose_name = _("Data keys")
    default_auto_field = "django.db.models.BigAutoField"
