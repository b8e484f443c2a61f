"""Applications as staff see them: states and times, the person masked, drafts not at all."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from applications.admin.base import RecordedAdmin
from applications.admin.reveal import reveal_page
from applications.errors import SubjectErased
from applications.models import Application, NoticeVersion
from applications.panels import staff_application_panels
from applications.selectors.masked import MaskedPerson, masked_person
from applications.selectors.revealed import reasons_against, reasons_of
from applications.selectors.staff import is_external, mandate_over, within_mandate
from applications.states import ApplicationStatus

REVEAL = "applications.reveal_application"


class StateFilter(admin.SimpleListFilter):
    """Drafts are not in the list, so they are no choice: to look for them, all rows would be read."""

    title = _("state")
    parameter_name = "status__exact"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [choice for choice in ApplicationStatus.choices if choice[0] != ApplicationStatus.DRAFT]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.value()
        if chosen is None:
            return queryset
        known = any(chosen == value for value, _name in self.lookup_choices)
        return queryset.filter(status=chosen) if known else queryset.none()


@admin.register(Application)
class ApplicationAdmin(RecordedAdmin):
    seen = "seen_masked"
    list_display = list_only = ("reference", "status", "language", "submitted_at")
    list_filter = (StateFilter,)
    search_fields = ("=reference",)
    search_help_text = _("The whole application number, for example JB-7K2M9-QRT4X.")
    date_hierarchy = None
    ordering = ("-submitted_at",)
    fields = readonly_fields = (
        "reference", "status", "language", "submitted_at", "closed_at",
        "public_terms", "public_privacy_notice", "masked_name", "masked_personal_code",
        "masked_email", "masked_phone",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Application]:
        """Drafts are their consumers' alone; a partner sees what the mandate names."""
        sent = super().get_queryset(request).exclude(status=ApplicationStatus.DRAFT)
        # True of each of them; said so, the index passes over the drafts, which would come first.
        sent = sent.filter(submitted_at__isnull=False)
        return within_mandate(request.user, sent).select_related("subject", "terms", "privacy_notice")

    # --- having the person shown ---

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.reveal_view)
        return [path("<uuid:id>/reveal/", view, name="applications_application_reveal"), *super().get_urls()]

    def reveal_view(self, request: HttpRequest, id: UUID) -> HttpResponse:
        application = self.get_object(request, str(id))
        if application is None:
            raise Http404
        if not request.user.has_perm(REVEAL):
            raise PermissionDenied
        return reveal_page(request, application)

    def on_what_ground(self, request: HttpRequest, row: Any) -> dict[str, str]:
        """A partner's mandate: the person is told of the partner's company, not of our staff."""
        if not is_external(request.user):
            return {}
        mandate = mandate_over(request.user, row.pk)  # type: ignore[arg-type]
        return {"mandate": str(mandate.pk)} if mandate else {}

    def other_way(self, request: HttpRequest, row: Any) -> str:
        """A restriction stops the service of customers, and not, say, carrying out the person's rights."""
        against = reasons_against(row.subject_id, reasons_of(request.user))  # type: ignore[arg-type]
        may = request.user.has_perm(REVEAL) and None in against.values()
        return reverse("admin:applications_application_reveal", args=[row.pk]) if may else ""

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """With what the floors above know of the application."""
        application = kwargs.get("obj")
        more = {
            "panels": staff_application_panels.rendered(request, application) if application else [],
            "may_reveal": request.user.has_perm(REVEAL),
        }
        return super().render_change_form(request, context | more, *args, **kwargs)

    def _person(self, application: Application) -> MaskedPerson:
        """Masked; the sentence that says so where they were erased."""
        found: MaskedPerson | None = application.__dict__.get("_masked_person")
        if found is None:
            try:
                found = masked_person(application, purpose=self.purpose)
            except SubjectErased as refused:
                found = MaskedPerson(str(refused.sentence), "", "", "")
            application.__dict__["_masked_person"] = found = found or MaskedPerson("", "", "", "")
        return found

    @admin.display(description=_("terms of use"))
    def public_terms(self, application: Application) -> str:
        return _public(application.terms)

    @admin.display(description=_("privacy notice"))
    def public_privacy_notice(self, application: Application) -> str:
        return _public(application.privacy_notice)

    @admin.display(description=_("name"))
    def masked_name(self, application: Application) -> str:
        return self._person(application).name

    @admin.display(description=_("personal code"))
    def masked_personal_code(self, application: Application) -> str:
        return self._person(application).personal_code

    @admin.display(description=_("e-mail"))
    def masked_email(self, application: Application) -> str:
        return self._person(application).email

    @admin.display(description=_("phone"))
    def masked_phone(self, application: Application) -> str:
        return self._person(application).phone


def _public(notice: NoticeVersion | None) -> str:
    """A link to the page that everybody may read: not all staff may open the register of notices."""
    if notice is None:
        return ""
    address = reverse("notices:version", args=[notice.kind, notice.number])
    return format_html('<a href="{}">{}, {} {}</a>', address, notice.title, _("version"), notice.number)
