from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PrivacyConfig(AppConfig):
    name = "privacy"
    verbose_name = _("Privacy")

    def ready(self) -> None:
        from applications.services.housekeeping import KEY_OWNERS  # noqa: PLC0415 - needs models
        from applications.sweeper import Sweep, sweeper  # noqa: PLC0415
        from lenders.erased import remembered  # noqa: PLC0415
        from privacy import checks, receivers, tasks  # noqa: F401, PLC0415
        from privacy.models import MailboxMessage, RequestWords  # noqa: PLC0415
        from privacy.rights.notification import late_word  # noqa: PLC0415
        from privacy.services import (  # noqa: PLC0415 - daily jobs
            ending,  # noqa: F401
            messages,  # noqa: F401
            reminding,  # noqa: F401
            restrictions,  # noqa: F401
            reviewing,  # noqa: F401
            searching,  # noqa: F401
        )

        KEY_OWNERS.extend([RequestWords, MailboxMessage])
        remembered.append(late_word)
        sweeper.register(Sweep("requests", tasks.sweep_requests))
        sweeper.register(Sweep("mailbox", tasks.sweep_mailbox))
