"""The links below a list: to the rows before and after those on the page."""

from dataclasses import dataclass

from django.contrib.admin.views.main import PAGE_VAR, ChangeList
from django.db import models
from django.utils.translation import gettext as _

from applications.admin.keyset import Key, Page, Place


@dataclass(frozen=True)
class Link:
    url: str
    label: str
    rel: str = ""


def pager_links(changes: ChangeList, key: Key, page: Page, *, is_first: bool) -> list[Link]:
    """None where the page holds the whole list."""

    def url(place: Place | None) -> str:
        return changes.get_query_string({PAGE_VAR: str(place)} if place else None)

    first, before, after = _words(changes, key)
    links = [] if is_first else [Link(url(None), first)]
    if page.before:
        links.append(Link(url(page.before), before, "prev"))
    if page.after:
        links.append(Link(url(page.after), after, "next"))
    return links


def _words(changes: ChangeList, key: Key) -> tuple[str, str, str]:
    """To the first page, back, and on. What is ordered by time is newer or older."""
    leading = key.columns[0]
    field = changes.opts.get_field(leading.name)
    by_time = isinstance(field, models.DateField | models.AutoField)
    if not by_time or len(key.columns) > len(("time", "pk")):
        return _("First page"), _("Previous page"), _("Next page")
    if leading.descending:
        return _("Newest"), _("Newer"), _("Older")
    return _("Oldest"), _("Older"), _("Newer")
