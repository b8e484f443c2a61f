"""Master keys that are due stand among what waits for the DPO, and erasures that are not final in time."""

from datetime import datetime, time, timedelta
from unittest import mock

import pytest
from django.conf import settings
from django.db import OperationalError
from django.test import override_settings
from django.utils import timezone, translation

from applications.actors import SYSTEM
from applications.crypto import keyring
from applications.crypto.models import RingKey
from applications.formats import date_text
from applications.services import keys
from privacy import key_attention
from privacy.models import Erasure, Right
from tests import factories
from tests.clock import later
from tests.privacy import rights
from tests.privacy.test_erasure import module_of

pytestmark = pytest.mark.django_db(databases=["default", "keys", "aside"])


@pytest.fixture(autouse=True)
def _english() -> None:
    translation.activate("en")


def sentences() -> list[str]:
    return [flag.sentence for flag in key_attention.due_master_keys(timezone.now())]


def day(days: int) -> str:
    return date_text(timezone.localdate() + timedelta(days=days))


def a_day_begins(days_ago: int) -> None:
    since = datetime.combine(timezone.localdate() - timedelta(days=days_ago), time(12))
    RingKey.objects.update(since=timezone.make_aware(since))


def test_nothing_is_due_of_a_young_key() -> None:
    keys.rotate(actor=SYSTEM)
    assert sentences() == []


@pytest.mark.parametrize(
    ("age", "words"), [(75, ""), (76, "another one has to take its place now"), (91, "can still")]
)
def test_a_key_waits_from_the_day_on_which_it_is_to_be_replaced(age: int, words: str) -> None:
    keys.rotate(actor=SYSTEM)
    a_day_begins(age)
    found = sentences()
    assert len(found) == bool(words)
    assert all(words in one and day(90 - age) in one for one in found)


def test_a_key_that_was_replaced_waits_until_it_is_gone() -> None:
    old, both = settings.MASTER_KEYS, settings.MASTER_KEYS | {"fresh": bytes(range(32))}
    keys.rotate(actor=SYSTEM)
    a_day_begins(80)
    with override_settings(MASTER_KEYS=both):
        keys.rotate(actor=SYSTEM)
        [name] = old
        assert sentences() == [f"{name}: it has to be destroyed by {day(10)}."]
        keys.retire_epoch(epoch=name, actor=SYSTEM)
        assert len(sentences()) == 1
    with override_settings(MASTER_KEYS={"fresh": bytes(range(32))}):
        assert sentences() == []


def test_an_erasure_that_is_not_final_on_its_day_waits() -> None:
    with later(days=28):
        rights.run(rights.approved(factories.subject()))
    Erasure.objects.update(final_by=timezone.localdate() - timedelta(days=1))
    assert sentences() == ["1 erasure is not final, although the day is over that its certificate names."]
    with override_settings(MASTER_KEYS={"fresh": bytes(range(32))}):
        assert sentences() == []


def test_an_erasure_is_not_final_while_an_older_epoch_opens() -> None:
    old, fresh = settings.MASTER_KEYS, {"fresh": bytes(range(32))}
    person = factories.subject()
    with override_settings(MASTER_KEYS=old | fresh):
        keys.rotate(actor=SYSTEM)
        with later(days=28):
            request = rights.run(rights.approved(person))
        assert request.erasure.key_epoch == "fresh"
    for ring, is_final in ((old | {"next": bytes(32)}, False), ({"next": bytes(32)}, True)):
        with override_settings(MASTER_KEYS=ring):
            [certificate, *_rest] = module_of(Right.ERASURE).prove(request)
            assert ("cannot be opened any more" in str(certificate.lines)) is is_final


def test_a_rotation_just_before_the_key_is_destroyed_is_in_the_certificate() -> None:
    person = factories.subject()
    both = settings.MASTER_KEYS | {"fresh": bytes(range(32))}
    real = keyring.destroy_key

    def rotated_first(owner_id: object) -> bool:
        keys.rotate(actor=SYSTEM)
        return real(owner_id)

    moved = mock.patch.object(keyring, "destroy_key", rotated_first)
    with override_settings(MASTER_KEYS=both), moved, later(days=28):
        request = rights.run(rights.approved(person))
    assert request.erasure.key_epoch == "fresh"


def test_the_page_opens_without_the_database_of_keys() -> None:
    with mock.patch.object(key_attention, "epochs", side_effect=OperationalError):
        assert sentences() == ["The database of keys cannot be reached at the moment."]
