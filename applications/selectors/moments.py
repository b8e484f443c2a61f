"""What the ground floor tells of an application on its timeline: states, decisions, and who looked."""

from collections.abc import Iterator, Mapping
from uuid import UUID

from django.db.models import Count, Max
from django.db.models.functions import TruncDate
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from applications.actors import ActorKind
from applications.models import (
    Application,
    AuditEntry,
    Contract,
    ContractEnd,
    Restriction,
    RestrictionGround,
    StaffUser,
)
from applications.personal import Purpose
from applications.states import ApplicationStatus
from applications.timeline import May, Moment

CONSUMER, STAFF, LENDER, SYSTEM = ActorKind.CONSUMER, ActorKind.STAFF, ActorKind.LENDER, ActorKind.SYSTEM
BECAME: Mapping[str, str | Promise] = {
    ApplicationStatus.DRAFT: gettext_lazy("The form was opened"),
    ApplicationStatus.SUBMITTED: gettext_lazy("The application was sent"),
    ApplicationStatus.CHOSEN: gettext_lazy("An offer was chosen"),
    ApplicationStatus.CONTRACTED: gettext_lazy("The contract with the lender was signed"),
    ApplicationStatus.CLOSED: gettext_lazy("The application was closed"),
}
# What the audit calls the deeds of staff that a timeline tells.
DEEDS: Mapping[str, str | Promise] = {
    "seen": gettext_lazy("opened by %(who)s"),
    "seen_masked": gettext_lazy("opened by %(who)s, the person masked"),
    "revealed": gettext_lazy("data revealed to %(who)s"),
    "refused": gettext_lazy("refused to %(who)s"),
}
MOST_DEEDS = 300


def moments(application: Application, may: May) -> Iterator[Moment]:
    """The ground floor's part of the timeline, as far as the reader may see it.

    States and contract are the application's own, which the reader has opened.
    """
    yield from _states(application)
    yield from _contract(application)
    if may("applications.view_consent"):
        yield from _consents(application)
    if may("applications.view_restriction"):
        yield from _restrictions(application)
    if may("applications.view_auditentry"):
        yield from deeds_of_staff(application.subject_id, {str(application.pk): _("Application")})
    if application.subject.erased_at is not None:
        yield Moment(application.subject.erased_at, _("The person's data were erased"), SYSTEM)


def _states(application: Application) -> Iterator[Moment]:
    sent = False
    for event in application.events.all():
        sentence = BECAME[event.status]
        if event.status == ApplicationStatus.SUBMITTED and sent:
            sentence = _("The choice is open again")
        sent = sent or event.status == ApplicationStatus.SUBMITTED
        yield Moment(event.at, str(sentence), ActorKind(event.actor_kind))


def _contract(application: Application) -> Iterator[Moment]:
    for contract in Contract.objects.filter(application=application):
        yield Moment(contract.accepted_at, _("The contract to use the solution began"), CONSUMER)
        if contract.ended_at is not None:
            how = ContractEnd(contract.end)
            sentence = _("The contract to use the solution ended: %(how)s") % {"how": how.label}
            yield Moment(contract.ended_at, sentence, CONSUMER if how == ContractEnd.TERMINATED else SYSTEM)


def _consents(application: Application) -> Iterator[Moment]:
    for row in application.consents.all():
        given, taken_back = (
            (_("Asked for: %(what)s"), _("The request was withdrawn: %(what)s"))
            if row.is_request
            else (_("Agreed to: %(what)s"), _("The consent was withdrawn: %(what)s"))
        )
        what = {"what": Purpose(row.purpose).label}
        yield Moment(row.given_at, given % what, CONSUMER)
        if row.withdrawn_at is not None:
            yield Moment(row.withdrawn_at, taken_back % what, CONSUMER)


def _restrictions(application: Application) -> Iterator[Moment]:
    """Those that stood at some time since the form was opened."""
    for row in Restriction.objects.filter(subject=application.subject_id):
        if row.lifted_at is not None and row.lifted_at < application.created_at:
            continue
        why = RestrictionGround(row.ground).label
        sentence = _("The use of the data was restricted: %(why)s") % {"why": why}
        yield Moment(row.since, sentence, CONSUMER)
        if row.lifted_at is not None:
            yield Moment(row.lifted_at, _("The restriction was lifted"), STAFF)


def deeds_of_staff(subject_id: UUID, rows: Mapping[str, str]) -> Iterator[Moment]:
    """Who of staff opened these rows (identifier → what to call it), or was refused: once a day and person,
    with the last time of it. For holders of applications.view_auditentry."""
    entries = AuditEntry.objects.filter(subject_id=subject_id, actor_kind=STAFF, object_id__in=rows)
    by_day = (
        entries.order_by()
        .values("object_id", "action", "actor_identifier", day=TruncDate("at"))
        .annotate(last=Max("at"), times=Count("pk"))
        .order_by("-last")[:MOST_DEEDS]
    )
    found = [one for one in by_day if one["action"].rpartition(".")[2] in DEEDS]
    names = _work_names({one["actor_identifier"] for one in found})
    for one in found:
        who = {"who": names.get(one["actor_identifier"], one["actor_identifier"])}
        deed = str(DEEDS[one["action"].rpartition(".")[2]]) % who
        yield Moment(one["last"], f"{rows[one['object_id']]}: {deed}{_times(one['times'])}", STAFF)


def _times(number: int) -> str:
    if number == 1:
        return ""
    return " " + ngettext("(%(n)d time that day)", "(%(n)d times that day)", number) % {"n": number}


def _work_names(identifiers: set[str]) -> dict[str, str]:
    accounts = StaffUser.objects.filter(pk__in=[one for one in identifiers if one.isdecimal()])
    return {str(pk): name for pk, name in accounts.values_list("pk", "username")}
