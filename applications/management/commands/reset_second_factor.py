"""manage.py reset_second_factor <work name>: for the day the only administrator has lost theirs."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from applications.actors import SYSTEM
from applications.models import StaffUser
from applications.services.second_factor import reset


class Command(BaseCommand):
    help = "Take the second factor of an account away: its next log-in sets up a new one. It is audited."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", help="the work name")

    def handle(self, *args: Any, username: str, **options: Any) -> None:
        user = StaffUser.objects.filter(username=username).first()
        if user is None:
            raise CommandError("There is no such account.")
        reset(user=user, actor=SYSTEM)
        self.stdout.write("The second factor was reset.")
