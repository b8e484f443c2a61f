"""What must hold of everything of a kind, so that the next one cannot be forgotten."""

import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from celery import current_app
from django.apps import apps
from django.conf import settings
from django.db import models
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils.functional import Promise

from applications.crypto.fields import BlindIndex, EncryptedField, encrypted_fields
from applications.declarations import personal_fields
from applications.flow import STEPS, fields_of
from applications.form_fields import EMAIL_LABEL, FORM_FIELDS, label_text
from applications.models import FORM_MODELS, OwnedBySubject
from applications.personal import Category, Personal
from applications.services.operations import DAILY_JOBS
from applications.subject_data import is_a_copy, outlives_its_subject
from applications.sweeper import sweeper
from tests.applications.pages import Walk

FLOORS = ("applications", "lenders", "privacy")
MODELS = [model for floor in FLOORS for model in apps.get_app_config(floor).get_models()]
ENCRYPTED = [field for model in MODELS for field in encrypted_fields(model)]
# What is encrypted and is not about a person.
SECRETS = {"lender.secrets", "second_factor.totp_secret", "statistics.secret"}


# --- personal data ------------------------------------------------------------------------------------
@pytest.mark.parametrize("field", ENCRYPTED, ids=lambda field: field.label)
def test_every_encrypted_field_is_marked_as_personal_data(field: EncryptedField) -> None:
    if field.label in SECRETS:
        assert field.personal is None
    else:
        assert isinstance(field.personal, Personal)


def test_no_two_encrypted_fields_share_a_label() -> None:
    labels = [field.label for field in ENCRYPTED]
    assert len(labels) == len(set(labels))


def test_every_blind_index_has_a_column_of_its_own() -> None:
    columns = [
        field.indexed_column
        for model in MODELS
        for field in model._meta.fields
        if isinstance(field, BlindIndex)
    ]
    assert columns
    assert len(columns) == len(set(columns))


def test_every_question_has_a_place_and_every_place_a_question() -> None:
    assert {name for step in STEPS for name in fields_of(step)} == set(FORM_FIELDS)


@pytest.mark.parametrize("label", [EMAIL_LABEL, *(field.label for field in FORM_FIELDS.values())])
def test_every_answer_has_words_for_people(label: str) -> None:
    assert label_text(label)
    assert label_text(label) != label


@pytest.mark.parametrize("model", FORM_MODELS, ids=lambda model: model.__name__)
def test_every_answer_is_encrypted(model: type[models.Model]) -> None:
    housekeeping = {"id", "subject", "application", "saved_at"}
    plain = {
        field.name
        for field in model._meta.concrete_fields
        if not isinstance(field, EncryptedField | BlindIndex)
    }
    assert plain == housekeeping


def test_mark_of_every_field_is_of_the_vocabulary() -> None:
    for model in MODELS:
        for field in model._meta.concrete_fields:
            mark = getattr(field, "personal", None)
            assert mark is None or mark.category in Category, field


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_personal_field_has_a_name_that_its_person_can_read(model: type[models.Model]) -> None:
    """A copy of one's data calls each value by it, in the person's language."""
    for one in personal_fields(model):
        if not isinstance(one.field, BlindIndex) and not is_a_copy(model):
            assert isinstance(one.field.verbose_name, Promise), one


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_rows_of_a_person_go_with_the_person(model: type[models.Model]) -> None:
    """A model that points at a data subject is owned by it: same key, same end; or it outlives the person as
    proof, and points at the tombstone."""
    points = [
        field
        for field in model._meta.concrete_fields
        if isinstance(field, models.ForeignKey) and field.related_model.__name__ == "DataSubject"
    ]
    for field in points:
        proof = outlives_its_subject(model)
        assert proof or issubclass(model, OwnedBySubject)
        assert field.remote_field.on_delete is (models.PROTECT if proof else models.CASCADE)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_row_is_called_by_an_identifier(model: type[models.Model]) -> None:
    """Django's admin log keeps what str() gives: it is built without reading an encrypted field."""
    source = inspect.getsource(model.__str__)
    names = {field.name for field in encrypted_fields(model)}
    assert not [name for name in names if re.search(rf"self\.{name}\b", source)]


# --- tasks --------------------------------------------------------------------------------------------
def test_tasks_of_both_floors_are_registered() -> None:
    current_app.loader.import_default_modules()
    assert {name.split(".")[0] for name in current_app.tasks} >= {"applications", "lenders"}


def test_every_task_has_the_queue_that_workers_listen_to() -> None:
    current_app.loader.import_default_modules()
    for name in (name for name in current_app.tasks if name.split(".")[0] in FLOORS):
        route = current_app.amqp.router.route({}, name)
        assert route["queue"].name == settings.CELERY_TASK_DEFAULT_QUEUE, name


def test_every_task_takes_identifiers_or_nothing() -> None:
    current_app.loader.import_default_modules()
    for name, task in current_app.tasks.items():
        if name.split(".")[0] in FLOORS:
            parameters = inspect.signature(task.run).parameters
            assert [p for p in parameters if not re.fullmatch(r"[a-z]+_ids?", p)] == [], name


