from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ApplicationsConfig(AppConfig):
    name = "applications"
    verbose_name = _("Applications")

    def ready(self) -> None:
        from applications import receivers, tasks  # noqa: F401, PLC0415 - connects signals, needs models
        from applications.panels import staff_application_panels  # noqa: PLC0415
        from applications.selectors.moments import moments  # noqa: PLC0415
        from applications.services import (  # noqa: PLC0415
            housekeeping,  # noqa: F401
            keys,  # noqa: F401
            operations,
            pruning,  # noqa: F401
            replaying,  # noqa: F401
            retention,  # noqa: F401
            statistics,  # noqa: F401
        )
        from applications.sweeper import Sweep, sweeper  # noqa: PLC0415
        from applications.timeline import timeline_panel, timeline_sources  # noqa: PLC0415

        timeline_sources.register(moments)
        staff_application_panels.register(timeline_panel)
        sweeper.register(Sweep("heartbeat", operations.beat, stop=operations.rest))
        sweeper.register(Sweep("mail", tasks.deliver_due_mail))
        sweeper.register(Sweep("audit", tasks.seal_audit))
        sweeper.register(Sweep("ledger", tasks.write_ledger))
        sweeper.register(Sweep("daily", operations.run_due_daily_jobs))
