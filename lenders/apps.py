from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LendersConfig(AppConfig):
    name = "lenders"
    verbose_name = _("Lenders")

    def ready(self) -> None:
        from applications.endings import RECEIVED, Received  # noqa: PLC0415
        from applications.panels import account_panels, staff_application_panels  # noqa: PLC0415
        from applications.selectors.who_saw import aftermaths  # noqa: PLC0415
        from applications.services.housekeeping import KEY_OWNERS  # noqa: PLC0415
        from applications.sweeper import Sweep, sweeper  # noqa: PLC0415 - needs models
        from applications.timeline import timeline_sources  # noqa: PLC0415
        from lenders import receivers, tasks  # noqa: F401, PLC0415
        from lenders.engine import engine  # noqa: PLC0415
        from lenders.models import Lender  # noqa: PLC0415
        from lenders.panels import offers_panel, requests_panel, submissions_panel  # noqa: PLC0415
        from lenders.selectors.deletions import after_disclosures  # noqa: PLC0415
        from lenders.selectors.moments import moments  # noqa: PLC0415
        from lenders.services import closing, deletions  # noqa: F401, PLC0415 - a daily job

        KEY_OWNERS.append(Lender)
        RECEIVED.append(Received(tell=deletions.tell_before_the_end, waits=deletions.waits_to_be_told))
        account_panels.register(requests_panel)
        account_panels.register(offers_panel)
        staff_application_panels.register(submissions_panel)
        timeline_sources.register(moments)
        aftermaths.append(after_disclosures)
        sweeper.register(Sweep("deliveries", tasks.sweep_deliveries, stop=engine.stop))
        sweeper.register(Sweep("clocks", tasks.sweep_clocks))
