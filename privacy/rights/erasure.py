"""Erasure (GDPR Art. 17): the proof begun, word to the recipients, the key, the rows, a search, the proof.

Each step can be done again. Nothing is destroyed before the recipients are told, or the law's time is short;
once the key is gone there is no way back, and only the end is left to reach.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.db.models import Model
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from applications.actors import SYSTEM
from applications.crypto import keyring
from applications.crypto.rings import last_epoch_of, opens_up_to
from applications.formats import date_text
from applications.models import Application, DataSubject, EmailChallenge, LedgerKind, OutboundMail
from applications.selectors.periods import rules_in_force
from applications.selectors.permission import standing_restrictions
from applications.selectors.retention import standing_holds
from applications.services import ledger
from applications.services.locking import lock_subject
from applications.services.processing import lift_restriction
from applications.services.setting_apart import belonging_to, set_apart
from applications.subject_data import outlives_its_subject
from privacy.datamap import Held, doors, explain
from privacy.models import (
    HANDS_OUT,
    AccessPackage,
    Arrival,
    Erasure,
    Exception17,
    LetterKind,
    RightsRequest,
)
from privacy.rights import notification, residue
from privacy.rights.base import Done, Part, Wait
from privacy.services.letters import send_letter
from privacy.services.moves import move
from privacy.states import RequestStatus, sources

S = RequestStatus
LEDGER_WAITS = timedelta(seconds=5)
COPY_WAITS = timedelta(days=7)
"""So long a copy that its person has not opened yet is left to them before everything goes."""


class ErasureOfAPerson:
    STEPS: ClassVar[Sequence[str]] = (
        "ledger", "tell", "wait", "close", "destroy_key", "delete_rows", "search", "certify",
    )  # fmt: skip

    def preview(self, request: RightsRequest) -> Sequence[Part]:
        """Exactly what goes, what stays and under which exception until when, and who is told."""
        return preview(request)

    def execute(self, request: RightsRequest) -> Done | Wait:
        done: Done | Wait = getattr(self, request.step)(request)
        return done

    # --- while the person's data are still there ---

    def ledger(self, request: RightsRequest) -> Done | Wait:
        """The entry by which the erasure is known, also to a copy that is restored later."""
        if _is_held(request):
            return Wait("held", timedelta(hours=6))
        if _is_owed_a_copy(request):
            return Wait("access_first", timedelta(minutes=10))
        Erasure.objects.get_or_create(
            request=request,
            defaults={
                "subject_id": request.person.pk,
                "begun_at": timezone.now(),
                "key_epoch": keyring.epoch_of(request.person.pk),
            },
        )
        return Done()

    def tell(self, request: RightsRequest) -> Done:
        """Everybody who has the data is told, and nothing more is handed out (Art. 19).

        What the person had restricted may go now, at their own wish.
        """
        notification.tell(request)
        for restriction in standing_restrictions().filter(subject=request.subject):
            lift_restriction(restriction_id=restriction.pk, actor=SYSTEM)
        return Done()

    def wait(self, request: RightsRequest) -> Done | Wait:
        """Until the recipients were told and had time to answer."""
        notification.refresh(request)
        pause = notification.pause_since(request.erasure.begun_at)
        if notification.is_handing_out(request.person.pk):
            return Wait("handing_out", pause)
        if notification.must_wait(request, since=request.erasure.begun_at):
            return Wait("recipients", pause)
        return Done()

    def close(self, request: RightsRequest) -> Done | Wait:
        """From here on nothing is written about the person any more; traces to look for are set aside."""
        subject = lock_subject(request.person.pk)
        if _is_held(request):
            return Wait("held", timedelta(hours=6))
        if _is_owed_a_copy(request):  # asked for meanwhile: without the person it could never be answered
            return Wait("access_first", timedelta(minutes=10))
        if notification.is_handing_out(subject.pk):
            return Wait("handing_out")
        if not notification.is_complete(request):
            return Done(then="tell")  # something left meanwhile
        request.kept = set_apart_what_stays(subject, request.kept)
        request.save(update_fields=["kept"])
        notification.leave_to_staff(request)
        words = request.words
        words.traces = residue.traces_of(subject).as_data()
        words.save(update_fields=["traces"])
        take_leave(subject, but=request.pk)
        return Done()

    # --- no way back ---

    def destroy_key(self, request: RightsRequest) -> Done | Wait:
        """Everything sealed for the person becomes unreadable, wherever copies of it are.

        Not before the ledger beside the backups says so: a copy that is restored would have the person again,
        and nobody would know.
        """
        if not ledger.noted(LedgerKind.ERASED, [request.person.pk]):
            ledger.note(LedgerKind.ERASED, about_id=request.person.pk, **facts_for_the_ledger(request))
        if not ledger.written(LedgerKind.ERASED, [request.person.pk]):
            return Wait("ledger", LEDGER_WAITS)
        keyring.destroy_key(request.person.pk)
        epoch = last_epoch_of(keyring.epoch_of(request.person.pk))  # of the tombstone: it does not change
        _note(request.erasure, key_destroyed_at=timezone.now(), key_epoch=epoch)
        return Done()

    def delete_rows(self, request: RightsRequest) -> Done:
        """Rows with their files and blind indexes; how many of each kind, with those of earlier tries."""
        counts = Counter(request.erasure.counts)
        for door in doors():
            counts += door.erase(request.person)
        _note(request.erasure, rows_deleted_at=timezone.now(), counts=dict(counts))
        return Done()

    def search(self, request: RightsRequest) -> Done | Wait:
        """Look for what was left. Nothing is certified while something is. All tables are read through
        within a day, for all erasures at once (services.searching).
        """
        traces = residue.Traces.from_data(request.words.traces or {})
        residue.forget_in_sessions(traces)
        found = residue.search(request.person, traces)
        _note(request.erasure, scanned_at=timezone.now(), residue=found)
        return Wait("residue", timedelta(minutes=10), back_to="delete_rows") if found else Done()

    def certify(self, request: RightsRequest) -> Done:
        """Say until when an old copy of the key can be opened, and answer the person."""
        today = timezone.localdate()
        final_by = today + timedelta(days=settings.MASTER_KEY_DAYS)
        _note(request.erasure, certified_at=timezone.now(), final_by=final_by)
        kind = LetterKind.PARTLY_ERASED if request.kept else LetterKind.ERASED
        send_letter(request=request, kind=kind, actor=SYSTEM)
        return Done()

    def prove(self, request: RightsRequest) -> Sequence[Part]:
        """The certificate."""
        erasure = Erasure.objects.filter(request=request).first()
        if erasure is None:
            return []
        parts = [Part(_("The erasure"), list(_certificate(erasure))), notification.prove(request)]
        return [*parts, _stayed(request)] if request.kept else parts


def _is_held(request: RightsRequest) -> bool:
    """Whether a legal hold stands on more than what stays anyway (GDPR Art. 17(3)(e)): lifted, or decided
    anew, the erasure goes on.
    """
    stays = [UUID(one["application"]) for one in request.kept]
    holds = standing_holds(timezone.localdate()).filter(subject=request.subject_id)
    return holds.exclude(application__in=stays).exists()


def _is_owed_a_copy(request: RightsRequest) -> bool:
    """Whoever asks for a copy, or to take their data elsewhere, and for erasure gets that first, and has time
    to open it: with the erasure it goes, and nobody can sign in any more.
    """
    asked = RightsRequest.objects.filter(subject=request.subject_id, right__in=HANDS_OUT)
    if asked.filter(status__in=[S.ASSESSED, S.APPROVED, S.RUNNING]).exists():
        return True
    now = timezone.now()
    unopened = AccessPackage.objects.filter(
        request__in=asked, opened_at__isnull=True, released_at__gt=now - COPY_WAITS
    )
    in_time = request.clock.days_left(timezone.localdate(now)) > notification.LAST_DAYS
    return in_time and unopened.exists()


def facts_for_the_ledger(request: RightsRequest) -> dict[str, Any]:
    """What a restored copy has to know of an erasure, beside whom it is about: no words of anybody."""
    return {
        "request": str(request.pk),
        "reference": request.reference,
        "way": request.way,
        "language": request.language,
        "received_at": request.received_at.isoformat(),
        "received_on": request.received_on.isoformat(),
        "due_on": request.due_on.isoformat(),
        "kept": request.kept,
    }


def set_apart_what_stays(subject: DataSubject, kept: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """Move each application that stays, apart: each has a last day of its own. With who has it now."""
    return [
        one | {"heir": str(set_apart(subject=subject, application_ids=[UUID(one["application"])]).pk)}
        for one in kept
    ]


def take_leave(subject: DataSubject, *, but: UUID) -> None:
    """From here on nothing is written about the person; the request that it is for goes on."""
    _forget_what_the_address_leads_to(subject)
    _end_others(subject, but)
    DataSubject.objects.filter(pk=subject.pk).update(erased_at=timezone.now())


def _forget_what_the_address_leads_to(subject: DataSubject) -> None:
    """Codes on their way and files that wait are known by the address alone, which nobody can read any more
    after this."""
    codes = list(EmailChallenge.rows_of(subject).values_list("pk", flat=True))
    arrivals = list(Arrival.rows_of(subject).values_list("pk", flat=True))
    OutboundMail.objects.filter(owner_id__in=codes).delete()
    EmailChallenge.objects.filter(pk__in=codes).delete()
    Arrival.objects.filter(pk__in=arrivals).delete()
    keyring.forget_keys(codes)
    keyring.destroy_keys(arrivals)  # an older copy may bring them back, for whoever has the address then


def _end_others(subject: DataSubject, but: UUID) -> None:
    """What else the person asked for and was not decided: of somebody erased nothing can be carried out."""
    others = RightsRequest.objects.select_for_update().filter(
        subject=subject, status__in=sources(S.WITHDRAWN)
    )
    for other in others.exclude(pk=but):
        move(other, S.WITHDRAWN, SYSTEM, why="erased")


def _note(erasure: Erasure, **facts: object) -> None:
    for name, value in facts.items():
        setattr(erasure, name, value)
    erasure.save(update_fields=list(facts))


# --- in words ---


def preview(request: RightsRequest, *, to_the_person: bool = False) -> Sequence[Part]:
    """The same for whoever decides, and for the person, who does not learn yet what the law keeps secret."""
    if request.subject is None:
        return []
    held = explain(request.subject, to_the_person=to_the_person)
    told = notification.preview(request.subject.pk, to_the_person=to_the_person)
    return [_goes(request, held), _stays(request, held), told]


def _goes(request: RightsRequest, everything: Sequence[Held]) -> Part:
    staying = [UUID(one["application"]) for one in request.kept]
    kept: Counter[type[Model]] = Counter(type(row) for row in belonging_to(request.person, staying))
    lines = [
        held.cells(held.count - kept[held.model])
        for held in everything
        if not outlives_its_subject(held.model) and held.count > kept[held.model]
    ]
    columns = (_("kind of row"), _("rows"), _("categories"))
    return Part(
        _("What goes"), lines, columns, _("With them the key that opens everything sealed for the person.")
    )


def _stays(request: RightsRequest, everything: Sequence[Held]) -> Part:
    lines = [
        (held.name, str(Exception17.DUTY.label), str(rules_in_force()[rule].text))
        for held in everything
        if outlives_its_subject(held.model)
        for rule in held.retention
    ]
    lines += [
        (
            _("application %(number)s with all that belongs to it") % {"number": application.reference},
            str(Exception17(one["ground"]).label),
            date_text(date.fromisoformat(one["until"])),
        )
        for one, application in _kept(request)
    ]
    return Part(
        _("What stays"),
        lines,
        (_("kind of row"), _("exception"), _("until")),
        _("Without a decision only codes, dates and identifiers stay, which lead to nobody."),
    )


def _kept(request: RightsRequest) -> Iterator[tuple[dict[str, str], Application]]:
    found = Application.objects.in_bulk([UUID(one["application"]) for one in request.kept])
    for one in request.kept:
        application = found.get(UUID(one["application"]))
        if application is not None:
            yield one, application


def _stayed(request: RightsRequest) -> Part:
    """What was set apart, and that it went when its day was over."""
    lines = [
        (
            str(Exception17(one["ground"]).label),
            _written_day(one["until"]),
            _written_day(one.get("erased_on")),
        )
        for one in request.kept
    ]
    return Part(_("What stayed"), lines, (_("exception"), _("until"), _("erased")))


def _written_day(text: str | None) -> str:
    return date_text(date.fromisoformat(text)) if text else ""


def _certificate(erasure: Erasure) -> Iterator[tuple[str, str]]:
    for name, at in (
        (_("begun"), erasure.begun_at),
        (_("key destroyed"), erasure.key_destroyed_at),
        (_("rows deleted"), erasure.rows_deleted_at),
        (_("searched for what was left"), erasure.scanned_at),
        (_("certified"), erasure.certified_at),
        (_("every table searched"), erasure.searched_all_at),
    ):
        if at is not None:
            yield name, date_format(timezone.localtime(at), "DATETIME_FORMAT")
    if erasure.rows_deleted_at is not None:
        yield _("number of rows deleted"), str(sum(erasure.counts.values()))
    if erasure.residue:
        yield _("left over in"), ", ".join(erasure.residue)
    if erasure.certified_at is not None:
        yield _("final"), final_text(erasure)


def final_text(erasure: Erasure) -> str:
    """From when no old copy of the person's key can be opened by anybody."""
    if erasure.key_epoch and not opens_up_to(erasure.key_epoch):
        return _("The master key of that time is destroyed: old copies cannot be opened any more.")
    if erasure.final_by is None:
        return ""
    return _("On %(day)s at the latest, when the master key of that time is destroyed.") % {
        "day": date_text(erasure.final_by)
    }
