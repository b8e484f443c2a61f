"""manage.py load_demo_registers: entries for the DPO's registers that say they are a demo. See load_demo."""

from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from applications.actors import SYSTEM
from applications.models import AgreementKind, Recipient
from applications.personal import Purpose, RecipientKind
from applications.services.recipients import save_recipient
from privacy.models import Assessment, AssessmentKind
from privacy.services.registers import save_assessment

PROCESSORS = {"demo-hosting": ("Demo hosting", "LV"), "demo-mail": ("Demo mail", "EE")}
ASSESSMENTS: tuple[dict[str, Any], ...] = (
    {
        "kind": AssessmentKind.LEGITIMATE_INTERESTS,
        "title": "Demo: keeping the service secure",
        "purpose": Purpose.INFORMATION_SECURITY,
        "weighed": "An example. A real assessment names the interest, the risks and what lessens them.",
        "outcome": "An example of an outcome.",
    },
    {
        "kind": AssessmentKind.IMPACT,
        "title": "Demo: one application for several lenders",
        "purpose": Purpose.PASS_TO_LENDERS,
        "weighed": "An example. A real assessment describes the processing, its risks and the measures.",
        "outcome": "An example of an outcome.",
    },
)


class Command(BaseCommand):
    help = "Enter demo processors and demo assessments. Refused in production."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("The demo is for development.")
        today = timezone.localdate()
        for slug, (name, country) in PROCESSORS.items():
            _enter_processor(slug, name, country, today)
        for facts in ASSESSMENTS:
            _enter_assessment(facts, today)
        self.stdout.write("The registers hold the demo.")


def _enter_processor(slug: str, name: str, country: str, today: date) -> None:
    if Recipient.objects.filter(slug=slug).exists():
        return
    recipient = Recipient(
        slug=slug,
        name=name,
        kind=RecipientKind.PROCESSOR,
        country=country,
        hosting_country=country,
        agreement=AgreementKind.PROCESSING,
        agreement_signed_on=today - timedelta(days=30),
        assessed_on=today - timedelta(days=30),
        review_due_on=today + timedelta(days=335),
    )
    save_recipient(recipient=recipient, changed=[], actor=SYSTEM)


def _enter_assessment(facts: dict[str, Any], today: date) -> None:
    if Assessment.objects.filter(title=facts["title"]).exists():
        return
    assessment = Assessment(
        **facts, assessed_on=today - timedelta(days=30), review_due_on=today + timedelta(days=335)
    )
    save_assessment(assessment=assessment, changed=[], actor=SYSTEM)
