"""Staff accounts and their groups: a work name, a password, permissions, and the reset of a second factor.

Whoever changes one is asked for their own second factor again, and the audit tells what was granted.
"""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from applications.actors import Actor
from applications.admin.base import FreshProofAdmin
from applications.errors import OwnSecondFactor
from applications.models import StaffUser
from applications.selectors.staff import enrolled_factor
from applications.services.second_factor import reset
from applications.services.staff_accounts import note_deleted, note_password_changed, note_saved, rights_of
from applications.views.staff_door import SEE_AND_POST, site
from applications.views.staff_proof import requires_fresh_proof, requires_fresh_proof_to_look

RESET = "applications.reset_second_factor"


class RightsAdmin(FreshProofAdmin):
    """What a row may do is compared before and after, and goes into the audit."""

    actions: Any = None

    def save_form(self, request: HttpRequest, form: forms.ModelForm, change: bool) -> Any:
        form.rights_before = rights_of(self.model.objects.get(pk=form.instance.pk)) if change else None  # type: ignore[attr-defined]
        return super().save_form(request, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        note_saved(
            row=form.instance, before=form.rights_before, changed=form.changed_data,
            actor=Actor.staff(request.user.pk),
        )  # fmt: skip

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        note_deleted(row=obj, actor=Actor.staff(request.user.pk))
        super().delete_model(request, obj)


@admin.register(StaffUser)
class StaffUserAdmin(RightsAdmin, UserAdmin):
    list_display = ("username", "is_active", "is_staff", "is_superuser", "has_second_factor", "last_login")
    list_select_related = ("second_factor",)
    search_fields = ("username",)
    change_form_template = "admin/door/account.html"
    fieldsets = (
        (None, {"fields": ("username", "password", "email")}),
        (
            gettext_lazy("Permissions"),
            {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")},
        ),
        (gettext_lazy("Second factor"), {"fields": ("has_second_factor",)}),
        (gettext_lazy("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    readonly_fields = ("has_second_factor", "last_login", "date_joined")

    @admin.display(description=gettext_lazy("second factor"), boolean=True)
    def has_second_factor(self, user: StaffUser) -> bool:
        factor = getattr(user, "second_factor", None)
        return factor is not None and factor.enrolled_at is not None

    @method_decorator(requires_fresh_proof_to_look)
    def add_view(self, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().add_view(*args, **kwargs)

    @method_decorator(requires_fresh_proof_to_look)
    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        response = super().user_change_password(request, id, form_url)
        if request.method == "POST" and response.status_code == 302:
            user = StaffUser.objects.get(pk=unquote(id))
            note_password_changed(user=user, actor=Actor.staff(request.user.pk))
        return response

    # --- the reset of somebody else's second factor ---

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.reset_view)
        own = path("<id>/second-factor/", view, name="applications_staffuser_reset")
        return [own, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        context = {"may_reset": self._may_reset(request, self.get_object(request, unquote(object_id)))}
        return super().change_view(request, object_id, form_url, context | (extra_context or {}))

    def _may_reset(self, request: HttpRequest, user: models.Model | None) -> bool:
        return isinstance(user, StaffUser) and user.pk != request.user.pk and request.user.has_perm(RESET)

    @method_decorator(require_http_methods(SEE_AND_POST))
    @method_decorator(requires_fresh_proof)
    def reset_view(self, request: HttpRequest, id: str) -> HttpResponse:
        """Ask, and take somebody's second factor away."""
        if not request.user.has_perm(RESET):
            raise PermissionDenied
        user = self.get_object(request, unquote(id))
        if user is None:
            raise Http404
        back = reverse("admin:applications_staffuser_change", args=[user.pk])
        if request.method == "POST":
            try:
                reset(user=user, actor=Actor.staff(request.user.pk))
            except OwnSecondFactor as refusal:
                messages.error(request, str(refusal.sentence))
            else:
                messages.success(request, _("It was reset. The person sets up a new one at the next log-in."))
            return redirect(back)
        title, enrolled = _("Reset the second factor"), enrolled_factor(user) is not None
        context = {"account": user, "enrolled": enrolled, "back": back}
        return site.render(request, "admin/door/reset.html", title=title, **context)


admin.site.unregister(Group)


@admin.register(Group)
class StaffGroupAdmin(RightsAdmin, GroupAdmin):
    """Django's page for groups: what a group may do, its accounts may."""
