"""manage.py load_demo_staff: an account for each role, trained, with a second factor. See load_demo."""

from datetime import date, timedelta
from typing import Any

import pyotp
from django.conf import settings
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from applications.actors import SYSTEM
from applications.crypto.keyring import data_key_scope
from applications.models import AgreementKind, Mandate, Profession, Recipient, StaffUser, Training
from applications.personal import RecipientKind
from applications.roles import READS_PERSONAL_DATA, Role
from applications.selectors.staff import enrolled_factor
from applications.services.recipients import save_recipient
from applications.services.role_conditions import enter_training, save_mandate
from applications.services.second_factor import begin_app, confirm_app, factor_to_enrol

DEMO_STAFF = {
    "support": Role.SUPPORT,
    "manager": Role.LENDER_MANAGER,
    "dpo": Role.DPO,
    "auditor": Role.AUDITOR,
    "admin": Role.ADMINISTRATOR,
    "partner": Role.EXTERNAL,
}
# Their second factor: an authenticator app that holds this secret. /dev/codes/ shows what it would show.
DEMO_TOTP_SECRET = "DEMODEMODEMODEMODEMODEMODEMODEMO"  # noqa: S105 - documented, refused in production


def demo_password(name: str) -> str:
    """What opens the account of this name, with the second factor."""
    return f"demo-{name}-passphrase"


class Command(BaseCommand):
    help = "Make a demo account for each role of staff. Refused in production."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("The demo is for development: it has passwords that everybody can read.")
        with data_key_scope():
            for name, role in DEMO_STAFF.items():
                user = _account(name, role)
                _enrol(user)
                _meet_conditions(user, role, timezone.localdate())
        self.stdout.write("Each role has an account.")


def _account(name: str, role: Role) -> StaffUser:
    user, created = StaffUser.objects.get_or_create(username=name, defaults={"is_staff": True})
    if created:
        user.set_password(demo_password(name))
        user.save()
    user.groups.set([Group.objects.get(name=role)])
    return user


def _enrol(user: StaffUser) -> None:
    """Give the account the known app, confirmed by the code before the present one: that still counts."""
    if enrolled_factor(user) is not None:
        return
    factor = factor_to_enrol(user=user)
    begin_app(factor=factor, secret=DEMO_TOTP_SECRET)
    just_before = timezone.now() - timedelta(seconds=30)
    confirm_app(factor=factor, code=pyotp.TOTP(DEMO_TOTP_SECRET).at(just_before))


def _meet_conditions(user: StaffUser, role: Role, today: date) -> None:
    """Training where the role reads personal data, and a mandate for the partner: over no application yet."""
    if role in READS_PERSONAL_DATA and not user.trainings.exists():
        completed, until = today - timedelta(days=30), today + timedelta(days=335)
        training = Training(user=user, course="Demo", completed_on=completed, valid_until=until)
        enter_training(training=training, actor=SYSTEM)
    if role is Role.EXTERNAL and not user.mandates.exists():
        mandate = Mandate(
            user=user, profession=Profession.LAWYER, recipient=_law_office(today), assignment="Demo",
            starts_on=today, ends_on=today + timedelta(days=335),
        )  # fmt: skip
        save_mandate(mandate=mandate, applications=[], changed=[], actor=SYSTEM)


def _law_office(today: date) -> Recipient:
    known = Recipient.objects.filter(slug="demo-law-office").first()
    if known is not None:
        return known
    office = Recipient(
        slug="demo-law-office", name="Demo law office", kind=RecipientKind.PARTNER, country="LV",
        hosting_country="LV", agreement=AgreementKind.PROCESSING,
        agreement_signed_on=today - timedelta(days=30), assessed_on=today - timedelta(days=30),
        review_due_on=today + timedelta(days=335),
    )  # fmt: skip
    save_recipient(recipient=office, changed=[], actor=SYSTEM)
    return office
