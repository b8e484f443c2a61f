"""The pages on which matters of one kind are worked: who may, what is shown before, and the way back."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from applications.actors import Actor
from applications.admin.base import whole
from applications.errors import Refusal
from applications.personal import Purpose
from applications.row_security import opened
from applications.selectors.permission import restricted_use
from applications.services import audit
from applications.views.staff_door import SEE_AND_POST, site
from applications.views.staff_proof import ask_again

Row = TypeVar("Row", bound=Model)
View = Callable[[HttpRequest, UUID], HttpResponse]


def actor_of(request: HttpRequest) -> Actor:
    """Who sits at the desk."""
    return Actor.staff(request.user.pk)


class Desk(Generic[Row]):
    """One kind of matter. `related` is read with each; `template` asks once more before a deed, and shows
    what `facts` adds. `purpose` is what the desk is for: what restricted people's data serve it too.
    """

    def __init__(
        self,
        model: type[Row],
        *,
        permission: str,
        related: str,
        purpose: Purpose = Purpose.DATA_SUBJECT_RIGHTS,
        template: str = "",
        facts: Callable[[Any, Any, Any], Mapping[str, Any]] = lambda _asked, _deed, _form: {},
    ) -> None:
        self.model, self.permission, self.related, self.purpose = model, permission, related, purpose
        self.template, self.facts = template, facts

    def page(self, view: Callable[[HttpRequest, Row], HttpResponse], *, permission: str = "") -> View:
        """A page about one matter, for those who work on them or have another permission."""

        @require_http_methods(SEE_AND_POST)
        @wraps(view)
        def guarded(request: HttpRequest, id: UUID) -> HttpResponse:
            if not request.user.has_perm(permission or self.permission):
                raise PermissionDenied
            found = self.model._default_manager.select_related(self.related).filter(pk=id).first()
            if found is None:
                raise Http404
            person: UUID | None = getattr(found, "subject_id", None)  # a matter may be about several
            with opened(self.purpose, person=person):
                self._note_restricted_use(request, found, person)
                return whole(view(request, found))

        return guarded

    def _note_restricted_use(self, request: HttpRequest, found: Row, person: UUID | None) -> None:
        if person is not None and (use := restricted_use(person, self.purpose)):
            action = f"{found._meta.model_name}.worked"
            audit.record(actor=actor_of(request), action=action, subject_id=person, row=found, **use)

    def back(self, asked: Row) -> HttpResponse:
        """To the page of the matter."""
        return redirect(f"admin:{asked._meta.app_label}_{asked._meta.model_name}_change", asked.pk)

    def refused(self, request: HttpRequest, asked: Row, sentence: object) -> HttpResponse:
        """Nothing was done, and why; back at the page as it is now."""
        messages.error(request, str(sentence))
        return self.back(asked)

    def stale(self, request: HttpRequest, asked: Row) -> HttpResponse:
        """Somebody was quicker."""
        sentence = _(
            "This request was changed after you had opened the page, so nothing was done. Look at it as it "
            "is now."
        )
        return self.refused(request, asked, sentence)

    def page_of(self, deed: Any, *, permission: str = "") -> View:
        """The page that shows what a deed would do, and its button."""

        def page(request: HttpRequest, asked: Row) -> HttpResponse:
            if request.method != "POST":
                if not deed.possible(asked):
                    return self.refused(
                        request, asked, _("This is not possible in the state of the request.")
                    )
                return self._confirmation(request, asked, deed, deed.form(about=asked))
            if deed.is_final(asked) and (asking := ask_again(request)):
                return asking
            form = deed.form(request.POST, request.FILES, about=asked)
            if form.is_stale or not deed.possible(asked):
                return self.stale(request, asked)
            if not form.is_valid() or "look" in request.POST:
                return self._confirmation(request, asked, deed, form)
            return self._do(request, asked, deed, form.cleaned_data)

        return self.page(page, permission=permission)

    def _do(self, request: HttpRequest, asked: Row, deed: Any, given: Mapping[str, Any]) -> HttpResponse:
        try:
            deed.do(asked, given, actor_of(request))
        except Refusal as refusal:
            return self.refused(request, asked, refusal.sentence)
        messages.success(request, str(deed.done))
        return self.back(asked)

    def _confirmation(self, request: HttpRequest, asked: Any, deed: Any, form: Any) -> HttpResponse:
        return site.render(
            request, self.template, title=deed.label, subtitle=asked.reference, asked=asked, deed=deed,
            form=form, tells=deed.tells(asked), final=deed.is_final(asked), **self.facts(asked, deed, form),
        )  # fmt: skip
