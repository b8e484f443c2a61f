from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PrivacyConfig(AppConfig):
    name = "privacy"
    verbose_name = _("Privacy")

    def ready(self) -> None:
        from applications.endings import POINTS_AT_TOMBSTONES  # noqa: PLC0415
        from applications.panels import account_panels, draft_panels  # noqa: PLC0415
        from applications.selectors.retention import MATTERS  # noqa: PLC0415
        from applications.selectors.secrecy import keepers  # noqa: PLC0415
        from applications.services.housekeeping import KEY_OWNERS  # noqa: PLC0415 - needs models
        from applications.sweeper import Sweep, sweeper  # noqa: PLC0415
        from lenders.erased import remembered  # noqa: PLC0415
        from privacy import checks, receivers, tasks  # noqa: F401, PLC0415
        from privacy.models import (  # noqa: PLC0415
            Arrival,
            DisclosureCase,
            DisclosureWords,
            MailboxMessage,
            RequestWords,
            RightsRequest,
            SealedPackage,
        )
        from privacy.panels import arrivals_panel  # noqa: PLC0415
        from privacy.retention import (  # noqa: PLC0415
            open_requests,
            undecided_disclosures,
            waiting_copies,
        )
        from privacy.rights.notification import late_word  # noqa: PLC0415
        from privacy.services import (  # noqa: PLC0415 - daily jobs
            arrivals,  # noqa: F401
            disclosure_words,  # noqa: F401
            ending,  # noqa: F401
            handing_over,  # noqa: F401
            messages,  # noqa: F401
            reminding,  # noqa: F401
            replaying,  # noqa: F401
            restrictions,  # noqa: F401
            reviewing,  # noqa: F401
            searching,  # noqa: F401
            secrecy,
        )

        MATTERS.extend([open_requests, undecided_disclosures, waiting_copies])
        POINTS_AT_TOMBSTONES.extend([(RightsRequest, "subject"), (DisclosureCase, "subject")])
        KEY_OWNERS.extend([RequestWords, MailboxMessage, Arrival, DisclosureWords, SealedPackage])
        account_panels.register(arrivals_panel)
        draft_panels.register(arrivals_panel)
        keepers.append(secrecy.secret_requests)
        remembered.append(late_word)
        sweeper.register(Sweep("requests", tasks.sweep_requests))
        sweeper.register(Sweep("mailbox", tasks.sweep_mailbox))
        sweeper.register(Sweep("transfers", tasks.sweep_transfers))
