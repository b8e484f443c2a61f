"""What stands on the page of one request, in words: no value of the person."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from applications.actors import ActorKind
from applications.personal import RecipientKind
from privacy.admin.request_deeds import possible_deeds
from privacy.admin.request_forms import ToldForm
from privacy.models import AccessPackage, Erasure, Letter, Outcome, RecipientNotice, RightsRequest
from privacy.request_texts import STEPS, clock_lines, event_text, moment, pace, trouble_text, waits_for
from privacy.rights.base import Part, Text
from privacy.rights.notification import outcome_text
from privacy.rights.registry import module_of
from privacy.selectors.about import about_text
from privacy.selectors.requests import (
    applications_of,
    events_of,
    has_words,
    letters_to_hand_over,
    names_of,
    open_besides,
)
from privacy.states import RequestStatus

S = RequestStatus
BEFORE = frozenset({S.RECEIVED, S.IDENTITY_CHECK, S.ASSESSED, S.APPROVED})
"""While what would be done is still to come."""
FOR_STAFF = frozenset({Outcome.WAITING, Outcome.BY_HAND, Outcome.TOLD})
"""What staff may have to write down more about."""


@dataclass(frozen=True)
class Happened:
    """One line of the history."""

    at: str
    what: str
    who: str


@dataclass(frozen=True)
class Told:
    """One recipient, and the form for what staff know of it."""

    name: str
    kind: Text
    came: str
    on: str
    form: ToldForm


def everything_about(asked: RightsRequest, *, works: bool) -> dict[str, Any]:
    """For the page's template. `works` says that the reader may act, and is shown how."""
    today = timezone.localdate()
    how, words = pace(asked, today)
    return {
        "asked": asked,
        "badge": {"state": how.value, "words": words},
        "waits": waits_for(asked),
        "deeds": possible_deeds(asked) if works else [],
        "works": works,
        "facts": _facts(asked),
        "clock": clock_lines(asked, today),
        "has_words": has_words(asked),
        "applications": applications_of(asked.subject_id) if asked.subject_id else [],
        "others": open_besides(asked),
        "running": _running(asked),
        "looks_through": _looks_through(asked),
        "preview": list(module_of(asked.right).preview(asked)) if asked.status in BEFORE else [],
        "told": [_told(one) for one in _for_staff(asked)] if works else [],
        "letters": _letters(asked),
        "proof": _proof(asked),
        "history": list(_history(asked)),
    }


def _facts(asked: RightsRequest) -> list[tuple[str, str]]:
    facts = [
        (_("Right"), asked.get_right_display()),
        (_("State"), asked.get_status_display()),
        (_("Came in"), f"{moment(asked.received_at)}, {asked.get_way_display()}"),
        (_("Language of the answer"), str(dict(settings.LANGUAGES).get(asked.language, asked.language))),
        (_("Who asks"), asked.get_identity_display()),
        (_("Customer"), asked.subject.customer_reference if asked.subject else _("Not known")),
    ]
    if asked.about:
        facts.insert(1, (_("About"), about_text(asked)))
    if asked.result:
        facts.append((_("What came of it"), asked.get_result_display()))
    if asked.refusal:
        facts.append((_("Why not"), asked.get_refusal_display()))
    return facts


def _running(asked: RightsRequest) -> dict[str, Any] | None:
    """Which step comes next, why it waits and when it is tried; None while nothing is carried out."""
    if asked.status not in (S.APPROVED, S.RUNNING):
        return None
    erasure = Erasure.objects.filter(request=asked).first()
    return {
        "step": STEPS.get(asked.step, asked.step) or _("It has not begun yet"),
        "trouble": trouble_text(asked),
        "next": moment(asked.next_try_at) or _("within a minute"),
        "tries": asked.tries,
        "left_over": erasure.residue if erasure else [],
    }


def _looks_through(asked: RightsRequest) -> int:
    """How many values of the copy wait for the officer's decision."""
    package = AccessPackage.objects.defer("content").filter(pk=asked.pk, released_at__isnull=True).first()
    return len(package.undecided) if package else 0


def _for_staff(asked: RightsRequest) -> Iterable[RecipientNotice]:
    """Recipients of which staff may have to write something down; all of them are in the proof."""
    return asked.told.filter(outcome__in=FOR_STAFF).order_by("name", "reference")


def _told(notice: RecipientNotice) -> Told:
    return Told(
        name=notice.name,
        kind=RecipientKind(notice.kind).label,
        came=outcome_text(notice),
        on=moment(notice.answered_at or notice.told_at),
        form=ToldForm(about=notice),
    )


def _letters(asked: RightsRequest) -> list[dict[str, Any]]:
    waiting = letters_to_hand_over([asked.pk])
    found = asked.letters.select_related("template").order_by("written_at")
    return [_letter(one, waiting) for one in found]


def _letter(letter: Letter, waiting: Collection[UUID]) -> dict[str, Any]:
    template = letter.template
    came = moment(letter.opened_at) or (_("to be handed over") if letter.pk in waiting else _("not opened"))
    cells = (
        template.get_kind_display(), f"{template.language}, {_('version')} {template.number}",
        moment(letter.written_at), came,
    )  # fmt: skip
    return {"id": letter.pk, "cells": cells}


def _proof(asked: RightsRequest) -> list[Part]:
    return list(module_of(asked.right).prove(asked)) if asked.status in (S.RUNNING, S.COMPLETED) else []


def _history(asked: RightsRequest) -> Iterator[Happened]:
    events = events_of(asked)
    names = names_of(events)
    for one in events:
        who = str(ActorKind(one.actor_kind).label)
        name = names.get(one.actor_identifier) if one.actor_kind == ActorKind.STAFF else None
        yield Happened(moment(one.at), event_text(one), f"{who}: {name}" if name else who)
