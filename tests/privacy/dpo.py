"""Rows of the DPO's registers for tests, and browsers of staff."""

from datetime import date, timedelta
from typing import Any

from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from applications.actors import SYSTEM
from applications.models import AgreementKind, Recipient, StaffUser
from applications.personal import Category, Purpose, RecipientKind
from applications.services.recipients import save_recipient
from lenders.management.commands.load_demo import DPO_SEES, SUPPORT_SEES
from privacy.models import Assessment, AssessmentKind, Breach
from privacy.services import save_assessment, save_breach
from tests import factories


def staff(name: str, permissions: list[str]) -> Client:
    """A browser in which a member of staff with these permissions has signed in."""
    user = StaffUser.objects.create_user(name, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    factories.sign_in_staff(client, user)
    return client


def dpo() -> Client:
    return staff("dpo", DPO_SEES)


def support() -> Client:
    return staff("support", SUPPORT_SEES)


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
