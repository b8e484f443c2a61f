"""Words to lenders about rights of people: which were told, and those that staff tell by hand."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _

from applications.actors import Actor
from applications.admin.base import RecordedAdmin, short_id
from applications.errors import Refusal
from applications.form_fields import label_text
from applications.personal import Purpose
from lenders.admin.filters import LenderFilter
from lenders.models import LenderWord
from lenders.services.words import LONGEST_VIEW, record_word_answer, tell_again
from lenders.states import ReviewOutcome, WordKind

CHANGE = "lenders.change_lenderword"


class AnswerForm(forms.ModelForm):
    """That the lender was told by staff, and what it answered to a request for review."""

    how_explained = forms.CharField(
        label=_("how the lender explains it"), required=False, max_length=LONGEST_VIEW,
        widget=forms.Textarea(attrs={"rows": 6}), help_text=_("The person reads it."),
    )  # fmt: skip

    class Meta:
        model = LenderWord
        fields = ("outcome",)

    def clean(self) -> dict[str, Any]:
        """An outcome belongs to a review, and comes with an explanation."""
        cleaned: dict[str, Any] = super().clean() or {}
        outcome, explanation = cleaned.get("outcome"), (cleaned.get("how_explained") or "").strip()
        if outcome and self.instance.kind != WordKind.REVIEW:
            self.add_error("outcome", _("Only a request for review has an outcome."))
        elif outcome and not explanation:
            self.add_error("how_explained", _("Write how the lender explains it."))
        elif explanation and not outcome:
            self.add_error("outcome", _("Choose what came of the review."))
        return cleaned


@admin.register(LenderWord)
class LenderWordAdmin(RecordedAdmin):
    """Saving one says that the lender knows. Until then whoever tells it reads what it is to be told."""

    purpose = Purpose.DATA_SUBJECT_RIGHTS
    form = AnswerForm
    list_display = ("asked_at", "about", "lender", "kind", "told_at", "due_on", "outcome")
    list_filter = ("kind", "outcome", ("lender", LenderFilter))
    list_select_related = ("lender",)
    list_only = (
        "asked_at", "submission_id", "lender__name", "kind", "told_at", "due_on", "outcome",
    )  # fmt: skip
    ordering = ("-asked_at",)
    search_fields = ("=id", "=submission__id")
    search_help_text = _("A whole id of a word or of a submission.")
    readonly_fields = (
        "id", "submission", "lender", "kind", "matter", "asked_at", "says", "due_on", "told_at",
        "acknowledged_at", "answered_at", "recorded_by_staff",
    )  # fmt: skip
    fields = (
        "id", "submission", "lender", "kind", "matter", "asked_at", "says", "due_on", "told_at",
        "acknowledged_at", "outcome", "how_explained", "answered_at", "recorded_by_staff",
    )  # fmt: skip
    actions = ("tell_again",)

    @admin.display(description=_("submission"))
    def about(self, word: LenderWord) -> str:
        return short_id(word.submission_id)

    @admin.display(description=_("what it is to be told"))
    def says(self, word: LenderWord) -> str:
        """Value by value, and the person's own words; nothing once the lender knows it."""
        lines = [(label_text(label), word.given.get(label, word.text)) for label in word.labels]
        return format_html_join("", "<p>{}: <strong>{}</strong></p>", lines) or "–"

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """What the person says is for whoever tells the lender alone."""
        hidden = () if request.user.has_perm(CHANGE) else ("says", "how_explained")
        return [name for name in self.fields if name not in hidden]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(CHANGE)

    def save_model(self, request: HttpRequest, obj: LenderWord, form: Any, change: bool) -> None:
        try:
            record_word_answer(
                word_id=obj.pk,
                outcome=ReviewOutcome(form.cleaned_data["outcome"]),
                explanation=form.cleaned_data["how_explained"],
                actor=Actor.staff(request.user.pk),
            )
        except Refusal as refusal:
            messages.error(request, str(refusal.sentence))

    @admin.action(description=_("Tell the lender again through its interface"), permissions=["change"])
    def tell_again(self, request: HttpRequest, queryset: QuerySet[LenderWord]) -> None:
        queued = 0
        for word_id in queryset.order_by("asked_at").values_list("pk", flat=True):
            try:
                tell_again(word_id=word_id, actor=Actor.staff(request.user.pk))
                queued += 1
            except Refusal as refusal:
                messages.error(request, str(refusal.sentence))
        if queued:
            messages.success(request, _("It is told again."))
