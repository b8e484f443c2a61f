"""What the admin pages of this product share."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from applications.actors import Actor
from applications.services import audit


class ReadOnlyAdmin(admin.ModelAdmin):
    """Rows are looked at, not edited: services are the only writers. Lists do not count the whole table."""

    show_full_result_count = False
    list_per_page = 50
    actions: Any = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


class PersonalRowAdmin(ReadOnlyAdmin):
    """Rows about a person: opening one is written down."""

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        found: Any = super().get_object(request, object_id, from_field)
        if found is not None:
            audit.record(
                actor=Actor.staff(request.user.pk), action=f"{self.opts.model_name}.seen",
                subject_id=found.subject_id, row=found,
            )  # fmt: skip
        return found


class RegisterAdmin(admin.ModelAdmin):
    """A register that staff keep: entered and changed through a service, nothing is ever deleted."""

    list_per_page = 50
    actions: Any = None

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def write(self, *, row: Any, changed: Sequence[str], actor: Actor) -> None:
        """Hand the row to its service; `changed` names the fields."""
        raise NotImplementedError

    def save_model(self, request: HttpRequest, obj: Any, form: forms.ModelForm, change: bool) -> None:
        self.write(row=obj, changed=form.changed_data, actor=Actor.staff(request.user.pk))


class ReadOnlyInline(admin.TabularInline):
    """Rows below their parent, to look at."""

    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False
