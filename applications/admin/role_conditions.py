"""Training in data protection, and mandates of external partners: the DPO's, because roles hang on them."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from applications.actors import Actor
from applications.admin.base import FreshProofAdmin, RegisterAdmin
from applications.models import Application, Mandate, StaffUser, Training
from applications.references import as_stored
from applications.roles import Role
from applications.services.role_conditions import enter_training, save_mandate
from applications.states import ApplicationStatus


class TrainingForm(forms.ModelForm):
    """Nobody vouches for what is still to come."""

    def clean_completed_on(self) -> Any:
        day = self.cleaned_data["completed_on"]
        if day > timezone.localdate():
            raise forms.ValidationError(_("This day is still to come."))
        return day


@admin.register(Training)
class TrainingAdmin(FreshProofAdmin, RegisterAdmin):
    """Entered once, never changed: what counted on a day can be told afterwards."""

    form = TrainingForm
    list_display = ("user", "in_force", "course", "completed_on", "valid_until")
    list_select_related = ("user",)
    list_filter = ("user",)
    fields = ("user", "course", "completed_on", "valid_until")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Nobody vouches for themselves."""
        if db_field.name == "user":
            kwargs["queryset"] = StaffUser.objects.exclude(pk=request.user.pk)  # type: ignore[misc]
            kwargs["help_text"] = _(
                "Your own training is entered by another data protection officer, or by whoever runs the "
                "servers (manage.py record_training)."
            )
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def write(self, *, row: Any, changed: Sequence[str], actor: Actor) -> None:
        enter_training(training=row, actor=actor)

    @admin.display(description=gettext_lazy("counts today"), boolean=True)
    def in_force(self, training: Training) -> bool:
        return training.counts(timezone.localdate())


class ApplicationNumbers(forms.CharField):
    """Application numbers, one a line; cleaned to the applications, which have been sent."""

    widget = forms.Textarea(attrs={"rows": 5})

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, list):
            return "\n".join(sorted(application.reference for application in value))
        return value

    def clean(self, value: Any) -> list[Application]:
        numbers = {as_stored(number) for number in super().clean(value).split()}
        sent = Application.objects.exclude(status=ApplicationStatus.DRAFT)
        found = list(sent.filter(reference__in=numbers).order_by("reference"))
        if unknown := numbers - {application.reference for application in found}:
            sentence = _("No application was sent under these numbers: %(numbers)s.")
            raise forms.ValidationError(sentence, params={"numbers": ", ".join(sorted(unknown))})
        return found


class MandateForm(forms.ModelForm):
    """The applications are typed by their numbers."""

    covered = ApplicationNumbers(
        label=gettext_lazy("Applications"), required=False,
        help_text=gettext_lazy("The numbers of the applications that the partner may open, one a line."),
    )  # fmt: skip

    class Meta:
        model = Mandate
        fields = ("user", "profession", "recipient", "assignment", "starts_on", "ends_on")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            self.initial["covered"] = list(Application.objects.filter(mandate_cases__mandate=self.instance))
        if "user" in self.fields:
            partners = StaffUser.objects.filter(groups__name=Role.EXTERNAL)
            self.fields["user"].queryset = partners  # type: ignore[attr-defined]
            self.fields["recipient"].label_from_instance = lambda company: company.name  # type: ignore[attr-defined]


@admin.register(Mandate)
class MandateAdmin(FreshProofAdmin, RegisterAdmin):
    form = MandateForm
    list_display = ("user", "in_force", "profession", "company", "assignment", "starts_on", "ends_on")
    list_select_related = ("user", "recipient")
    fields = ("user", "profession", "recipient", "assignment", "covered", "starts_on", "ends_on")

    @admin.display(description=gettext_lazy("recipient"))
    def company(self, mandate: Mandate) -> str:
        return mandate.recipient.name

    def save_model(self, request: HttpRequest, obj: Any, form: forms.ModelForm, change: bool) -> None:
        save_mandate(
            mandate=obj, applications=form.cleaned_data["covered"], changed=form.changed_data,
            actor=Actor.staff(request.user.pk),
        )  # fmt: skip

    @admin.display(description=gettext_lazy("counts today"), boolean=True)
    def in_force(self, mandate: Mandate) -> bool:
        return mandate.counts(timezone.localdate())
