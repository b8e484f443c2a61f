"""What the admin pages of this product share."""

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.translation import gettext as _

from applications.actors import Actor
from applications.admin.lists import ListAdmin
from applications.declarations import personal_fields
from applications.errors import ProcessingRefused, Refusal, SubjectErased
from applications.models import OwnedBySubject
from applications.personal import Category, Purpose
from applications.row_security import opened, storing
from applications.selectors.permission import require, restricted_use
from applications.services import audit
from applications.views.staff_door import site
from applications.views.staff_proof import requires_fresh_proof

SHOWN_OF_AN_ID = 8
TABLES = {"all": ["joinbaltic/admin-tables.css"]}


def short_id(identifier: Any) -> str:
    """The beginning of a long identifier, for a column of a list; all of it is on the row's own page."""
    text = str(identifier)
    if len(text) <= 2 * SHOWN_OF_AN_ID:
        return text
    return format_html('<span title="{}">{}…</span>', text, text[:SHOWN_OF_AN_ID])


def refused_page(request: HttpRequest, refused: Refusal, *, other_way: str = "") -> HttpResponse:
    """What stands in the way, in words; `other_way` leads where another reason can be given."""
    response = site.render(
        request, "admin/refused.html", title=_("This is not possible now"), sentence=refused.sentence,
        is_a_right=isinstance(refused, ProcessingRefused), other_way=other_way,
    )  # fmt: skip
    response.status_code = HTTPStatus.FORBIDDEN
    return response


def whole(response: HttpResponse) -> HttpResponse:
    """The response, rendered now, while what the page may read is open to it."""
    return response.render() if isinstance(response, TemplateResponse) else response


class ReadOnlyAdmin(ListAdmin):
    """Rows are looked at, not edited: services are the only writers."""

    actions: Any = None

    class Media:
        css = TABLES

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


class RecordedAdmin(ReadOnlyAdmin):
    """Rows about a person: that one was opened is written down with who and when, and so is a refusal.

    `purpose` says what staff open them for. Where a right of the person stands in the way of it, the page
    says so and shows nothing.
    """

    seen = "seen"
    purpose = Purpose.SERVE_CUSTOMERS

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The list, with restricted people where their rights are what it is for."""
        with opened(self.purpose):
            return whole(super().changelist_view(request, extra_context))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return self._recorded(super().change_view, request, object_id, form_url, extra_context)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        return self._recorded(super().history_view, request, object_id, extra_context)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        return self._recorded(super().delete_view, request, object_id, extra_context)

    def _recorded(
        self, page: Callable[..., HttpResponse], request: HttpRequest, object_id: str, *rest: Any
    ) -> HttpResponse:
        """The page, which is not rendered yet when its opening is written down."""
        with storing():  # whose it is decides whether it may be opened
            row: OwnedBySubject | None = self.get_object(request, unquote(object_id))
            if row is None:
                return page(request, object_id, *rest)
            facts: Any = {"actor": Actor.staff(request.user.pk), "subject_id": row.subject_id, "row": row}
            facts |= self.on_what_ground(request, row)
        with opened(self.purpose, person=row.subject_id):
            return self._opened(page, request, row, facts, object_id, *rest)

    def _opened(
        self,
        page: Callable[..., HttpResponse],
        request: HttpRequest,
        row: OwnedBySubject,
        facts: Any,
        *rest: Any,
    ) -> HttpResponse:
        name = self.opts.model_name
        try:
            if self.has_view_permission(request, row):  # the page says it of whoever may not
                facts |= self._require(row)
            response = page(request, *rest)
        except PermissionDenied as denied:
            audit.record_aside(action=f"{name}.refused", **facts)
            denied.noted = True  # type: ignore[attr-defined]
            raise
        except ProcessingRefused as refused:
            audit.record_aside(action=f"{name}.refused", **facts)
            return refused_page(request, refused, other_way=self.other_way(request, row))
        audit.record(action=f"{name}.{self.seen}", **facts)
        return whole(response)

    def _require(self, row: OwnedBySubject) -> dict[str, str]:
        """What else the entry says. Raises a ProcessingRefused where a right stands in the way."""
        if row.subject_id is None:  # nobody knows yet whom the row is about
            return {}
        try:
            require(row.subject_id, self.purpose, categories=self._categories())
        except SubjectErased:
            return {}  # what is left of the row says nothing any more
        return restricted_use(row.subject_id, self.purpose)

    def on_what_ground(self, request: HttpRequest, row: OwnedBySubject) -> dict[str, str]:
        """What else the entry says of why this reader may open the row."""
        return {}

    def _categories(self) -> set[Category]:
        return {one.mark.category for one in personal_fields(self.model) if one.mark is not None}

    def other_way(self, request: HttpRequest, row: OwnedBySubject) -> str:
        """The address at which a refused reader may have a reason that holds, if there is one."""
        return ""


class FreshProofAdmin(admin.ModelAdmin):
    """Rows that matter so much that whoever changes one is asked for the second factor again."""

    @method_decorator(requires_fresh_proof)
    def changeform_view(self, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().changeform_view(*args, **kwargs)

    @method_decorator(requires_fresh_proof)
    def delete_view(self, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().delete_view(*args, **kwargs)

    @method_decorator(requires_fresh_proof)
    def changelist_view(self, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().changelist_view(*args, **kwargs)


class RegisterAdmin(ListAdmin):
    """A register that staff keep: entered and changed through a service, nothing is ever deleted."""

    stays_small = True
    actions: Any = None

    class Media:
        css = TABLES

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def write(self, *, row: Any, changed: Sequence[str], actor: Actor) -> None:
        """Hand the row to its service; `changed` names the fields."""
        raise NotImplementedError

    def save_model(self, request: HttpRequest, obj: Any, form: forms.ModelForm, change: bool) -> None:
        self.write(row=obj, changed=form.changed_data, actor=Actor.staff(request.user.pk))


class ReadOnlyInline(admin.TabularInline):
    """Rows below their parent, to look at."""

    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False
