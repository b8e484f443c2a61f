"""A person with a data key, and a dossier about them."""

from collections.abc import Callable, Iterator
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from applications.crypto.signals import decryption_failed

if TYPE_CHECKING:
    from tests.applications.crypto.vault.models import Dossier, Person


@pytest.fixture
def people(db: None) -> ModuleType:
    # pytest may read this file before Django is set up, when models cannot be imported yet.
    return import_module("tests.applications.crypto.people")


@pytest.fixture
def person(people: ModuleType) -> "Person":
    return people.make_person()


@pytest.fixture
def write(people: ModuleType, person: "Person") -> "Callable[..., Dossier]":
    """Save a dossier of the person with every field filled in, or as given."""
    return lambda **values: people.make_dossier(**({"person": person} | values))


@pytest.fixture
def dossier(people: ModuleType, write: "Callable[..., Dossier]") -> "Dossier":
    """A dossier of the person, of which nothing was read yet."""
    return people.as_stored(write())


@pytest.fixture
def failures() -> Iterator[list[dict[str, Any]]]:
    """The failed decryptions that were announced."""
    heard: list[dict[str, Any]] = []

    def hear(**news: Any) -> None:
        heard.append({name: news[name] for name in ("label", "row_id", "owner_id", "code")})

    decryption_failed.connect(hear)
    yield heard
    decryption_failed.disconnect(hear)
