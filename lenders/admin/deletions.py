"""Requests to delete: who was asked, who has answered, and the answers that came by another way."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from applications.actors import Actor
from applications.admin.base import RecordedAdmin
from applications.errors import Refusal
from applications.personal import Purpose
from lenders.admin.filters import LenderFilter
from lenders.models import DeletionNotice
from lenders.services.deletions import record_answer
from lenders.states import Acknowledgement

ANSWER = ("acknowledgement", "basis", "until")


class AnswerForm(forms.ModelForm):
    """What the lender wrote or said to us."""

    class Meta:
        model = DeletionNotice
        fields = ANSWER

    def clean(self) -> dict[str, Any]:
        """A ground belongs to what is kept, and to nothing else."""
        cleaned: dict[str, Any] = super().clean() or {}
        to = cleaned.get("acknowledgement")
        if to == Acknowledgement.NONE:
            self.add_error("acknowledgement", _("Choose what the lender answered."))
        elif to == Acknowledgement.RETAINED and not cleaned.get("basis"):
            self.add_error("basis", _("Choose on what ground it keeps data."))
        elif to == Acknowledgement.DELETED and (cleaned.get("basis") or cleaned.get("until")):
            self.add_error("acknowledgement", _("What was deleted is not kept: leave ground and day empty."))
        return cleaned


@admin.register(DeletionNotice)
class DeletionNoticeAdmin(RecordedAdmin):
    """An answer is entered through the service; nothing else of a request is changed by hand."""

    purpose = Purpose.DATA_SUBJECT_RIGHTS
    form = AnswerForm
    list_display = ("requested_at", "submission", "lender", "reason", "acknowledgement", "until")
    list_filter = ("acknowledgement", "reason", ("lender", LenderFilter))
    list_select_related = ("lender", "submission")
    list_only = ("requested_at", "submission", "lender__name", "reason", "acknowledgement", "until")
    ordering = ("-requested_at",)
    search_fields = ("=id", "=submission__id")
    search_help_text = _("A whole request or submission id.")
    readonly_fields = (
        "id", "submission", "lender", "reason", "requested_at", "acknowledged_at", "recorded_by_staff",
    )  # fmt: skip
    fields = ("id", "submission", "lender", "reason", "requested_at", *ANSWER, "acknowledged_at",
              "recorded_by_staff")  # fmt: skip

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("lenders.change_deletionnotice")

    def save_model(self, request: HttpRequest, obj: DeletionNotice, form: Any, change: bool) -> None:
        try:
            record_answer(
                notice_id=obj.pk,
                to=Acknowledgement(obj.acknowledgement),
                basis=obj.basis,
                until=obj.until,
                actor=Actor.staff(request.user.pk),
            )
        except Refusal as refusal:
            messages.error(request, str(refusal.sentence))
