"""An application's timeline: what happened on every floor, in one order, for its page in the admin.

A floor registers a source in AppConfig.ready(): a function of the application and of what its reader may see.
It yields moments in words. Nothing personal is ever in one, nor what an offer says. Each source folds what
repeats (the attempts of one delivery, the looks of one colleague in a day); a timeline that is long all the
same shows its beginning and its end, and says how much it leaves out.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone

from applications.actors import ActorKind
from applications.models import Application

FIRST, LAST = 20, 100  # of a long timeline

May = Callable[[str], bool]
"""Whether the reader has a permission."""


@dataclass(frozen=True)
class Moment:
    """Something that happened: when, a sentence, by whose hand; a code and an address where there is one."""

    at: datetime
    sentence: str
    actor: ActorKind
    code: str = ""
    url: str = ""


@dataclass(frozen=True)
class Day:
    """The moments of one day in Riga."""

    date: date
    moments: Sequence[Moment]


@dataclass(frozen=True)
class Timeline:
    """Days from the first to the last; between `beginning` and `end` so many moments are left out."""

    beginning: Sequence[Day]
    left_out: int
    end: Sequence[Day]


Source = Callable[[Application, May], Iterable[Moment]]


class Sources:
    """What the floors know, in the order in which they registered."""

    def __init__(self) -> None:
        self._sources: list[Source] = []

    def register(self, source: Source) -> None:
        self._sources.append(source)

    def moments(self, application: Application, may: May) -> list[Moment]:
        """Everything the reader may see of an application."""
        return [moment for source in self._sources for moment in source(application, may)]


timeline_sources = Sources()


def timeline_of(moments: Iterable[Moment]) -> Timeline:
    """The moments in order, cut where there are too many to read."""
    ordered = sorted(moments, key=lambda moment: moment.at)
    if len(ordered) <= FIRST + LAST:
        return Timeline((), 0, _days(ordered))
    return Timeline(_days(ordered[:FIRST]), len(ordered) - FIRST - LAST, _days(ordered[-LAST:]))


def _days(moments: Sequence[Moment]) -> list[Day]:
    return [Day(on, list(those)) for on, those in groupby(moments, lambda one: timezone.localdate(one.at))]


def timeline_panel(request: HttpRequest, application: Application) -> str:
    """The timeline of an application as whoever asks may see it."""
    moments = timeline_sources.moments(application, request.user.has_perm)
    return render_to_string(
        "admin/applications/timeline_panel.html", {"timeline": timeline_of(moments)}, request=request
    )
