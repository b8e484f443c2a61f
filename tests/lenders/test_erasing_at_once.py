"""Whoever writes about a person waits for an erasure under way: it comes whole before that, or after."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connections, transaction

from applications.crypto.keyring import data_key_scope
from applications.models import Application, DataSubject, Disclosure
from applications.services.locking import lock_subject
from lenders.adapters.base import ErrorCode, LenderError
from lenders.models import Attempt, Delivery
from lenders.services import deliveries
from lenders.services.claims import Claim
from tests.lenders import scene

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.django_db(databases=scene.DATABASES, transaction=True),
    pytest.mark.usefixtures("lenders"),
]


@pytest.fixture
def application() -> Application:
    return scene.sent("atra")


@contextmanager
def erasing(subject: DataSubject, work: Callable[[], Any]) -> Iterator[Future[Any]]:
    """Erase somebody beside `work`: it comes as far as it can before the block, and ends after it."""

    def run() -> Any:
        try:
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            lock_subject(subject.pk)
            working = threads.submit(run)
            scene.until(lambda: working.done() or scene.somebody_waits_for_us())
            yield working
            scene.erase(subject)
        working.result(30)


def begin(claims: Sequence[Claim]) -> list[deliveries.Prepared]:
    with data_key_scope():
        return deliveries.begin(claims)


def test_nothing_is_begun_for_somebody_who_is_being_erased(application):
    claims = scene.claim(application)
    with erasing(application.subject, lambda: begin(claims)) as beginning:
        assert not beginning.done()
    assert beginning.result() == []
    assert not Attempt.objects.exists()
    assert not Disclosure.objects.exists()


def test_outcome_about_somebody_who_is_being_erased_waits(application):
    (prepared,) = scene.begun(application).values()
    away = LenderError(ErrorCode.UNAVAILABLE, permanent=False)
    with erasing(application.subject, lambda: scene.finish(prepared, away)) as finishing:
        assert not finishing.done()
        assert Attempt.objects.get().finished_at is None
    assert Attempt.objects.get().outcome == "unavailable"


def test_delivery_of_somebody_who_is_being_erased_is_set_aside_only_after_it(application):
    Delivery.objects.update(fence=deliveries.CLAIM_CAP)
    claims = scene.claim(application)
    with erasing(application.subject, lambda: begin(claims)):
        assert Delivery.objects.get().status == "due"
    assert Delivery.objects.get().status == "quarantined"
