from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PrivacyConfig(AppConfig):
    name = "privacy"
    verbose_name = _("Privacy")

    def ready(self) -> None:
        from applications.panels import account_panels, draft_panels  # noqa: PLC0415
        from applications.services.housekeeping import KEY_OWNERS  # noqa: PLC0415 - needs models
        from applications.sweeper import Sweep, sweeper  # noqa: PLC0415
        from lenders.erased import remembered  # noqa: PLC0415
        from privacy import checks, receivers, tasks  # noqa: F401, PLC0415
        from privacy.models import Arrival, RequestWords  # noqa: PLC0415
        from privacy.panels import arrivals_panel  # noqa: PLC0415
        from privacy.rights.notification import late_word  # noqa: PLC0415
        from privacy.services import arrivals, ending, reminding, searching  # noqa: F401, PLC0415 - daily jobs

        KEY_OWNERS.extend([RequestWords, Arrival])
        account_panels.register(arrivals_panel)
        draft_panels.register(arrivals_panel)
        remembered.append(late_word)
        sweeper.register(Sweep("requests", tasks.sweep_requests))
        sweeper.register(Sweep("transfers", tasks.sweep_transfers))
