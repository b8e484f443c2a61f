"""Scenes of what ends on time: people, applications, and a run on a later day."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from unittest import mock
from uuid import UUID

from django.db.models import DateTimeField, F, Model
from django.utils import timezone

from applications.actors import SYSTEM, Actor
from applications.crypto.keyring import data_key_scope
from applications.endings import At, Ending, endings
from applications.models import Application, ConsumerSession, DataSubject, RetentionRun
from applications.selectors.periods import forget_known, in_force
from applications.services import holds, retention
from applications.services.closing import end_application
from applications.states import ApplicationStatus
from tests import factories
from tests.clock import later
from tests.lenders import scene

S = ApplicationStatus


def today() -> date:
    return timezone.localdate()


def at(*, days: int = 0) -> At:
    return At(today() + timedelta(days=days), in_force().rules)


def ending(name: str) -> Ending:
    return next(one for one in endings() if one.name == name)


def due(name: str, *, days: int = 0) -> set[UUID]:
    """What a declaration would take so many days from now."""
    return set(ending(name).due(at(days=days)).values_list("pk", flat=True))


def run(*, days: int = 0) -> RetentionRun:
    """The run of a later day."""
    with later(days=days):
        forget_known()
        try:
            return retention.run()
        finally:
            forget_known()


def counts(receipt: RetentionRun, name: str) -> int:
    """How many rows went by one declaration."""
    return sum(receipt.counts.get(name, {}).values())


def age(row: Model, days: int) -> None:
    """Put every moment of a row back by so many days."""
    moments = [one.attname for one in row._meta.concrete_fields if isinstance(one, DateTimeField)]
    changed = {name: F(name) - timedelta(days=days) for name in moments}
    type(row)._default_manager.filter(pk=row.pk).update(**changed)


def ended(application: Application, *, signed: bool = False, days_ago: int = 0) -> Application:
    """The application came to its end so long ago."""
    with data_key_scope():
        if signed:
            Application.objects.filter(pk=application.pk).update(status=S.CHOSEN)
        end_application(application=application, to=S.CONTRACTED if signed else S.CLOSED, actor=SYSTEM)
    found = Application.objects.select_related("subject").get(pk=application.pk)
    age(found, days_ago)
    age(found.contract, days_ago)
    age(found.subject, days_ago)
    return found


def old(*slugs: str, signed: bool = False, days_ago: int = 200) -> Application:
    """Somebody's application that was received, and ended so long ago; nobody is signed in."""
    application = scene.sent(*slugs)
    scene.taken_by_all(application)
    found = ended(application, signed=signed, days_ago=days_ago)
    for session in ConsumerSession.objects.filter(subject=found.subject_id):
        age(session, days_ago)
    return found


def unused_account() -> DataSubject:
    """An account without a contract that nobody has used for long."""
    subject = factories.subject()
    for session in ConsumerSession.objects.filter(subject=subject):
        age(session, 300)
    age(subject, 300)
    return subject


def told(application: Application) -> None:
    """Every lender that is asked to delete says that it has."""
    for slug, prepared in scene.begun(application).items():
        submission = scene.submission_at(application, slug)
        scene.finish(prepared, scene.signed_reply(submission, scene.statement(submission, "deleted")))


@contextmanager
def held(
    subject_id: UUID, *, application_id: UUID | None = None, until: date | None = None
) -> Iterator[None]:
    """Inside the block a hold stands."""
    officer = Actor.staff(1)
    hold = holds.place(
        subject_id=subject_id, application_id=application_id, ground="claim", case_number="C-1/2026",
        until=until, actor=officer,
    )  # fmt: skip
    yield
    holds.lift(hold_id=hold.pk, actor=officer)


@contextmanager
def chunks_of(number: int) -> Iterator[None]:
    with mock.patch.object(retention, "CHUNK", number):
        yield
