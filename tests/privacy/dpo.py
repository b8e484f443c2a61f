"""Rows of the DPO's registers for tests, and browsers of staff."""

from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from applications.actors import SYSTEM
from applications.models import AgreementKind, Application, Mandate, Profession, Recipient, RetentionEdition
from applications.personal import Category, Purpose, RecipientKind
from applications.retention_rules import RULES, Period
from applications.roles import Role
from applications.selectors.periods import forget_known
from applications.services.recipients import save_recipient
from applications.services.role_conditions import save_mandate
from privacy.models import Assessment, AssessmentKind, Breach
from privacy.services.registers import save_assessment, save_breach
from tests import factories


def staff(name: str, permissions: list[str]) -> Client:
    """A browser in which a member of staff with these permissions has signed in."""
    return factories.sign_in_staff(Client(), factories.staff_who_may(*permissions, name=name))


def dpo() -> Client:
    return factories.sign_in_staff(Client(), factories.staff(Role.DPO, name="dpo"))


def support() -> Client:
    return factories.sign_in_staff(Client(), factories.staff(Role.SUPPORT, name="support"))


def recipient(slug: str = "hosting", **changes: Any) -> Recipient:
    facts = {
        "name": f"Company {slug}",
        "kind": RecipientKind.PROCESSOR,
        "agreement": AgreementKind.PROCESSING,
        **factories.IN_ORDER,
    }
    row = Recipient(slug=slug, **(facts | changes))
    save_recipient(recipient=row, changed=[], actor=SYSTEM)
    return row


def mandate(*applications: Application, name: str = "partner", **changes: Any) -> Mandate:
    """A partner's mandate over these applications, in force."""
    facts: dict[str, Any] = {
        "profession": Profession.LAWYER, "assignment": "2026/1", "starts_on": date(2026, 1, 1),
        "ends_on": date(2099, 1, 1),
    }  # fmt: skip
    facts["user"] = changes.get("user") or factories.staff(Role.EXTERNAL, name=name)
    facts["recipient"] = changes.get("recipient") or recipient(f"office-{name}", kind=RecipientKind.PARTNER)
    row = Mandate(**(facts | changes))
    save_mandate(mandate=row, applications=applications, changed=[], actor=SYSTEM)
    return row


def assessment(**changes: Any) -> Assessment:
    facts = {
        "kind": AssessmentKind.LEGITIMATE_INTERESTS,
        "title": "Keeping the service secure",
        "purpose": Purpose.INFORMATION_SECURITY,
        "weighed": "An interest and a risk.",
        "outcome": "It may go on.",
        "assessed_on": date(2026, 1, 1),
        "review_due_on": date(2099, 1, 1),
    }
    row = Assessment(**(facts | changes))
    save_assessment(assessment=row, changed=[], actor=SYSTEM)
    return row


def breach(hours_ago: float = 1, **changes: Any) -> Breach:
    facts = {
        "noticed_at": timezone.now() - timedelta(hours=hours_ago),
        "what_happened": "A list was sent to the wrong office.",
        "categories": [Category.LOAN],
    }
    row = Breach(**(facts | changes))
    save_breach(breach=row, changed=[], actor=SYSTEM)
    return row


def confirmed_periods() -> RetentionEdition:
    """The default retention periods, confirmed. To be read anew afterwards (forget_known)."""
    now = timezone.now()
    edition = RetentionEdition.objects.create(
        number=1, from_day=timezone.localdate(), reason="They are right.", proposed_by="1", proposed_at=now,
        approved_by="2", approved_at=now,
        periods={name.value: asdict(Period.of(rule)) for name, rule in RULES.items()},
    )  # fmt: skip
    forget_known()
    return edition
