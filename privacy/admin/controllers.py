"""Other controllers, to and from which people have their data passed on (GDPR Art. 20(2))."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from applications.actors import Actor
from applications.admin.base import FreshProofAdmin, RegisterAdmin
from applications.errors import Refusal
from privacy.models import OtherController
from privacy.services.registers import checked_endpoint, checked_keys, save_other_controller


class OtherControllerForm(forms.ModelForm):
    """An address that cannot be called, and a key set that is none, are refused with a sentence."""

    class Meta:
        model = OtherController
        fields = ("recipient", "endpoint", "keys")

    def clean_endpoint(self) -> Any:
        return _or_refuse(checked_endpoint, self.cleaned_data["endpoint"])

    def clean_keys(self) -> Any:
        return _or_refuse(checked_keys, self.cleaned_data["keys"], self.instance.pk)


def _or_refuse(check: Any, *given: Any) -> Any:
    try:
        return check(*given)
    except Refusal as refused:
        raise ValidationError(str(refused.sentence), code=refused.code) from None


@admin.register(OtherController)
class OtherControllerAdmin(FreshProofAdmin, RegisterAdmin):
    """Whoever changes where data go is asked again who they are."""

    form = OtherControllerForm
    list_display = ("name", "endpoint", "takes_part")
    readonly_fields = ("takes_part",)
    list_select_related = ("recipient",)
    fields = ("recipient", "endpoint", "keys", "takes_part")

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> tuple[str, ...]:
        """Once entered it stays the same company: what was passed on is on record under it."""
        return ("recipient", *self.readonly_fields) if obj else self.readonly_fields

    def write(self, *, row: Any, changed: Sequence[str], actor: Actor) -> None:
        save_other_controller(controller=row, changed=changed, actor=actor)

    @admin.display(description=_("name"))
    def name(self, controller: OtherController) -> str:
        return controller.recipient.name

    @admin.display(description=_("takes part"), boolean=True)
    def takes_part(self, controller: OtherController) -> bool:
        return controller.pk is not None and controller.takes_part(timezone.localdate())
