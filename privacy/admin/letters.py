"""The texts of letters: each kind in each language with its versions, and the desk where one is written."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from applications.actors import Actor
from applications.admin.base import ReadOnlyAdmin
from applications.context import LANGUAGE_NAMES
from applications.views.staff_door import site
from privacy import letters
from privacy.letter_examples import example
from privacy.models import LetterKind, LetterTemplate
from privacy.services.letters import write_template

WRITE = "privacy.add_lettertemplate"


class LetterTextForm(forms.Form):
    """A title and a text, and the version that they began as."""

    title = forms.CharField(label=gettext_lazy("Title"), max_length=letters.LONGEST_TITLE)
    body = forms.CharField(
        label=gettext_lazy("Text"),
        widget=forms.Textarea(attrs={"rows": 26, "cols": 72}),
        help_text=gettext_lazy("Plain text. A blank line begins a new paragraph."),
    )
    began_as = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, newest: LetterTemplate) -> None:
        self.newest = newest
        began_as = {"title": newest.title, "body": newest.body, "began_as": newest.number}
        super().__init__(data, initial=began_as)
        for field in (self.fields["title"], self.fields["body"]):
            field.widget.attrs["lang"] = newest.language

    def clean(self) -> None:
        given = self.cleaned_data
        if "title" in given and "body" in given:
            kind = LetterKind(self.newest.kind)
            try:
                letters.check(kind=kind, title=given["title"], body=letters.tidy(given["body"]))
            except forms.ValidationError as faults:
                self.add_error(None, faults)
        if given.get("began_as") != self.newest.number:
            self.add_error(None, _("Somebody has written a newer version meanwhile. Open the letter again."))


class NewestFirst(admin.SimpleListFilter):
    """The versions that count, unless all are asked for."""

    title = gettext_lazy("versions")
    parameter_name = "versions"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("all", _("All"))]

    def choices(self, changelist: Any) -> Any:
        every, *rest = super().choices(changelist)
        yield every | {"display": _("Those that count now")}
        yield from rest

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset if self.value() == "all" else queryset.filter(~Exists(_newer()))


def _newer() -> QuerySet[LetterTemplate]:
    same = {"kind": OuterRef("kind"), "language": OuterRef("language")}
    return LetterTemplate.objects.filter(**same, number__gt=OuterRef("number"))


@admin.register(LetterTemplate)
class LetterTemplateAdmin(ReadOnlyAdmin):
    """A version never changes: a letter that was sent stays what it was. Writing makes the next one."""

    stays_small = True
    list_display = ("kind", "in_language", "number", "title", "written_at")
    list_only = ("kind", "language", "number", "title", "written_at")
    list_filter = (NewestFirst, "kind", "language")
    fields = readonly_fields = ("kind", "in_language", "number", "written_at", "title", "body", "versions")

    @admin.display(description=gettext_lazy("language"), ordering="language")
    def in_language(self, template: LetterTemplate) -> str:
        return LANGUAGE_NAMES.get(template.language, template.language)

    @admin.display(description=gettext_lazy("all versions"))
    def versions(self, template: LetterTemplate) -> SafeString:
        same = LetterTemplate.objects.filter(kind=template.kind, language=template.language)
        links = ((_address("change", one), one.number) for one in same.order_by("-number"))
        return format_html("<span>{}</span>", format_html_join(", ", '<a href="{}">{}</a>', links))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        context = {"may_write": request.user.has_perm(WRITE)}
        return super().change_view(request, object_id, form_url, context | (extra_context or {}))

    # --- writing ---

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.write_view)
        return [path("<uuid:id>/write/", view, name="privacy_lettertemplate_write"), *super().get_urls()]

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    def write_view(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """The desk: the newest text in a form, and beside it the letter as it would be read."""
        if not request.user.has_perm(WRITE):
            raise PermissionDenied
        opened = LetterTemplate.objects.filter(pk=id).first()
        if opened is None:
            raise Http404
        newest = letters.newest_template(LetterKind(opened.kind), opened.language)
        form = LetterTextForm(request.POST or None, newest=newest)
        if form.is_valid() and "preview" not in request.POST:
            return self._save(request, form)
        return _desk(request, form)

    def _save(self, request: HttpRequest, form: LetterTextForm) -> HttpResponse:
        newest, given = form.newest, form.cleaned_data
        written = write_template(
            kind=LetterKind(newest.kind), language=newest.language, title=given["title"],
            body=given["body"], actor=Actor.staff(request.user.pk),
        )  # fmt: skip
        if written.number == newest.number:
            self.message_user(request, _("Nothing was changed, so no new version was written."))
        else:
            sentence = _("Version %(number)d was written. New letters use it from now on.")
            self.message_user(request, sentence % {"number": written.number}, messages.SUCCESS)
        return redirect(_address("change", written))


def _address(page: str, template: LetterTemplate) -> str:
    return reverse(f"admin:privacy_lettertemplate_{page}", args=[template.pk])


def _desk(request: HttpRequest, form: LetterTextForm) -> HttpResponse:
    newest = form.newest
    kind, language = LetterKind(newest.kind), newest.language
    shown = form.initial
    if form.is_bound:
        shown = form.cleaned_data if form.is_valid() else {}
    letter = example(kind, language, shown["title"], shown["body"]) if shown else None
    heading = f"{kind.label}: {LANGUAGE_NAMES.get(language, language)}"
    return site.render(
        request, "privacy/admin/letter_template.html", title=heading, heading=heading, form=form,
        letter=letter, placeholders=_placeholders(kind),
    )  # fmt: skip


def _placeholders(kind: LetterKind) -> list[dict[str, Any]]:
    required = letters.required(kind)
    return [
        {"placeholder": f"{{{name}}}", "stands_for": letters.NAMES[name], "required": name in required}
        for name in letters.allowed(kind)
    ]
