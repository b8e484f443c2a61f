"""The Celery application: an engine that is woken by messages; the queue itself is rows in PostgreSQL."""

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "joinbaltic.settings")

# By its name: it asks the database, and models do not exist yet.
app = Celery("joinbaltic", task_cls="joinbaltic.unless_set_back:UnlessSetBack")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def keep_our_logging(**_: Any) -> None:
    """Celery leaves logging alone when somebody answers this signal: the settings have configured it."""
