"""Assessments of legitimate interests and of impact, with the date of the next review."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from applications.actors import Actor
from applications.admin.base import RegisterAdmin
from privacy.models import Assessment
from privacy.services.registers import save_assessment


@admin.register(Assessment)
class AssessmentAdmin(RegisterAdmin):
    list_display = ("title", "up_to_date", "review_due_on", "kind", "purpose", "assessed_on")
    list_filter = ("kind", "purpose")
    search_fields = ("title",)
    fields = ("kind", "title", "purpose", "weighed", "outcome", "assessed_on", "review_due_on")

    def write(self, *, row: Any, changed: Sequence[str], actor: Actor) -> None:
        save_assessment(assessment=row, changed=changed, actor=actor)

    @admin.display(description=_("up to date"), boolean=True)
    def up_to_date(self, assessment: Assessment) -> bool:
        return not assessment.is_due(timezone.localdate())
