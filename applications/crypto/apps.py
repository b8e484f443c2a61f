"""The cellar as a Django app: its one table, the wrapped data keys, lives in the database `keys`."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class CryptoConfig(AppConfig):
    name = "applications.crypto"
    label = "crypto"
    verbose_name = _("Data keys")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from applications.crypto.sampling import leave_out_of_samples  # noqa: PLC0415 - needs models

        post_migrate.connect(leave_out_of_samples, dispatch_uid="crypto.sampling")
