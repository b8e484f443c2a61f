"""Looking people up: every one who is found is written down, and that nobody was.

Whoever is found learns of it; a search that finds nobody nobody learns of. How many of these one account may
have is limited: personal codes and phone numbers can be tried one by one.
"""

from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import ngettext_lazy

from applications.actors import Actor
from applications.errors import TooManySearches
from applications.models import AuditEntry
from applications.selectors.finding import FOUND_FOR, Found, find_people
from applications.selectors.permission import restricted_use
from applications.services import audit
from applications.services.limits import DAY, HOUR, MINUTE, Limit
from applications.services.locking import take_turns

NOBODY = "search.nobody"
WAIT = ngettext_lazy(
    "Many of your searches found nobody. You can search again in %(wait)s minute; ask the person to spell "
    "what they are known by.",
    "Many of your searches found nobody. You can search again in %(wait)s minutes; ask the person to spell "
    "what they are known by.",
    "wait",
)
# A long day on the phone has slips and people who have no account here; trying codes needs thousands.
LIMITS = (Limit(20, HOUR, MINUTE, WAIT), Limit(60, DAY, MINUTE, WAIT))


def find(*, text: str, actor: Actor, matter: UUID | None = None) -> list[Found]:
    """Who is known by exactly this. What was typed is kept nowhere. `matter` is what they are looked up for:
    while the law forbids telling of it, the person does not learn of the look either. Raises TooManySearches.
    """
    of_what = {"matter": str(matter)} if matter else {}
    with transaction.atomic():
        take_turns(f"find:{actor.identifier}")
        _refuse_trying(actor)
        people = find_people(text)
        for one in people:
            audit.record(
                actor=actor, action="subject.found", subject_id=one.subject.pk, row=one.subject, by=one.by,
                **of_what, **restricted_use(one.subject.pk, FOUND_FOR),
            )  # fmt: skip
        if not people:
            audit.record(actor=actor, action=NOBODY)
    return people


def _refuse_trying(actor: Actor) -> None:
    now = timezone.now()
    in_vain = AuditEntry.objects.filter(
        action=NOBODY, actor_kind=actor.kind, actor_identifier=actor.identifier, at__gt=now - DAY
    ).annotate(created_at=F("at"))
    wait, limit = max(((limit.wait(in_vain, now), limit) for limit in LIMITS), key=lambda pair: pair[0])
    if wait:
        audit.record_aside(actor=actor, action="search.refused")
        raise TooManySearches(limit.sentence(wait))