def test_what_beat_starts_exists() -> None:
    current_app.loader.import_default_modules()
    assert {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} <= set(current_app.tasks)


def test_nothing_depends_on_a_message() -> None:
    """What a task does when it is woken, a sweep finds by itself."""
    assert {"heartbeat", "mail", "daily", "deliveries", "clocks", "requests", "mailbox", "transfers"} <= {
        sweep.name for sweep in sweeper.sweeps
    }
    assert DAILY_JOBS


# --- pages --------------------------------------------------------------------------------------------
def patterns(found: Any = None, namespace: str = "") -> Iterator[tuple[str, URLPattern]]:
    for one in (found or get_resolver()).url_patterns:
        if isinstance(one, URLResolver):
            yield from patterns(one, one.namespace or namespace)
        elif namespace in {"applications", "lenders", "notices", "my_data", "letters"}:
            yield f"{namespace}:{one.name}", one


@pytest.mark.django_db(databases=["default", "keys", "aside"])
def test_every_page_is_on_the_walk_that_other_tests_take(client: Client) -> None:
    """Headers, caches, canaries: what they look at is what the walk visits."""
    visited = {page.name.split()[1] for page in Walk(client).all()}
    elsewhere = {"lenders:events", "applications:begin"}
    elsewhere |= {"notices:current", "notices:version", "notices:compare"}
    elsewhere |= {"letters:letter"}  # tests/privacy/test_letter_sending.py
    assert {name for name, _ in patterns()} == visited | elsewhere


PUBLIC = {"applications:home", "applications:start", "applications:code", "applications:sign_out"}


@pytest.mark.django_db(databases=["default", "keys", "aside"])
@pytest.mark.parametrize(
    "name", sorted({name for name, _ in patterns() if not name.startswith("notices")} - PUBLIC)
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_every_other_page_turns_visitors_away(client: Client, name: str, method: str) -> None:
    identifier = "6f2d3c1e-0000-4000-8000-000000000000"
    arguments = {
        "slug": "name",
        "ending": "zip",
        "name": "picture.png",
        "token": "token",
        "about": "improve_service",
    }
    ids = (
        "application_id",
        "offer_id",
        "submission_id",
        "consent_id",
        "request_id",
        "arrival_id",
        "restriction_id",
    )
    arguments |= dict.fromkeys(ids, identifier)
    pattern = dict(patterns())[name]
    kwargs = {key: arguments[key] for key in pattern.pattern.regex.groupindex}
    response = getattr(client, method)(reverse(name, kwargs=kwargs))
    turned_away = response.status_code in {403, 404, 405, 501} or (
        response.status_code == 302 and response["Location"].startswith(reverse("applications:start"))
    )
    assert turned_away, response.status_code


# --- readers of people -----------------------------------------------------------------------------------
# Why a reader takes no purpose.
WITHOUT_PURPOSE = {
    "applications.selectors.accounts.live_challenge": "whose code it is, nobody knows yet",
    "applications.selectors.accounts.live_session": "who is knocking; pages ask with their purpose",
    "applications.selectors.people.own_version": "a number for open pages",
    "applications.selectors.security_signals.counted_apart": "of the index keys, and of nobody",
    "lenders.selectors.more_page.asked_for": "of a submission that was read already",
    "lenders.selectors.more_page.can_be_answered": "of a submission that was read already",
    "lenders.selectors.more_page.may_be_passed": "of a label, and of nobody",
    "lenders.selectors.offers_page.apr_differs": "of an offer that was read already",
    "lenders.selectors.offers_page.number_to_choose_from": "a count",
    "lenders.selectors.offers_page.offer_view": "of an offer that was read already",
    "lenders.selectors.offers_page.waiting_submissions": "a count",
    "lenders.selectors.send_page.wanted": "of a draft that was read already",
    "lenders.selectors.send_page.candidates": "of a draft that was read already",
    "lenders.selectors.send_page.labels_sent": "of a draft that was read already",
}
READERS = [
    function
    for name in ("accounts", "masked", "people", "security_signals")
    for _, function in inspect.getmembers(import_module(f"applications.selectors.{name}"), inspect.isfunction)
    if function.__module__ == f"applications.selectors.{name}" and not function.__name__.startswith("_")
] + [
    function
    for name in ("more_page", "offers_page", "send_page")
    for _, function in inspect.getmembers(import_module(f"lenders.selectors.{name}"), inspect.isfunction)
    if function.__module__ == f"lenders.selectors.{name}" and not function.__name__.startswith("_")
]


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.__name__)
def test_reader_of_people_says_what_for(reader: Any) -> None:
    name = f"{reader.__module__}.{reader.__name__}"
    parameter = inspect.signature(reader).parameters.get("purpose")
    if name in WITHOUT_PURPOSE:
        assert parameter is None
    else:
        assert parameter is not None
        assert parameter.kind is inspect.Parameter.KEYWORD_ONLY
        assert parameter.default is inspect.Parameter.empty


def test_readers_that_take_no_purpose_are_there() -> None:
    names = {f"{reader.__module__}.{reader.__name__}" for reader in READERS}
    assert WITHOUT_PURPOSE.keys() <= names
