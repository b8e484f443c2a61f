"""Submissions, deliveries and attempts; a failed submission can be sent again."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from applications.admin.base import ReadOnlyInline, RecordedAdmin, short_id
from lenders.admin.filters import LenderFilter
from lenders.admin.sending import RETRY, send_again
from lenders.models import Attempt, Delivery, Offer, Submission


class DeliveryInline(ReadOnlyInline):
    model = Delivery
    fields = readonly_fields = ("kind", "status", "fence", "failures", "due_at", "error_code", "finished_at")


class OfferInline(ReadOnlyInline):
    """That there are offers, and how they stand; their terms are the person's."""

    model = Offer
    fields = readonly_fields = ("status", "price_personalised", "valid_until", "received_at")
    show_change_link = False


class AttemptInline(ReadOnlyInline):
    model = Attempt
    fields = readonly_fields = ("started_at", "finished_at", "outcome", "http_status", "duration_ms")
    show_change_link = False


@admin.register(Submission)
class SubmissionAdmin(RecordedAdmin):
    list_display = ("application", "lender", "status", "error_code", "created_at", "answered_at")
    list_display_links = ("application", "lender")
    list_filter = ("status", ("lender", LenderFilter))
    list_select_related = ("application", "lender")
    list_only = (
        "application__reference", "lender__name", "status", "error_code", "created_at", "answered_at",
    )  # fmt: skip
    search_fields = ("=id", "=application__reference")
    search_help_text = _("A whole application number or submission id.")
    ordering = ("-created_at",)
    fields = readonly_fields = (
        "id", "application", "lender", "status", "error_code", "more_to_come", "needs", "signing_claim",
        "page_wait_until",
        "late_until", "created_at", "answered_at",
    )  # fmt: skip
    inlines = (DeliveryInline, OfferInline)
    actions = ("send_again",)

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(RETRY)

    @admin.action(description=_("Send again what failed"), permissions=["retry"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Submission]) -> None:
        send_again(request, queryset)


@admin.register(Delivery)
class DeliveryAdmin(RecordedAdmin):
    list_display = ("short_id", "created_at", "kind", "lender", "status", "failures", "error_code", "due_at")
    list_filter = ("status", "kind", ("lender", LenderFilter))
    list_select_related = ("lender",)
    list_only = ("created_at", "kind", "lender__name", "status", "failures", "error_code", "due_at")
    ordering = ("-created_at",)
    search_fields = ("=id", "=submission__id")
    search_help_text = _("A whole delivery or submission id.")
    fields = readonly_fields = (
        "id", "submission", "lender", "kind", "status", "fence", "failures", "due_at", "lease_until",
        "deadline", "error_code", "created_at", "finished_at",
    )  # fmt: skip
    inlines = (AttemptInline,)

    @admin.display(description=_("identifier"))
    def short_id(self, delivery: Delivery) -> str:
        return short_id(delivery.pk)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        return super().get_queryset(request).select_related("submission", "lender")
