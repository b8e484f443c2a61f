"""What ends on the ground floor, and by which clock (`applications.endings`)."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from applications.endings import POINTS_AT_TOMBSTONES, RECEIVED, At, Counts, Ending
from applications.many_ids import one_of
from applications.models import (
    TO_WHOEVER_ASKED,
    AccountNote,
    Application,
    AuditEntry,
    Communication,
    Complaint,
    Consent,
    ConsumerSession,
    DataSubject,
    Disclosure,
    EmailChallenge,
    Image,
    LedgerEntry,
    LegalHold,
    MailStatus,
    MarketingMessage,
    MarketingPreference,
    MilestoneReached,
    Objection,
    OutboundMail,
    PaymentMethod,
    PublicProfile,
    Restriction,
    RetentionChunk,
    StatisticsMonth,
    ThirdPartyRecord,
    UsageEvent,
    Whereabouts,
)
from applications.retention_rules import Retention
from applications.selectors.retention import live_consents, withdrawn_consents
from applications.services.housekeeping import ended_challenges
from applications.services.pruning import prunable
from applications.services.purging import is_evidence, purge, purge_but_evidence, tree
from applications.services.statistics import forgotten_months
from applications.states import ApplicationStatus

R = Retention
NEEDS_THE_ACCOUNT: Mapping[type[Model], str] = {
    Complaint: "complaints", Communication: "communications", PublicProfile: "profiles",
    ThirdPartyRecord: "told", Image: "images", MarketingPreference: "preferences",
    MarketingMessage: "marketing",
}  # fmt: skip
"""Rows with a clock of their own, sealed for the person whom the account names: it stays while they do. By
which declaration they go."""
OF_APPLICATIONS = tuple(branch.model for branch in tree(Application))


def _rows(
    name: str, label: str | Promise, rule: Retention, model: type[Model], clock: str, **more: Any
) -> Ending:
    """Rows that hang on nothing but their person."""
    return Ending(
        name=name, label=label, rule=rule, model=model, clock=clock, end=partial(purge, model),
        covers=(model,), **more,
    )  # fmt: skip


def _left(rows: QuerySet, at: At, name: str) -> QuerySet:
    """Of rows those that are there once a declaration was carried out: in a forecast it still has to be."""
    if not at.foreseen:
        return rows
    ending = next(one for one in ENDINGS if one.name == name)
    return rows.exclude(pk__in=ending.due(at).order_by().values("pk"))


def _unless_used_last(at: At) -> Q:
    """The newest sign-in stays while the end of the account counts from it."""
    newer = ConsumerSession.objects.filter(
        subject=OuterRef("subject"), last_seen_at__gt=OuterRef("last_seen_at")
    )
    return Q(last_seen_at__lt=at.before(R.ACCOUNT)) | Q(Exists(newer))


# --- applications ------------------------------------------------------------------------------------------
def _still_told(application_ids: Collection[UUID], at: At) -> set[UUID]:
    """Of these applications, those that whoever received them has still to be told of; that is begun."""
    for received in RECEIVED:
        received.tell(application_ids)
    found = Application.objects.filter(_waits(at), one_of("pk", application_ids, Application))
    return set(found.values_list("pk", flat=True))


def _waits(at: At) -> Q:
    condition = Q(pk__in=[])
    for received in RECEIVED:
        condition |= received.waits(at)
    return condition


def _application_is_over(at: At) -> Q:
    condition = Q(emptied_at__isnull=True) & _of_the_living()
    return condition & ~_waits(at) if at.foreseen else condition  # before the run does, nobody is told


def _empty_applications(ids: Sequence[UUID]) -> Counts:
    """A copy that was restored may be older than the end of an application: its evidence has one too."""
    counts, now = purge_but_evidence(Application, ids), timezone.now()
    Application.objects.filter(one_of("pk", ids, Application)).update(
        emptied_at=now, closed_at=Coalesce("closed_at", now)
    )
    return counts


def _end_evidence(ids: Sequence[UUID]) -> Counts:
    disclosed = Disclosure.objects.filter(one_of("application", ids, Application))
    gone = purge(Disclosure, list(disclosed.values_list("pk", flat=True)))
    return gone + purge(Application, ids)


def _of_the_living() -> Q:
    """What was set apart when its person was erased ends on the day that was decided for it."""
    return Q(subject__email_index__isnull=False)


# --- people ------------------------------------------------------------------------------------------------
def _account_is_over(at: At) -> Q:
    """The contract to use the solution ended long enough ago, or the last use of an account without one;
    nobody uses it now, nothing is left that needs it, and no mail is under way that the person has to get.
    """
    before, mine = at.before(R.ACCOUNT), {"subject": OuterRef("pk")}
    applications = _left(Application.objects.filter(**mine), at, "drafts")
    sessions = ConsumerSession.objects.filter(**mine)
    to_be_told = OutboundMail.objects.filter(
        owner_id=OuterRef("pk"), status=MailStatus.QUEUED, kind__in=TO_WHOEVER_ASKED
    )
    condition = (
        Q(erased_at__isnull=True, email_index__isnull=False)
        & ~Q(Exists(_left(applications.filter(emptied_at__isnull=True), at, "applications")))
        & ~Q(Exists(applications.filter(closed_at__gte=before)))
        & ~Q(Exists(sessions.filter(ended_at__isnull=True, expires_at__gt=at.begins)))
        & (Q(Exists(applications)) | ~Q(Exists(sessions.filter(last_seen_at__gte=before))))
        & ~Q(Exists(live_consents(OuterRef("pk"))))
        & ~Q(Exists(to_be_told))
    )
    for model, name in NEEDS_THE_ACCOUNT.items():
        condition &= ~Q(Exists(_left(model._default_manager.filter(**mine), at, name)))
    return condition


def _end_people(ids: Sequence[UUID]) -> Counts:
    """Everything but evidence, which leads to a number alone; what they counted for as well."""
    counts = purge_but_evidence(DataSubject, ids)
    mails = OutboundMail.objects.filter(one_of("owner_id", ids, DataSubject)).values_list("pk", flat=True)
    counts += purge(OutboundMail, list(mails))
    for month in StatisticsMonth.objects.filter(secret__isnull=False):
        reached = MilestoneReached.objects.filter(month=month)
        reached.filter(pseudonym__in=[month.pseudonym_of(one) for one in ids]).delete()
    return counts + Counter({DataSubject._meta.label: len(ids)})


def _nothing_points_at(_at: At) -> Q:
    condition = ~Q(Exists(Application.objects.filter(subject=OuterRef("pk"))))
    for model, path in POINTS_AT_TOMBSTONES:
        condition &= ~Q(Exists(model._default_manager.filter(**{path: OuterRef("pk")})))
    return condition


def _no_application_stands(at: At) -> Q:
    """What a third party told of somebody stays with the applications that it may be about."""
    sent = Application.objects.filter(subject=OuterRef("subject"), emptied_at__isnull=True)
    return ~Q(Exists(_left(sent.exclude(status=ApplicationStatus.DRAFT), at, "applications")))


# --- on consent --------------------------------------------------------------------------------------------
def _withdrawn(at: At) -> Q:
    """No consent stands, nor was one withdrawn within the period: what was said on it is proof so long."""
    lately = withdrawn_consents(OuterRef("subject")).filter(withdrawn_at__gte=at.before(R.MARKETING))
    return ~Q(Exists(live_consents(OuterRef("subject")))) & ~Q(Exists(lately))


def _image_is_over(at: At) -> Q:
    bound = at.rules[R.IMAGES].bound
    old = Q(given_at__lt=bound.over_before(at.begins)) if bound else Q(pk__in=[])
    withdrawn = withdrawn_consents(OuterRef("subject"))
    gone = (
        Q(Exists(withdrawn))
        & ~Q(Exists(withdrawn.filter(withdrawn_at__gte=at.begins)))
        & ~Q(Exists(live_consents(OuterRef("subject"))))
    )
    return old | gone


def _owner_is_a_person() -> Q:
    return Q(Exists(DataSubject.objects.filter(pk=OuterRef("owner_id"))))


def _ended(*columns: str) -> "partial[Q]":
    """That one of these moments came before the period of evidence."""
    return partial(_ended_before, columns)


def _ended_before(columns: tuple[str, ...], at: At) -> Q:
    condition = Q()
    for column in columns:
        condition |= Q(**{f"{column}__lt": at.before(R.EVIDENCE)})
    return condition


def _is_not_the_last(_at: At) -> Q:
    """The last one says how far this database knows (selectors.set_back)."""
    later = LedgerEntry.objects.filter(sequence__gt=OuterRef("sequence"))
    return Q(Exists(later), written_at__isnull=False)


ENDINGS = [
    # --- what has a clock of its own ---
    _rows("usage", _("Uses of the site"), R.USAGE, UsageEvent, "at"),
    _rows("whereabouts", _("IP addresses and places"), R.SECURITY, Whereabouts, "at"),
    _rows(
        "sessions", _("Sign-ins"), R.SECURITY, ConsumerSession, "expires_at", unless=_unless_used_last
    ),
    _rows("complaints", _("Complaints"), R.CLAIMS, Complaint, "closed_at"),
    _rows(
        "communications", _("Chats, calls and e-mails"), R.CLAIMS, Communication, "at",
        unless=lambda at: Q(closed_at__isnull=True) | Q(closed_at__lt=at.before(R.CLAIMS)),
    ),
    _rows("profiles", _("Public profiles"), R.CLAIMS, PublicProfile, "seen_at"),
    Ending(
        name="mails", label=_("Our mails"), rule=R.CLAIMS, model=OutboundMail, clock="created_at",
        person="owner_id", end=partial(purge, OutboundMail), covers=(OutboundMail,),
        unless=lambda _at: ~Q(status=MailStatus.QUEUED) & _owner_is_a_person(),
    ),
    _rows(
        "images", _("Images"), R.IMAGES, Image, "given_at",
        clock_before=lambda at: at.begins, unless=_image_is_over,
    ),
    _rows("marketing", _("Offers and contests"), R.MARKETING, MarketingMessage, "at", unless=_withdrawn),
    _rows(
        "preferences", _("Marketing preferences"), R.MARKETING, MarketingPreference, "decided_at",
        unless=_withdrawn,
    ),
    # --- applications ---
    Ending(
        name="drafts", label=_("Drafts never sent"), rule=R.DRAFT, model=Application, clock="saved_at",
        application="pk", unless=lambda _at: Q(status=ApplicationStatus.DRAFT), owners=True,
        end=partial(purge, Application), covers=(Application, *OF_APPLICATIONS),
    ),
    Ending(
        name="applications", label=_("Applications that were sent"), rule=R.APPLICATION, model=Application,
        clock="closed_at", application="pk", owners=True, prepare=_still_told,
        unless=_application_is_over, end=_empty_applications, covers=(Application, *OF_APPLICATIONS),
    ),
    _rows(
        "told", _("What third parties told us"), R.APPLICATION, ThirdPartyRecord, "received_at",
        unless=_no_application_stands,
    ),
    # --- people ---
    Ending(
        name="people", label=_("Accounts"), rule=R.ACCOUNT, model=DataSubject, clock="created_at",
        person="pk", whole=True, owners=True, unless=_account_is_over, end=_end_people,
        covers=(DataSubject, PaymentMethod, AccountNote, OutboundMail),
    ),
    # --- evidence ---
    Ending(
        name="evidence", label=_("What was left of applications"), rule=R.EVIDENCE, model=Application,
        clock="closed_at", application="pk", owners=True, end=_end_evidence,
        unless=lambda _at: Q(emptied_at__isnull=False),
        covers=(Application, Disclosure, *filter(is_evidence, OF_APPLICATIONS)),
    ),
    _rows("restrictions", _("Restrictions"), R.EVIDENCE, Restriction, "lifted_at"),
    _rows(
        "objections", _("Objections"), R.EVIDENCE, Objection, "made_at",
        unless=_ended("withdrawn_at", "overruled_at"),
    ),
    _rows(
        "consents", _("Consents"), R.EVIDENCE, Consent, "given_at",
        unless=lambda at: Q(application__isnull=True) & _ended_before(("withdrawn_at",), at),
    ),
    _rows(
        "disclosures", _("Disclosures"), R.EVIDENCE, Disclosure, "at",
        unless=lambda _at: Q(application__isnull=True),
    ),
    _rows("holds", _("Legal holds"), R.EVIDENCE, LegalHold, "placed_at", unless=_ended("lifted_at", "until")),
    Ending(
        name="tombstones", label=_("What was left of people"), rule=R.EVIDENCE, model=DataSubject,
        clock="erased_at", person="pk", whole=True, owners=True, unless=_nothing_points_at,
        end=partial(purge, DataSubject), covers=(DataSubject,),
    ),
    # --- the machinery's own ---
    Ending(
        name="receipts", label=_("Identifiers in receipts of runs"), rule=R.REQUESTS, model=RetentionChunk,
        clock="begun_at", person=None, end=partial(purge, RetentionChunk), covers=(RetentionChunk,),
    ),
    Ending(
        name="ledger", label=_("Entries of the erasure ledger"), rule=R.REQUESTS, model=LedgerEntry,
        clock="at", person=None, unless=_is_not_the_last, end=partial(purge, LedgerEntry),
        covers=(LedgerEntry,),
    ),
    Ending(
        name="codes", label=_("Mailed codes"), rule=R.CODE, model=EmailChallenge, person=None,
        rows=ended_challenges, job="end_challenges", covers=(EmailChallenge,),
    ),
    Ending(
        name="milestones", label=_("Pseudonyms of statistics"), rule=R.USAGE, model=StatisticsMonth,
        person=None, rows=forgotten_months, job="rotate_pseudonyms", covers=(MilestoneReached,),
    ),
    Ending(
        name="audit", label=_("Segments of the audit"), rule=R.AUDIT, model=AuditEntry, person=None,
        rows=prunable, job="prune_audit", covers=(AuditEntry,),
    ),
]  # fmt: skip
