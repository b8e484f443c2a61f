"""The Celery application: an engine that is woken by messages; the queue itself is rows in PostgreSQL."""

import os
from typing import Any

from celery import Celery, Task
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "joinbaltic.settings")


class UnlessSetBack(Task):
    """Every task of ours: it does nothing for a database that was set back."""

    abstract = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        from applications.selectors import set_back  # noqa: PLC0415 - needs settings and models

        return super().__call__(*args, **kwargs) if set_back.refused() is None else None


app = Celery("joinbaltic", task_cls=UnlessSetBack)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def keep_our_logging(**_: Any) -> None:
    """Celery leaves logging alone when somebody answers this signal: the settings have configured it."""
