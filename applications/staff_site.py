"""The staff's site: Django's admin, with pages of the floors beside its lists.

A floor registers a page where it registers its models (its admin module). The page stands on the index and
in the menu under its floor, for those alone who may open it. No page opens, whatever its address, in a
session that has not proved both the password and the second factor; the pages on which that is done are the
door.
"""

from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from functools import wraps
from typing import Any

from django.apps import apps
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.functional import Promise

from applications import staff_session
from applications.actors import Actor
from applications.selectors.staff import roles_of
from applications.services import audit

View = Callable[[HttpRequest], HttpResponse]


@dataclass(frozen=True)
class Flag:
    """Something that asks for somebody's attention: a sentence, and where to see to it."""

    sentence: str
    url: str


@dataclass(frozen=True)
class AdminPage:
    """A page of the admin that is no list of rows: /admin/<app_label>/<slug>/, for holders of `permission`.

    `flags` tells what on the page waits for somebody: counted and listed on the index. A page that is not
    `listed` is reached from another one (a download).
    """

    app_label: str
    slug: str
    title: str | Promise
    view: View
    permission: str
    _: KW_ONLY
    flags: Callable[[], Sequence[Flag]] | None = None
    listed: bool = True

    @property
    def name(self) -> str:
        """The name of its address: reverse(f"admin:{page.name}")."""
        return f"{self.app_label}_{self.slug}".replace("-", "_").replace(".", "_")

    @property
    def url(self) -> str:
        return reverse(f"admin:{self.name}")

    def is_open_to(self, request: HttpRequest) -> bool:
        """Whether whoever asks may open it."""
        return request.user.has_perm(self.permission)


class ProductSite(AdminSite):
    """Django's admin site with the pages that floors register."""

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self.pages: list[AdminPage] = []
        self.door: list[URLPattern] = []

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether any page at all opens. The middleware has looked at the session's limits already."""
        return super().has_permission(request) and staff_session.is_proved(request)

    def register_door(self, patterns: Sequence[URLPattern]) -> None:
        """Take in the pages by which one comes in and goes out: they guard themselves."""
        self.door += patterns

    def register_page(self, page: AdminPage) -> AdminPage:
        """Take a page in, and give it back. Raises ValueError for a second one of the same name."""
        if any(known.name == page.name for known in self.pages):
            raise ValueError(f"there is a page {page.name} already")
        self.pages.append(page)
        return page

    def render(
        self, request: HttpRequest, template: str, *, title: str | Promise, **context: Any
    ) -> HttpResponse:
        """A page inside the frame of the admin."""
        request.current_app = self.name
        return TemplateResponse(request, template, self.each_context(request) | {"title": title} | context)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        own = [
            path(f"{page.app_label}/{page.slug}/", self.admin_view(_guarded(page)), name=page.name)
            for page in self.pages
        ]
        # Before the lists: "privacy/flow/" is no row of anything. The door's log-in stands before Django's.
        return [*self.door, *own, *super().get_urls()]

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Django's own guard; and whoever is signed in and refused is written down."""
        return super().admin_view(_noting_refusals(view), cacheable)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """The apps with their lists, and with those of our pages that the user may open."""
        found: dict[str, Any] = {app["app_label"]: app for app in super().get_app_list(request, app_label)}
        for page in self.pages:
            if page.listed and app_label in (None, page.app_label) and page.is_open_to(request):
                app = found.setdefault(page.app_label, _app(page.app_label))
                app["models"].append(_entry(page))
        return sorted(found.values(), key=lambda app: str(app["name"]).lower())

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """The first page: what waits for the user, then everything there is."""
        waiting = [
            {"page": page, "flags": flags}
            for page in self.pages
            if page.flags is not None and page.is_open_to(request) and (flags := page.flags())
        ]
        asleep = [(role, why) for role, why in roles_of(request.user).items() if why]  # type: ignore[arg-type]
        return super().index(request, {"waiting": waiting, "asleep": asleep, **(extra_context or {})})


def _noting_refusals(view: Any) -> Any:
    @wraps(view)
    def noting(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            answer: HttpResponse = view(request, *args, **kwargs)
        except PermissionDenied as refused:
            if not getattr(refused, "noted", False):
                match = request.resolver_match
                audit.record_aside(
                    actor=Actor.staff(request.user.pk), action="page.refused",
                    page=match.url_name if match else "", method=request.method,
                )  # fmt: skip
            raise
        return answer

    return noting


def _guarded(page: AdminPage) -> View:
    @wraps(page.view)
    def guarded(request: HttpRequest) -> HttpResponse:
        if not page.is_open_to(request):
            raise PermissionDenied
        return page.view(request)

    return guarded


def _app(label: str) -> dict[str, Any]:
    """An app of which the user may see pages alone."""
    return {
        "name": apps.get_app_config(label).verbose_name,
        "app_label": label,
        "app_url": reverse("admin:app_list", kwargs={"app_label": label}),
        "has_module_perms": True,
        "models": [],
    }


def _entry(page: AdminPage) -> dict[str, Any]:
    """A page as the templates of the admin expect a list of rows."""
    return {
        "name": page.title,
        "object_name": page.slug,
        "admin_url": page.url,
        "add_url": None,
        "view_only": True,
        "perms": {"view": True},
    }
