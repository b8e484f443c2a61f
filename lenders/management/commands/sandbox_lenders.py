"""Serves the sandbox lenders on this machine, for development."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from lenders.sandbox.runner import HOST, serve
from lenders.sandbox.secrets import SANDBOX_LENDERS

DEFAULT_PORT, DEFAULT_TLS_PORT = 8101, 8102


class Command(BaseCommand):
    help = "Serves lenders to develop against, each under /<slug>/, on 127.0.0.1 only."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=DEFAULT_PORT)
        parser.add_argument(
            "--tls-port",
            type=int,
            default=DEFAULT_TLS_PORT,
            help="where those listen that want to see a certificate",
        )
        parser.add_argument(
            "--speed",
            type=float,
            default=float(os.environ.get("SANDBOX_SPEED", "1")),
            help="divides the lenders' delays (default: SANDBOX_SPEED, or 1)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        secret = getattr(settings, "SANDBOX_SECRET", "")
        if not secret:
            raise CommandError(
                "SANDBOX_SECRET is not set: start `make run` first, or `make sandbox` instead."
            )
        if options["speed"] <= 0:
            raise CommandError("--speed must be more than 0")
        for over_tls, place in (
            (False, f"http://{HOST}:{options['port']}"),
            (True, f"https://{HOST}:{options['tls_port']}"),
        ):
            slugs = ", ".join(lender.slug for lender in SANDBOX_LENDERS if lender.over_tls is over_tls)
            self.stdout.write(f"Sandbox lenders at {place}/<slug>/: {slugs}")
        self.stdout.write(f"What each wants to see: http://{HOST}:{options['port']}/_credentials/<slug>")
        try:
            serve(port=options["port"], tls_port=options["tls_port"], secret=secret, speed=options["speed"])
        except OSError as error:
            raise CommandError(f"{error.strerror}; --port and --tls-port take others.") from None
