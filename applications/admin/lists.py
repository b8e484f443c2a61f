"""The lists of the admin: read by key, searched by whole values, sorted where an index serves.

Nothing here counts rows or skips over them, so a list opens as fast over a million rows as over a hundred.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ORDER_VAR, PAGE_VAR, ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest

from applications.admin.exact_search import has_exactly
from applications.admin.keyset import Key, NoSuchPlace, Place
from applications.admin.pager import pager_links


class KeysetChangeList(ChangeList):
    """Django's list without its counts. A place in an address that is none leads to the first page."""

    model_admin: "ListAdmin"
    key: Key

    def get_filters(self, request: HttpRequest) -> Any:
        """What no filter has taken is no filter of this list: it would be looked for row by row."""
        if any("\0" in value for values in self.filter_params.values() for value in values):
            raise IncorrectLookupParameters
        found = super().get_filters(request)
        if found[2]:
            raise IncorrectLookupParameters
        return found

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet:
        """The columns that are shown, and no others: what a detail page joins is not joined here."""
        rows = super().get_queryset(request, exclude_parameters)
        if self.model_admin.list_only is None:
            return rows
        return self.apply_select_related(rows.select_related(None)).only(*self.model_admin.list_only)

    # --- order ---

    def get_ordering(self, request: HttpRequest, queryset: QuerySet) -> Any:
        """Django's, made total. A list that grows is sorted by one column, which an index has in order."""
        asked = self.params.get(ORDER_VAR)
        if asked and not all(self._sorts(part) for part in asked.split(".")):
            raise IncorrectLookupParameters
        ordering: list[Any] = super().get_ordering(request, queryset)
        if asked and not self.model_admin.stays_small:
            del ordering[1:]
        self.key = Key.of(self.model, ordering)
        return self.key.ordering

    def _sorts(self, part: str) -> bool:
        number = part.removeprefix("-")
        return (
            number.isdecimal()
            and len(number) < 4
            and int(number) < len(self.list_display)
            and self.list_display[int(number)] in (self.sortable_by or ())
        )

    def get_ordering_field_columns(self) -> Any:
        columns = super().get_ordering_field_columns()
        return columns if self.model_admin.stays_small else dict(list(columns.items())[:1])

    # --- the page ---

    def get_results(self, request: HttpRequest) -> None:
        text = request.GET.get(PAGE_VAR)
        try:
            place = Place.parse(text, self.opts.pk) if text else None
            page = self.key.page(
                self.queryset, place=place, known=self.root_queryset, size=self.list_per_page
            )
        except NoSuchPlace as error:
            raise IncorrectLookupParameters from error
        self.result_list = page.rows
        # Only the rows of this page are known. That the two are equal keeps Django from writing a total.
        self.result_count = self.full_result_count = len(page.rows)
        self.show_full_result_count = self.can_show_all = self.multi_page = False
        self.show_admin_actions = bool(page.rows)
        self.pager_links = pager_links(self, self.key, page, is_first=place is None)


class ListAdmin(admin.ModelAdmin):
    """A list whose rows may become many.

    `list_only` names the columns that a list reads, of the related rows as well. `stays_small` says that
    there will never be more rows than a person can look through: such a list needs no index to be sorted.
    """

    list_only: Sequence[str] | None = None
    stays_small = False
    list_per_page = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # they count every row
    change_list_template = "admin/keyset_list.html"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return KeysetChangeList

    def get_sortable_by(self, request: HttpRequest) -> Any:
        """Columns of the table itself; where it grows, those that an index has in order."""
        return [name for name in self.get_list_display(request) if self._column(name) in self._sorted_columns]

    def _column(self, name: Any) -> str | None:
        method = name if callable(name) else getattr(self, name, None)
        return getattr(method, "admin_order_field", None) if callable(method) else name

    @cached_property
    def _sorted_columns(self) -> set[str]:
        options = self.opts
        if self.stays_small:
            return {field.name for field in options.fields if not field.is_relation}
        whole = [index for index in options.indexes if index.condition is None]
        indexed = {index.fields[0] for index in whole if index.fields[1:] == [options.pk.name]}
        return indexed | {field.name for field in options.fields if field.unique and not field.null}

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> Any:
        """Where all `search_fields` begin with "=" the whole text is one value."""
        names, text = [str(name) for name in self.get_search_fields(request)], search_term.strip()
        if not (text and names and all(name.startswith("=") for name in names)):
            return super().get_search_results(request, queryset, search_term)
        paths = [name.removeprefix("=") for name in names]
        return queryset.filter(has_exactly(self.model, paths, text)), False
