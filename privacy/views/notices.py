"""The public pages of the notices: the versions in force, and every earlier one at an address of its own."""

from collections.abc import Sequence
from itertools import chain
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.html import escape
from django.utils.http import http_date
from django.utils.translation import get_language
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page, require_safe

from applications.models.notice import NoticeKind, NoticeVersion
from applications.selectors.notices import comparable, readable
from privacy.differences import difference, runs
from privacy.selectors.registers import current_recipients

# Short, because a new version must be seen soon, and an old version's page then points to it. The entity tag
# is of the whole page, so that a release which changes only the frame is seen too. What a signed-in consumer
# gets is never stored: ConsumerMiddleware overrules this.
publicly_cached = cache_control(public=True, max_age=300)


@require_safe
@conditional_page
@publicly_cached
def index(request: HttpRequest) -> HttpResponse:
    """Every notice with the version in force and the earlier ones."""
    found = {kind: versions for kind in NoticeKind if (versions := readable(kind, _language()))}
    kinds = [
        {"kind": kind.value, "label": kind.label, "current": versions[0], "versions": versions}
        for kind, versions in found.items()
    ]
    shown = list(chain.from_iterable(found.values()))
    return _page(request, "privacy/notices.html", {"kinds": kinds}, shown)


@require_safe
@conditional_page
@publicly_cached
def current(request: HttpRequest, kind: str) -> HttpResponse:
    """The version of a notice that is in force."""
    return _notice_page(request, kind, None)


@require_safe
@conditional_page
@publicly_cached
def version(request: HttpRequest, kind: str, number: int) -> HttpResponse:
    """One version of a notice, in force or not, at its lasting address."""
    return _notice_page(request, kind, number)


@require_safe
@conditional_page
@publicly_cached
def compare(request: HttpRequest, kind: str, older: int, newer: int) -> HttpResponse:
    """What changed between two versions of a notice. Asked for the wrong way round, they are put right."""
    if older > newer:
        return redirect("notices:compare", kind=kind, older=newer, newer=older)
    both = comparable(kind, older, newer, _language())
    if older == newer or both is None:
        raise Http404
    before, after = both
    context = {
        "before": before,
        "after": after,
        "runs": runs(difference(_whole(before), _whole(after))),
        "versions": readable(kind, _language()),
    }
    return _page(request, "privacy/difference.html", context, [before, after])


def _whole(version: NoticeVersion) -> str:
    return f"<h2>{escape(version.title)}</h2>{version.body}"


@require_safe
@cache_control(public=True, max_age=300)
def recipients(request: HttpRequest) -> HttpResponse:
    """Who may receive personal data now, by name, as the register of recipients has it."""
    context = {"kinds": current_recipients(timezone.localdate())}
    return render(request, "privacy/recipients.html", context)


def _notice_page(request: HttpRequest, kind: str, number: int | None) -> HttpResponse:
    versions = readable(kind, _language())
    wanted = [version for version in versions if number in {None, version.number}]
    if not wanted:
        raise Http404
    notice, in_force = wanted[0], versions[0]
    context = {
        "notice": notice,
        "versions": versions,
        "newer": in_force if notice.number < in_force.number else None,
        "fallback": notice.language != get_language(),
        "before": next((version for version in versions if version.number < notice.number), None),
    }
    return _page(request, "privacy/notice.html", context, versions)


def _language() -> str:
    return get_language() or settings.LANGUAGE_CODE


def _page(
    request: HttpRequest, template: str, context: dict[str, Any], shown: Sequence[NoticeVersion]
) -> HttpResponse:
    response = render(request, template, context)
    if shown:
        newest = max(version.published_at for version in shown)
        response.headers["Last-Modified"] = http_date(newest.timestamp())
    return response
