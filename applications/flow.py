"""The application form as one ordered declaration; order, progress, resuming and the check page read STEPS.

`answers` is flat: field name → stored value, absent or None while unanswered. Everything here is pure; what
judges ages and expiry dates takes `today`, the date in Riga, and uses the current one if it is left out.
"""

from collections.abc import Callable, Collection, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from applications import forms
from applications.choices import IncomeType, PepStatus
from applications.widgets import StepForm

Answers = Mapping[str, Any]


def always(answers: Answers) -> bool:
    """The condition of a step that everybody sees."""
    return True


def is_employed(answers: Answers) -> bool:
    """Only employment has an employer."""
    return answers.get("income_type") == IncomeType.EMPLOYMENT


def is_politically_exposed(answers: Answers) -> bool:
    """An answer other than "no" needs details; no answer needs none yet."""
    return answers.get("pep_status") not in (None, "", PepStatus.NONE)


@dataclass(frozen=True)
class Step:
    """A page of the form: `lead` is the sentence under the title, `shown` whether the answers call for it."""

    slug: str
    form: type[StepForm]
    title: str | Promise
    lead: str | Promise
    shown: Callable[[Answers], bool] = always


@dataclass(frozen=True)
class Section:
    """A step on the check page: (label, value) of each of its questions, the value as a person reads it."""

    step: Step
    rows: tuple[tuple[str, str], ...]


STEPS = (
    Step(
        "amount",
        forms.AmountForm,
        _("What you would like to borrow"),
        _("Borrowing money costs money. Ask only for as much as you need and can repay."),
    ),
    Step(
        "repayment",
        forms.RepaymentForm,
        _("Repayment day and keyword"),
        _("The day suits your budget; the keyword helps you to know that it is your lender who calls."),
    ),
    Step(
        "name",
        forms.NameForm,
        _("Your name"),
        _("Write it as it is in your identity document."),
    ),
    Step(
        "personal-code",
        forms.PersonalCodeForm,
        _("Date of birth and personal code"),
        _("By these a lender recognises you. You need to be at least 18 years old."),
    ),
    Step(
        "document",
        forms.DocumentForm,
        _("Your identity document"),
        _("Have it at hand: you need its number and expiry date."),
    ),
    Step(
        "phone",
        forms.PhoneForm,
        _("Your phone number"),
        _("A lender may call you about your application."),
    ),
    Step(
        "address",
        forms.AddressForm,
        _("Where you live"),
        _("The address in Latvia at which you can be reached."),
    ),
    Step(
        "family",
        forms.FamilyForm,
        _("Your family"),
        _("Lenders need this to see how much of your income is free for repayments."),
    ),
    Step(
        "income",
        forms.IncomeForm,
        _("Your income"),
        _("Lenders compare it with your expenses. Round figures are enough."),
    ),
    Step(
        "employer",
        forms.EmployerForm,
        _("Where you work"),
        _("If you have several employers, name the one who pays you most."),
        shown=is_employed,
    ),
    Step(
        "expenses",
        forms.ExpensesForm,
        _("Your expenses and other loans"),
        _("Round figures are enough."),
    ),
    Step(
        "pep",
        forms.PepForm,
        _("Prominent public office"),
        _("Every lender has to ask. The answer alone is no reason to refuse a loan."),
    ),
    Step(
        "pep-details",
        forms.PepDetailsForm,
        _("About the public office"),
        _("These details help the lender to do what the law asks."),
        shown=is_politically_exposed,
    ),
)
_BY_SLUG = {step.slug: step for step in STEPS}


def step_by_slug(slug: str) -> Step:
    """The step with this slug, whether or not it is shown; raises KeyError for an unknown one."""
    return _BY_SLUG[slug]


def shown_steps(answers: Answers) -> tuple[Step, ...]:
    """The steps that these answers call for, in order."""
    return tuple(step for step in STEPS if step.shown(answers))


def fewest_and_most_steps() -> tuple[int, int]:
    """How many steps there are for anybody: (those that all see, all there can be)."""
    return len(shown_steps({})), len(STEPS)


def forms_asking(
    names: Collection[str], answers: Answers, data: Mapping[str, Any] | None = None
) -> list[StepForm]:
    """The steps' forms cut down to these questions, in the order of the steps, whatever was answered before.

    For single questions that are put anew: each is asked and checked as in its step.
    """
    found = []
    for step in STEPS:
        form = step.form(data, answers=answers)
        form.fields = {
            name: form.fields.get(name) or deepcopy(field)
            for name, field in form.base_fields.items()
            if name in names
        }
        if form.fields:
            found.append(form)
    return found


def fields_of(step: Step) -> tuple[str, ...]:
    """Names of all answers that a step may ask for, in order."""
    return tuple(step.form.base_fields)


def is_complete(step: Step, answers: Answers, *, today: date | None = None) -> bool:
    """Whether the stored answers would pass the step's form today: a document may have expired since."""
    return step.form.from_answers(answers, today=today).is_valid()


def first_incomplete(answers: Answers, *, today: date | None = None) -> Step | None:
    """The first shown step that still needs the consumer; None when the application can be sent."""
    return next((step for step in shown_steps(answers) if not is_complete(step, answers, today=today)), None)


def next_step(after: Step, answers: Answers) -> Step | None:
    """The first later step that is shown; None when the check page follows."""
    later = STEPS[STEPS.index(after) + 1 :]
    return next((step for step in later if step.shown(answers)), None)


def previous_step(before: Step, answers: Answers) -> Step | None:
    """The nearest earlier step that is shown; None before the first."""
    earlier = STEPS[: STEPS.index(before)]
    return next((step for step in reversed(earlier) if step.shown(answers)), None)


def position(step: Step, answers: Answers) -> tuple[int, int]:
    """(n, total): the step is the n-th of the shown ones, from 1. Raises ValueError for a step not shown."""
    steps = shown_steps(answers)
    return steps.index(step) + 1, len(steps)


def hidden_answers(answers: Answers) -> frozenset[str]:
    """Names of given answers that are no longer asked for, such as the employer of somebody now retired.

    They are cleared when the application is sent, so that no lender gets them.
    """
    asked = {name for step in shown_steps(answers) for name in step.form(answers=answers).fields}
    known = {name for step in STEPS for name in fields_of(step)}
    return frozenset(name for name in known - asked if answers.get(name) is not None)


def check_sections(answers: Answers) -> tuple[Section, ...]:
    """What the check page shows, in the active language: every question that is asked and its answer."""
    return tuple(_section(step, answers) for step in shown_steps(answers))


def _section(step: Step, answers: Answers) -> Section:
    form = step.form(answers=answers)
    return Section(step, tuple((str(field.label), form.display(name)) for name, field in form.fields.items()))
