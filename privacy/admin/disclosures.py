"""The list of requests for disclosure, and the page of each with everything that is needed to decide."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from applications.actors import ActorKind
from applications.admin.base import RecordedAdmin
from applications.formats import date_text
from applications.personal import Category, Purpose
from privacy.admin import disclosure_pages
from privacy.admin.disclosure_deeds import APPROVE, WORK, possible_deeds
from privacy.admin.disclosure_pages import VIEWS
from privacy.disclosure_states import ENDED, DisclosureState
from privacy.disclosure_texts import case_text, event_text, grouped, preview, secrecy_text, waits_for
from privacy.models import DisclosureRequest, DisclosureWords, SealedPackage
from privacy.request_texts import moment
from privacy.selectors.requests import names_of

PREFIX = "privacy_disclosurerequest"
S = DisclosureState


@admin.register(DisclosureRequest)
class DisclosureRequestAdmin(RecordedAdmin):
    """Open ones first, the oldest first. What is done about one goes through the pages of its deeds."""

    purpose = Purpose.INFORM_AUTHORITIES
    change_form_template = "privacy/admin/disclosure_request.html"
    list_display = ("reference", "kind", "asker", "state", "waits", "received_at", "hidden_until")
    list_only = ("reference", "kind", "asker", "state", "received_at", "hidden_until", "ended_at")
    list_filter = ("state", "kind")
    search_fields = ("=reference",)
    search_help_text = gettext_lazy("The whole number of a request, for example D-7K2M9-QRT4X.")
    ordering = ("-ended_at", "received_at")
    fields = readonly_fields = ("reference", "kind", "state")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm(disclosure_pages.ADD))

    def get_urls(self) -> list[URLPattern]:
        own = [
            path(f"<uuid:id>/{name}/", self.admin_site.admin_view(view), name=f"{PREFIX}_{name}")
            for name, view in VIEWS.items()
        ]
        return [*own, *super().get_urls()]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        return disclosure_pages.intake(request)

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        may = [one for one in (WORK, APPROVE) if request.user.has_perm(one)]
        return super().render_change_form(request, context | _everything(kwargs["obj"], may), *args, **kwargs)

    @admin.display(description=gettext_lazy("waits for"))
    def waits(self, asked: DisclosureRequest) -> str:
        return waits_for(asked)


def _everything(asked: DisclosureRequest, may: list[str]) -> dict[str, Any]:
    """For the page's template: no value of anybody, and nothing of what was written."""
    works = WORK in may
    package = SealedPackage.objects.defer("content").filter(request=asked).first()
    cases = asked.cases.select_related("subject", "application").order_by("added_at", "pk")
    return {
        "asked": asked,
        "waits": waits_for(asked),
        "deeds": possible_deeds(asked, may),
        "works": works,
        "names": works and asked.state == S.RECEIVED,
        "facts": _facts(asked),
        "proof": _proof(asked),
        "cases": [(one.pk, case_text(one)) for one in cases],
        "preview": preview(asked) if asked.categories and asked.state not in ENDED else [],
        "has_words": DisclosureWords.objects.filter(pk=asked.pk).exists(),
        "package": package if works and asked.state == S.SEALED else None,
        "package_until": moment(package.expires_at) if package else "",
        "history": list(_history(asked)),
    }


def _facts(asked: DisclosureRequest) -> list[tuple[str, str]]:
    facts = [
        (_("Who asks"), f"{asked.asker} ({asked.get_kind_display()}, {asked.get_country_display()})"),
        (_("State"), asked.get_state_display()),
        (_("Came in"), f"{moment(asked.received_at)}, {asked.get_way_display()}"),
        (_("Answer wanted by"), date_text(asked.answer_by) if asked.answer_by else ""),
        (_("Law and article named"), asked.legal_basis),
        (_("Purpose"), str(asked.purpose.label)),
        (_("Categories"), ", ".join(str(Category(one).label) for one in asked.categories)),
        (
            _("Values that may be about somebody else"),
            (_("go as well") if asked.with_others else _("do not go")) if asked.categories else "",
        ),
        (_("Sealed for the certificate"), grouped(asked.fingerprint)),
        (_("Secrecy"), secrecy_text(asked)),
        (_("Why not"), asked.get_why_not_display() if asked.why_not else ""),
    ]
    return [(name, str(value)) for name, value in facts if value]


def _proof(asked: DisclosureRequest) -> list[tuple[str, str]]:
    facts = [
        (_("Sealed"), moment(asked.sealed_at)),
        (_("SHA-256 of the sealed file"), asked.sealed_digest),
        (_("SHA-256 of the content"), asked.content_digest),
        (_("Handed over on"), date_text(asked.handed_on) if asked.handed_on else ""),
        (_("How"), asked.get_handed_by_display() if asked.handed_by else ""),
    ]
    return [(name, str(value)) for name, value in facts if value]


def _history(asked: DisclosureRequest) -> Iterator[tuple[str, str, str]]:
    events = list(asked.events.order_by("-at", "-pk"))
    names = names_of(events)
    for one in events:
        who = str(ActorKind(one.actor_kind).label)
        known = names.get(one.actor_identifier) if one.actor_kind == ActorKind.STAFF else None
        yield moment(one.at), event_text(one), f"{who}: {known}" if known else who
