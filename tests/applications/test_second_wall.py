"""PostgreSQL itself hides the rows of restricted people from the role in which the product works."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, OperationalError, connection, connections, transaction
from django.utils import timezone

from applications.actors import SYSTEM, Actor
from applications.crypto.fields import encrypted_fields
from applications.crypto.keyring import data_key_scope
from applications.data_policy import WHILE_RESTRICTED
from applications.models import (
    Application,
    DataSubject,
    Identification,
    OwnedBySubject,
    Restriction,
    RestrictionGround,
    SupplementaryStatement,
)
from applications.personal import Purpose
from applications.row_security import STORAGE, close_again, opened, storing
from applications.services.housekeeping import KEY_OWNERS
from applications.services.processing import lift_restriction, restrict
from lenders.models import Delivery, Offer, Submission
from lenders.selectors.queues import claimable
from lenders.services.ingest import expire_offers
from tests import factories, role
from tests.lenders import scene

pytestmark = pytest.mark.django_db(databases=["default", "keys", "aside"])
WALLED = sorted(
    model._meta.db_table
    for model in apps.get_models()
    if issubclass(model, OwnedBySubject) and any(encrypted_fields(model))
)


@pytest.fixture
def two(lenders: Any) -> tuple[Application, Application]:
    """A restricted person's application, and somebody else's; each with a statement."""
    hidden, other = scene.sent("atra"), scene.sent("atra")
    with data_key_scope():
        for one in (hidden, other):
            SupplementaryStatement.objects.create(
                subject=one.subject, application=one, text="A statement.", made_at=timezone.now()
            )
            scene.open_offer(one, "atra")
    restrict(subject_id=hidden.subject_id, ground=RestrictionGround.ACCURACY, actor=SYSTEM)
    return hidden, other


@pytest.fixture
def lenders() -> Iterator[None]:
    with data_key_scope():
        scene.register("https://lenders.example", "atra")
        yield


def rows(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall() if cursor.description else [(cursor.rowcount,)]


# --- where it stands ---
def test_every_table_of_what_people_said_or_is_said_of_them_has_the_policy():
    assert len(WALLED) > 20
    found = rows(
        "SELECT c.relname FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid WHERE p.polname = %s "
        "AND c.relrowsecurity AND c.relforcerowsecurity ORDER BY 1",
        "restricted_data_are_stored_only",
    )
    assert sorted(name for (name,) in found) == WALLED


def test_no_table_behind_it_owns_keys():
    """The sweep would take the keys of what it does not see for orphans."""
    assert not {model._meta.db_table for model in KEY_OWNERS} & {*WALLED}


def test_policies_are_alike():
    found = rows(
        "SELECT c.relname, pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid), "
        "polcmd::text, polroles::text FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid"
    )
    assert len({(using.replace(name, ""), *rest) for name, using, *rest in found}) == 1


def test_wall_opens_for_what_a_restriction_leaves_lawful_and_for_nothing_else():
    for word in [*Purpose, STORAGE, ""]:
        rows("SELECT set_config('joinbaltic.purpose', %s, true)", word)
        [(is_open,)] = rows("SELECT wall_is_open()")
        assert is_open == (word in {*WHILE_RESTRICTED, STORAGE})


def test_product_works_in_a_role_that_row_security_binds():
    [found] = rows("SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
    assert found == (role.ROLE, False, False)
    [(owns,)] = rows("SELECT count(*) FROM pg_tables WHERE tableowner = current_user")
    assert owns == 0


# --- what is hidden ---
def test_forgotten_query_finds_everybody_else(two):
    _hidden, other = two
    for model in (Identification, SupplementaryStatement, Submission, Offer):
        assert {row.subject_id for row in model.objects.all()} == {other.subject_id}
        assert model.objects.count() == 1


def test_cursor_and_join_find_everybody_else(two):
    _hidden, other = two
    assert rows("SELECT subject_id FROM applications_supplementarystatement") == [(other.subject_id,)]
    joined = rows(
        "SELECT d.id FROM applications_datasubject d "
        "JOIN applications_supplementarystatement s ON s.subject_id = d.id"
    )
    assert joined == [(other.subject_id,)]
    assert {row.subject_id for row in Delivery.objects.filter(submission__lender__slug="atra")} == {
        other.subject_id
    }


def test_update_and_delete_change_everybody_else(two):
    hidden, _other = two
    assert rows("UPDATE applications_supplementarystatement SET made_at = now()") == [(1,)]
    assert SupplementaryStatement.objects.filter(subject=hidden.subject_id).delete()[0] == 0
    assert rows("DELETE FROM applications_supplementarystatement") == [(1,)]
    with storing():
        assert [row.subject_id for row in SupplementaryStatement.objects.all()] == [hidden.subject_id]


def test_row_cannot_be_reached_by_its_key_or_locked(two):
    hidden, _other = two
    with storing():
        known = SupplementaryStatement.objects.get(subject=hidden.subject_id)
    assert not SupplementaryStatement.objects.filter(pk=known.pk).select_for_update().exists()
    with pytest.raises(SupplementaryStatement.DoesNotExist):
        known.refresh_from_db()


def test_what_is_new_is_stored(two):
    hidden, _other = two
    with data_key_scope():
        SupplementaryStatement.objects.create(
            subject=hidden.subject, application=hidden, text="Another.", made_at=timezone.now()
        )
    assert SupplementaryStatement.objects.count() == 1
    with storing():
        assert SupplementaryStatement.objects.count() == 3


def test_lifting_shows_it_again(two):
    hidden, _other = two
    lift_restriction(restriction_id=Restriction.objects.get(subject=hidden.subject_id).pk, actor=SYSTEM)
    assert SupplementaryStatement.objects.count() == 2


def test_workers_claims_and_sweeps_find_nothing(two):
    hidden, _other = two
    assert not claimable(timezone.now()).filter(subject=hidden.subject_id).exists()
    with storing():
        Offer.objects.update(valid_until=timezone.now() - timedelta(days=1))
    assert expire_offers() == 1
    with storing():
        assert Offer.objects.get(subject=hidden.subject_id).status == "open"


# --- what opens it ---
def test_opened_for_one_person_nobody_else_is_seen():
    with data_key_scope():
        first, second = factories.subject(), factories.subject()
    for one in (first, second):
        with data_key_scope():
            stated(one)
        restrict(subject_id=one.pk, ground=RestrictionGround.CLAIMS, actor=Actor.consumer(one.pk))
    assert not SupplementaryStatement.objects.exists()
    with opened(Purpose.DATA_SUBJECT_RIGHTS, person=first.pk):
        assert [row.subject_id for row in SupplementaryStatement.objects.all()] == [first.pk]
    with opened(Purpose.LEGAL_CLAIMS):
        assert SupplementaryStatement.objects.count() == 2
    assert not SupplementaryStatement.objects.exists()


def stated(subject: DataSubject) -> None:
    application = Application.objects.create(subject=subject, reference=f"P-{subject.pk.hex[:8]}")
    SupplementaryStatement.objects.create(
        subject=subject, application=application, text="A statement.", made_at=timezone.now()
    )


@pytest.mark.parametrize("purpose", [one for one in Purpose if one not in WHILE_RESTRICTED])
def test_other_purposes_open_nothing(purpose):
    with opened(purpose):
        assert rows("SELECT wall_is_open(), wall_is_open_for()") == [(False, None)]


@pytest.mark.parametrize("around", [partial(opened, Purpose.LEGAL_CLAIMS), storing])
def test_other_purposes_find_nothing_although_it_is_open_around_them(two, around):
    _hidden, other = two
    with around():
        with opened(Purpose.SERVE_CUSTOMERS):
            assert [row.subject_id for row in SupplementaryStatement.objects.all()] == [other.subject_id]
        assert SupplementaryStatement.objects.count() == 2


def test_inner_words_end_with_their_block():
    with opened(Purpose.LEGAL_CLAIMS):
        with storing():
            assert said() == STORAGE
        assert said() == Purpose.LEGAL_CLAIMS
    assert said() == ""


def said() -> str:
    return str(rows("SELECT coalesce(current_setting('joinbaltic.purpose', true), '')")[0][0])


def test_failed_statement_leaves_it_closed():
    with pytest.raises(IntegrityError), transaction.atomic(), opened(Purpose.LEGAL_CLAIMS):
        rows("INSERT INTO applications_restriction (id) VALUES (NULL)")
    assert said() == ""
    with opened(Purpose.LEGAL_CLAIMS):
        assert said() == Purpose.LEGAL_CLAIMS
    assert said() == ""


def test_failed_statement_in_a_block_within_leaves_it_open_there():
    with opened(Purpose.LEGAL_CLAIMS):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows("INSERT INTO applications_restriction (id) VALUES (NULL)")
        assert said() == Purpose.LEGAL_CLAIMS
    assert said() == ""


def test_connection_that_is_handed_back_has_said_nothing():
    with opened(Purpose.LEGAL_CLAIMS):
        close_again(connection.connection)
        assert said() == ""


@pytest.mark.django_db(databases=["default", "keys", "aside"], transaction=True)
def test_connection_that_is_lost_within_is_an_error_of_the_database():
    [(number,)] = rows("SELECT pg_backend_pid()")
    with pytest.raises(OperationalError), opened(Purpose.LEGAL_CLAIMS):
        end_connection(number)
    connection.close()
    assert said() == ""


def end_connection(number: int) -> None:
    with role.superuser("keys"), connections["keys"].cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [number])


def test_other_connections_stay_closed():
    heard: list[Any] = []

    def ask() -> None:
        try:
            heard.extend(rows("SELECT wall_is_open()"))
        finally:
            connections.close_all()

    with opened(Purpose.LEGAL_CLAIMS):
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
    assert heard == [(False,)]
