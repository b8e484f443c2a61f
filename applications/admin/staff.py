"""Staff accounts: a work name, a password, roles, and the reset of a second factor.

Whoever changes one is asked for their own second factor again, and the audit tells what was granted.
"""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import UserChangeForm
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from applications.actors import Actor
from applications.admin.base import TABLES, FreshProofAdmin
from applications.admin.lists import ListAdmin
from applications.errors import OwnSecondFactor
from applications.models import StaffUser
from applications.roles import READS_PERSONAL_DATA, Role
from applications.selectors.staff import Asleep, enrolled_factor, roles_of
from applications.services.second_factor import reset
from applications.services.staff_accounts import note_password_changed, note_saved, rights_of
from applications.views.staff_door import SEE_AND_POST, site
from applications.views.staff_proof import requires_fresh_proof, requires_fresh_proof_to_look

RESET = "applications.reset_second_factor"


class RoleChoice(forms.ModelMultipleChoiceField):
    """The roles, ticked, by the names that people use."""

    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, obj: Any) -> str:
        return str(Role(obj.name).label)


class RoleFilter(admin.SimpleListFilter):
    """Accounts of one role, by the name that people use."""

    title, parameter_name = gettext_lazy("roles"), "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(role.value, str(role.label)) for role in Role]

    def queryset(self, request: HttpRequest, queryset: QuerySet[StaffUser]) -> QuerySet[StaffUser]:
        return queryset if self.value() is None else queryset.filter(groups__name=self.value())


class RolesForm(UserChangeForm):
    """Roles that do not go together.

    An external partner has that role alone: what it may see is what the mandate names. Whoever gives roles
    has none that reads personal data: two people stand before these.
    """

    def clean_groups(self) -> Any:
        groups = self.cleaned_data["groups"]
        given = {group.name for group in groups}
        if Role.EXTERNAL in given and len(given) > 1:
            raise forms.ValidationError(_("An external partner has no other role."))
        if Role.ADMINISTRATOR in given and READS_PERSONAL_DATA & given:
            raise forms.ValidationError(
                _("An administrator of accounts has no role that reads personal data.")
            )
        return groups


@admin.register(StaffUser)
class StaffUserAdmin(FreshProofAdmin, ListAdmin, UserAdmin):
    """What an account may do is compared before and after, and goes into the audit."""

    stays_small = True
    actions: Any = None
    form = RolesForm
    list_display = ("username", "roles", "is_active", "is_staff", "has_second_factor", "last_login")
    list_filter = ("is_active", RoleFilter)
    list_select_related = ("second_factor",)
    list_only = ("username", "is_active", "is_staff", "last_login", "second_factor__enrolled_at")
    search_fields = ("username",)
    filter_horizontal = ()
    change_form_template = "admin/door/account.html"
    fieldsets = (
        (None, {"fields": ("username", "password", "email")}),
        (gettext_lazy("Roles"), {"fields": ("is_active", "is_staff", "groups", "roles_today")}),
        (gettext_lazy("Second factor"), {"fields": ("has_second_factor",)}),
        (gettext_lazy("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    readonly_fields = ("roles_today", "has_second_factor", "last_login", "date_joined")

    def get_queryset(self, request: HttpRequest) -> QuerySet[StaffUser]:
        return super().get_queryset(request).prefetch_related("groups")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Nobody gives a role to their own account, or takes the account's rights away by mistake."""
        own = ("is_active", "is_staff", "groups") if obj is not None and obj.pk == request.user.pk else ()
        return (*super().get_readonly_fields(request, obj), *own)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return RoleChoice(
            Group.objects.filter(name__in=Role).order_by("pk"),
            required=False,
            label=gettext_lazy("Roles"),
            help_text=gettext_lazy(
                "What the account may do. A role that reads personal data counts with training on record."
            ),
        )

    @admin.display(description=gettext_lazy("roles"))
    def roles(self, user: StaffUser) -> str:
        given = (group.name for group in user.groups.all())
        return ", ".join(str(Role(name).label) for name in given if name in Role)

    @admin.display(description=gettext_lazy("which count today"))
    def roles_today(self, user: StaffUser) -> str:
        lines = [
            (role.label, _("counts today.") if asleep is None else asleep.label)
            for role, asleep in roles_of(user).items()
        ]
        return format_html_join(mark_safe("<br>"), "{}: {}", lines) or "-"

    class Media:
        css = TABLES

    # --- the audit ---

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        form.rights_before = rights_of(StaffUser.objects.get(pk=form.instance.pk)) if change else None
        return super().save_form(request, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        note_saved(
            user=form.instance, before=form.rights_before, changed=form.changed_data,
            actor=Actor.staff(request.user.pk),
        )  # fmt: skip

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
            if any(why is Asleep.HANDED_OVER for why in roles_of(user).values()):
                sentence = _("Roles of this account sleep now, until the DPO enters training anew.")
                messages.warning(request, sentence)
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


admin.site.unregister(Group)  # what a role may do stands in the code
