"""What the forms are made of: the step form, and inputs for text, euro, whole numbers, choices and dates.

Each field cleans to the type that is stored and can `display` a stored value. None of them adds `maxlength`:
a browser would cut a pasted value silently, where an error sentence tells.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Self

from django import forms
from django.core.exceptions import ValidationError
from django.forms.renderers import BaseRenderer
from django.forms.widgets import Input
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from applications.formats import date_text, euro_text, money_text
from applications.validators import check_cents, parse_euro, visible


def plain_input(autocomplete: str = "off", widget: type[Input] = forms.TextInput, **attrs: str) -> Input:
    """A one-line input without spelling correction; `autocomplete` is a token of the HTML standard."""
    return widget(attrs={"autocomplete": autocomplete, "spellcheck": "false", **attrs})


class AnswerField(forms.Field):
    """A required answer. `required_text` says what to write or choose when it is missing."""

    def __init__(self, *, required_text: str | Promise, **kwargs: Any) -> None:
        messages = {"required": required_text} | kwargs.pop("error_messages", {})
        super().__init__(error_messages=messages, **kwargs)

    def display(self, value: Any) -> str:
        """A stored value as a person reads it."""
        return str(value)


class TextAnswer(AnswerField):
    """Text that `clean_with` brings into its stored form; `shown_as` writes the stored form for reading."""

    def __init__(
        self, clean_with: Callable[[str], str], *, shown_as: Callable[[str], str] = str, **kwargs: Any
    ) -> None:
        self.clean_with, self.shown_as = clean_with, shown_as
        super().__init__(**{"widget": plain_input()} | kwargs)

    def to_python(self, value: Any) -> str:
        text = visible(str(value or ""))
        return self.clean_with(text) if text else ""

    def display(self, value: Any) -> str:
        return self.shown_as(value)


class EuroField(AnswerField):
    """An amount typed in euro, cleaned to euro cents (int); limits are in cents."""

    def __init__(self, *, least: int = 0, most: int, **kwargs: Any) -> None:
        self.least, self.most = least, most
        super().__init__(**{"widget": plain_input(inputmode="decimal")} | kwargs)

    def to_python(self, value: Any) -> int | None:
        text = visible(str(value or ""))
        if not text:
            return None
        cents = parse_euro(text)
        check_cents(cents, least=self.least, most=self.most)
        return cents

    def prepare_value(self, value: Any) -> Any:
        """Stored cents become editable text; what was typed stays as it was typed."""
        return euro_text(value) if isinstance(value, int) else value

    def display(self, value: Any) -> str:
        return money_text(value)


class WholeNumberField(AnswerField):
    """A whole number between two limits, both included; `shown_as` writes it with its unit for reading."""

    default_error_messages = {"out_of_range": _("Write a whole number from %(least)s to %(most)s.")}

    def __init__(
        self, *, least: int = 0, most: int, shown_as: Callable[[int], str] = str, **kwargs: Any
    ) -> None:
        self.least, self.most, self.shown_as = least, most, shown_as
        super().__init__(**{"widget": plain_input(inputmode="numeric")} | kwargs)

    def to_python(self, value: Any) -> int | None:
        text = visible(str("" if value is None else value))
        if not text:
            return None
        number = int(text) if re.fullmatch(r"[0-9]{1,6}", text) else None
        if number is None or not self.least <= number <= self.most:
            message = self.error_messages["out_of_range"]
            limits = {"least": self.least, "most": self.most}
            raise ValidationError(message, code="out_of_range", params=limits)
        return number

    def display(self, value: Any) -> str:
        return self.shown_as(value)


class RadioField(AnswerField, forms.ChoiceField):
    """A choice shown as radio buttons, none of them selected beforehand."""

    widget = forms.RadioSelect
    default_error_messages = {"invalid_choice": _("Choose one of the answers below.")}

    def __init__(self, *, choices: Sequence[tuple[str, str | Promise]], **kwargs: Any) -> None:
        self.labels = dict(choices)
        super().__init__(choices=choices, **kwargs)

    def display(self, value: Any) -> str:
        return str(self.labels.get(value, value))


class DatePartsWidget(forms.MultiWidget):
    """Three labelled inputs, `<name>_day`, `<name>_month` and `<name>_year`, for a fieldset with the legend.

    `autocomplete` is "off" or the prefix of the tokens, as in "bday" for "bday-day".
    """

    parts = ("day", "month", "year")
    labels = (_("Day"), _("Month"), _("Year"))

    def __init__(self, autocomplete: str = "off") -> None:
        tokens = ("off" if autocomplete == "off" else f"{autocomplete}-{part}" for part in self.parts)
        widgets = [plain_input(token, inputmode="numeric") for token in tokens]
        super().__init__(dict(zip(self.parts, widgets, strict=True)))

    def decompress(self, value: Any) -> list[str]:
        if not isinstance(value, date):
            return ["", "", ""]
        return [str(value.day), str(value.month), str(value.year)]

    def typed(self, name: str, value: Any) -> dict[str, str]:
        """What a browser would send for a stored date."""
        return {f"{name}_{part}": text for part, text in zip(self.parts, self.decompress(value), strict=True)}

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: BaseRenderer | None = None
    ) -> SafeString:
        """Django's own template puts the inputs side by side without a label each."""
        contexts = self.get_context(name, value, attrs)["widget"]["subwidgets"]
        rows = (
            (
                context["attrs"].get("id", ""),
                label,
                widget.render(context["name"], context["value"], context["attrs"], renderer),
            )
            for label, widget, context in zip(self.labels, self.widgets, contexts, strict=True)
        )
        inputs = format_html_join("", '<div class="date-part"><label for="{}">{}</label>{}</div>', rows)
        return format_html('<div class="date-parts">{}</div>', inputs)


