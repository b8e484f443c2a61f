"""manage.py record_training <work name> <course> <completed on> <valid until>: for the first officer.

Training is the DPO's to enter, and a DPO without training on record may enter nothing.
"""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from applications.actors import SYSTEM
from applications.models import StaffUser, Training
from applications.services.role_conditions import enter_training

FIELDS = ("course", "completed_on", "valid_until")


class Command(BaseCommand):
    help = "Enter training in data protection for an account; in everyday use the DPO does it in the admin."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="the account's work name")
        parser.add_argument("course")
        parser.add_argument("completed_on", type=date.fromisoformat, help="2026-01-31")
        parser.add_argument("valid_until", type=date.fromisoformat, help="2027-01-31, the last day it counts")

    def handle(self, *args: Any, name: str, **facts: Any) -> None:
        user = StaffUser.objects.filter(username=name).first()
        if user is None:
            raise CommandError("There is no such account.")
        training = Training(user=user, **{key: facts[key] for key in FIELDS})
        try:
            training.full_clean()
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        enter_training(training=training, actor=SYSTEM)
        self.stdout.write(f"Entered. It counts until {training.valid_until}.")
