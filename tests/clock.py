"""A clock that tests move."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from unittest import mock

from django.utils import timezone


@contextmanager
def later(**period: float) -> Iterator[None]:
    """Inside the block it is so much later, for whoever asks Django's timezone.now()."""
    ahead, now = timedelta(**period), timezone.now
    with mock.patch("django.utils.timezone.now", lambda: now() + ahead):  # noqa: PT008 - it goes on
        yield