class DatePartsField(AnswerField):
    """A date typed as day, month and year; keeps what was typed and names the part that is wrong."""

    part_errors = (
        ("day", r"0?[1-9]|[12][0-9]|3[01]", _("Write the day as a number from 1 to 31.")),
        ("month", r"0?[1-9]|1[0-2]", _("Write the month as a number from 1 to 12.")),
        ("year", r"[1-9][0-9]{3}", _("Write the year with four digits.")),
    )
    default_error_messages = {
        "no_such_date": _("Check the day and the month: there is no such date in that year.")
    }

    def __init__(self, *, autocomplete: str = "off", **kwargs: Any) -> None:
        super().__init__(widget=DatePartsWidget(autocomplete), **kwargs)

    def to_python(self, value: Any) -> date | None:
        """`value` is the list of the three parts as they were typed (None where one was not sent)."""
        parts = [str(part or "").strip() for part in value]
        if not any(parts):
            return None
        wrong = [
            ValidationError(message, code=code)
            for (code, pattern, message), part in zip(self.part_errors, parts, strict=True)
            if not re.fullmatch(pattern, part)
        ]
        if wrong:
            raise ValidationError(wrong)
        day, month, year = map(int, parts)
        try:
            return date(year, month, day)
        except ValueError:
            raise ValidationError(self.error_messages["no_such_date"], code="no_such_date") from None

    def display(self, value: Any) -> str:
        return date_text(value)


class StepForm(forms.Form):
    """A step's questions.

    `answers` are all answers stored so far: they fill in the fields and may decide which fields are asked.
    `today` is the date in Riga against which ages and expiry dates are judged; the current one if left out.
    """

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        answers: Mapping[str, Any] | None = None,
        today: date | None = None,
        **kwargs: Any,
    ) -> None:
        self.answers = answers or {}
        self.today = today or timezone.localdate()
        kwargs.setdefault("initial", dict(self.answers))
        super().__init__(data, **kwargs)

    @classmethod
    def from_answers(cls, answers: Mapping[str, Any], *, today: date | None = None) -> Self:
        """A bound form with the stored answers as if they were typed again now."""
        typed: dict[str, str] = {}
        for name, field in cls(answers=answers, today=today).fields.items():
            value = field.prepare_value(answers.get(name))
            if isinstance(field.widget, DatePartsWidget):
                typed |= field.widget.typed(name, value)
            elif value is not None:
                typed[name] = str(value)
        return cls(typed, answers=answers, today=today)

    def display(self, name: str) -> str:
        """The stored answer to one question as a person reads it; empty while there is none."""
        field, value = self.fields[name], self.answers.get(name)
        if value is None:
            return ""
        return field.display(value) if isinstance(field, AnswerField) else str(value)

    def error_links(self) -> list[tuple[str, str]]:
        """(element id, message) of every error, for a summary whose links lead to the input to mend.

        Of a group of inputs the first is named; an error of the whole form has an empty id.
        """
        links: list[tuple[str, str]] = [("", str(message)) for message in self.non_field_errors()]
        for field in self:
            first = f"{field.auto_id}_0" if field.use_fieldset else field.auto_id
            links += [(first, str(message)) for message in field.errors]
        return links
