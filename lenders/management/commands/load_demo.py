"""Fill a development installation: notices, sandbox lenders, registers, staff and a DPO."""

import json
from argparse import ArgumentParser
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyotp
from django.conf import settings
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from applications.actors import SYSTEM
from applications.crypto.keyring import data_key_scope
from applications.models import StaffUser
from applications.selectors.staff import enrolled_factor
from applications.services.second_factor import begin_app, confirm_app, factor_to_enrol
from lenders.sandbox.secrets import SANDBOX_LENDERS, SandboxLender, secret_of
from lenders.services.register import register_lender

DEMO_STAFF = {
    "dpo": "demo-dpo-passphrase",
    "support": "demo-support-passphrase",
    "admin": "demo-admin-passphrase",
}
# Their second factor: an authenticator app that holds this secret. /dev/codes/ shows what it would show.
DEMO_TOTP_SECRET = "DEMODEMODEMODEMODEMODEMODEMODEMO"  # noqa: S105 - documented, refused in production
SUPPORT_SEES = [
    "view_application", "view_applicationevent", "view_submission", "view_delivery", "view_attempt",
    "view_offer", "view_lender", "retry_submission", "view_queues", "view_answers",
]  # fmt: skip
DPO_SEES = [
    *SUPPORT_SEES,
    "view_auditentry", "view_disclosure", "view_noticeversion", "view_consent", "view_restriction",
    "view_objection", "view_statisticsmonth", "view_contact", "change_contact", "view_recipient",
    "add_recipient", "change_recipient", "view_assessment", "add_assessment", "change_assessment",
    "view_breach", "add_breach", "change_breach", "view_attention", "view_record", "view_flow",
    "explain_person", "publish_notices",
]  # fmt: skip


class Command(BaseCommand):
    help = "Load the demo: notices, sandbox lenders, staff and a DPO. Refused in production."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--sandbox-url", default=settings.SANDBOX_URL, help="where the sandbox lenders listen"
        )
        parser.add_argument("--report", type=Path, help="write the demo log-ins to this file, as JSON")

    def handle(self, *args: Any, sandbox_url: str, report: Path | None, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("The demo is for development: it has passwords that everybody can read.")
        if not sandbox_url or not settings.SANDBOX_SECRET:
            raise CommandError("Give --sandbox-url and set SANDBOX_SECRET: the sandbox lenders share it.")
        call_command("publish_notices", verbosity=0)
        with data_key_scope():
            for lender in SANDBOX_LENDERS:
                _register(lender, sandbox_url.rstrip("/"))
        call_command("load_demo_registers", verbosity=0)
        with data_key_scope():
            for name, password in DEMO_STAFF.items():
                _enrol(_staff(name, password))
        if report is not None:
            logins = [
                {"role": name, "user": name, "password": password} for name, password in DEMO_STAFF.items()
            ]
            report.write_text(json.dumps({"logins": logins}, indent=2), encoding="utf-8")
        self.stdout.write("The demo is loaded.")


def _register(lender: SandboxLender, sandbox_url: str) -> None:
    register_lender(
        slug=lender.slug,
        secrets=[secret_of(settings.SANDBOX_SECRET, lender.slug)],
        actor=SYSTEM,
        recipient=_papers(timezone.localdate()),
        name=lender.name,
        adapter="join",
        base_url=f"{sandbox_url}/{lender.slug}",
        allowed_hosts=[urlsplit(sandbox_url).netloc],
        requested_fields=list(lender.requested_fields),
        minimum_amount_cents=lender.minimum_amount_cents,
        maximum_amount_cents=lender.maximum_amount_cents,
        minimum_term_months=lender.minimum_term_months,
        maximum_term_months=lender.maximum_term_months,
    )


def _papers(today: date) -> dict[str, Any]:
    """An entry in the register of recipients that is in order."""
    return {
        "country": "LV",
        "agreement_signed_on": today - timedelta(days=30),
        "assessed_on": today - timedelta(days=30),
        "review_due_on": today + timedelta(days=335),
    }


def _staff(name: str, password: str) -> StaffUser:
    user, created = StaffUser.objects.get_or_create(
        username=name, defaults={"is_staff": True, "is_superuser": name == "admin"}
    )
    if created:
        user.set_password(password)
        user.save()
    if name in {"support", "dpo"}:
        sees = SUPPORT_SEES if name == "support" else DPO_SEES
        user.user_permissions.set(Permission.objects.filter(codename__in=sees))
    return user


def _enrol(user: StaffUser) -> None:
    """Give the account the known app, confirmed by the code before the present one: that still counts."""
    if enrolled_factor(user) is not None:
        return
    factor = factor_to_enrol(user=user)
    begin_app(factor=factor, secret=DEMO_TOTP_SECRET)
    just_before = timezone.now() - timedelta(seconds=30)
    confirm_app(factor=factor, code=pyotp.TOTP(DEMO_TOTP_SECRET).at(just_before))
