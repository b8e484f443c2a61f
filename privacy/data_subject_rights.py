"""The rights of a data subject (GDPR), one line each, as the notices and the answers name them."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Right:
    """A right: the article of the GDPR that gives it, its name, and what it means."""

    article: int
    name: str | Promise
    means: str | Promise


RIGHTS = (
    Right(
        12,
        _("Clear communication"),
        _(
            "We answer understandably, in time and free of charge; if we refuse, we say why and where you "
            "can complain."
        ),
    ),
    Right(
        13,
        _("Information when you give the data"),
        _("To learn what happens to the data, why and for how long. This notice is for that."),
    ),
    Right(
        14,
        _("Information when the data come from others"),
        _("To learn within a month at the latest what we received and from whom."),
    ),
    Right(
        15,
        _("Access"),
        _(
            "To learn whether we process your data, to get a copy of them and to be told the purposes, the "
            "categories, the actual recipients, the period of storage, the source and any automated "
            "decisions."
        ),
    ),
    Right(
        16,
        _("Rectification"),
        _(
            "To have mistakes corrected without delay. You can complete incomplete data with a statement of "
            "your own."
        ),
    ),
    Right(
        17,
        _("Erasure"),
        _(
            "To have data erased where a reason named in the GDPR applies and no exception does. We tell you "
            "when it is done."
        ),
    ),
    Right(
        18,
        _("Restriction"),
        _(
            "To have the data only stored for a time. Meanwhile we use them otherwise only with your "
            "consent, for legal claims, to protect the rights of another person or in an important public "
            "interest. We tell you before the restriction ends."
        ),
    ),
    Right(
        19,
        _("Word to the recipients"),
        _(
            "We tell everybody who received the data of each rectification, erasure and restriction, as far "
            "as that is possible and proportionate. On request we name these recipients."
        ),
    ),
    Right(
        20,
        _("Portability"),
        _(
            "To get the data that you gave in a machine-readable form. Where it is technically possible we "
            "send them straight to another controller."
        ),
    ),
    Right(
        21,
        _("Objection"),
        _(
            "To object to processing for legitimate interests. Then we stop, unless we show a weightier "
            "reason. Direct marketing we always stop."
        ),
    ),
    Right(
        22,
        _("Not to be subject to automated decisions"),
        _("We take none. A request to review a lender's decision we pass on to the lender."),
    ),
    Right(
        77,
        _("Complaint"),
        _("To complain to the supervisory authority; its contacts are below."),
    ),
)
