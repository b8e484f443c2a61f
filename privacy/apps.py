from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PrivacyConfig(AppConfig):
    name = "privacy"
    verbose_name = _("Privacy")

    def ready(self) -> None:
        from applications.services.housekeeping import KEY_OWNERS  # noqa: PLC0415 - needs models
        from privacy import checks, receivers  # noqa: F401, PLC0415
        from privacy.models import RequestWords  # noqa: PLC0415

        KEY_OWNERS.append(RequestWords)
