"""Master keys that are due: on them rests the day from which an erasure is final."""

from collections.abc import Iterator
from datetime import datetime

from django.db import OperationalError
from django.db.models import Count
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from applications.crypto.key_schedule import Due
from applications.crypto.rings import opens_up_to
from applications.formats import date_text
from applications.selectors.keys import epochs
from applications.staff_site import Flag
from privacy.models import Erasure

SENTENCES = {
    Due.REPLACE: gettext_lazy(
        "%(name)s: another one has to take its place now, and it has to be destroyed by %(day)s."
    ),
    Due.DESTROY: gettext_lazy("%(name)s: it has to be destroyed by %(day)s."),
    Due.LATE: gettext_lazy("%(name)s: it was to be destroyed by %(day)s and can still be used."),
}


def due_master_keys(now: datetime) -> Iterator[Flag]:
    """Those to be replaced or destroyed, and erasures that are not final although their day is over."""
    here = reverse("admin:privacy_attention")
    try:
        found, broken = epochs(), _not_final(now)
    except OperationalError:  # the page is about much else
        yield Flag(_("The database of keys cannot be reached at the moment."), here)
        return
    for one in found:
        if one.due is not Due.NOTHING and one.destroy_by is not None:
            day = date_text(one.destroy_by)
            yield Flag(str(SENTENCES[one.due]) % {"name": one.name, "day": day}, here)
    if broken:
        sentence = ngettext(
            "%(n)d erasure is not final, although the day is over that its certificate names.",
            "%(n)d erasures are not final, although the days are over that their certificates name.",
            broken,
        )
        yield Flag(sentence % {"n": broken}, here)


def _not_final(now: datetime) -> int:
    """Erasures of which an old copy of the key can be opened later than was said."""
    over = Erasure.objects.filter(final_by__lt=timezone.localdate(now)).exclude(key_epoch="")
    counted = over.order_by().values_list("key_epoch").annotate(Count("pk"))
    return sum(count for epoch, count in counted if opens_up_to(epoch))
