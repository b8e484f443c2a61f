"""Other retention periods: proposed by one of staff, approved by another, from a day on. Editions stay."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from applications.actors import Actor
from applications.errors import IllegalTransition
from applications.models import RetentionEdition
from applications.retention_rules import Period, PeriodRefused, Retention, with_periods
from applications.selectors.periods import edition_of, forget_known
from applications.services import audit
from applications.services.locking import take_turns
from privacy.errors import DecisionMissing, EditionOvertaken, PeriodsRefused
from privacy.services.two_people import require_two


def propose(
    *, periods: Mapping[Retention, Period], from_day: date, reason: str, actor: Actor
) -> RetentionEdition:
    """Propose an edition: all periods, those that stay included. To propose the defaults confirms them.

    Raises PeriodsRefused for one that no rule can have, a day that is over, or what holds on that day anyway;
    DecisionMissing without a reason.
    """
    if not reason.strip():
        raise DecisionMissing
    try:
        rules = with_periods(periods)
    except PeriodRefused:
        raise PeriodsRefused from None
    held = edition_of(from_day)
    if from_day < timezone.localdate() or (rules == held.rules and not held.is_proposal):
        raise PeriodsRefused
    with transaction.atomic():
        take_turns("retention editions")
        last = RetentionEdition.objects.aggregate(last=Max("number"))["last"] or 0
        edition = RetentionEdition.objects.create(
            number=last + 1,
            periods={name.value: asdict(Period.of(rule)) for name, rule in rules.items()},
            from_day=from_day, reason=reason.strip(), proposed_by=actor.identifier,
            proposed_at=timezone.now(),
        )  # fmt: skip
        audit.record(actor=actor, action="periods.proposed", row=edition, from_day=from_day.isoformat())
    return edition


def approve(*, number: int, actor: Actor) -> RetentionEdition:
    """A second person approves it: from its day on it holds, at once where its day has come.

    What is over by a shorter period goes with the next run. Raises SamePerson, NoOfficer, EditionOvertaken
    where another holds from its day on, and IllegalTransition for one that was decided.
    """
    with transaction.atomic():
        edition = _undecided(number)
        require_two(edition.proposed_by, actor.identifier)
        edition.approved_by, edition.approved_at = actor.identifier, timezone.now()
        edition.save(update_fields=["approved_by", "approved_at"])
        if edition_of(max(edition.from_day, timezone.localdate())).edition != number:
            raise EditionOvertaken
        audit.record(actor=actor, action="periods.approved", row=edition)
    forget_known()
    return edition


def drop(*, number: int, actor: Actor) -> None:
    """It comes to nothing: either of the two, or anybody who may propose. Raises IllegalTransition."""
    with transaction.atomic():
        edition = _undecided(number)
        edition.dropped_at = timezone.now()
        edition.save(update_fields=["dropped_at"])
        audit.record(actor=actor, action="periods.dropped", row=edition)


def _undecided(number: int) -> RetentionEdition:
    undecided = RetentionEdition.objects.select_for_update().filter(
        number=number, approved_at__isnull=True, dropped_at__isnull=True
    )
    edition = undecided.first()
    if edition is None:
        raise IllegalTransition
    return edition
