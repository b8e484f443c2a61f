"""Contacts are data: what stands in the register stands on every page."""

from unittest import mock

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import DatabaseError
from django.test import Client
from django.urls import reverse

from applications.contacts import FIRST_CONTACTS
from applications.models import Contact, ContactRole
from applications.selectors.contacts import contact

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_is_remembered() -> None:
    cache.clear()


def test_register_begins_with_every_contact() -> None:
    assert set(Contact.objects.values_list("role", flat=True)) == set(ContactRole.values)


def test_contact_that_looks_out_of_date_is_flagged_from_the_start() -> None:
    assert Contact.objects.exclude(doubt="").values_list("role", flat=True).get() == ContactRole.AUTHORITY


def test_changed_contact_stands_on_every_page(client: Client) -> None:
    Contact.objects.filter(role=ContactRole.AUTHORITY).update(address="Jaunā iela 1, Rīga")
    assert "Jaunā iela 1, Rīga" in client.get(reverse("applications:home")).text


def test_reading_contacts_again_asks_nobody(django_assert_num_queries: object) -> None:
    contact(ContactRole.CONTROLLER)
    with django_assert_num_queries(0):  # type: ignore[operator]
        contact(ContactRole.AUTHORITY)


def test_contacts_are_known_while_the_database_is_away() -> None:
    with mock.patch.object(Contact.objects, "all", side_effect=DatabaseError):
        assert contact(ContactRole.CONTROLLER).email == FIRST_CONTACTS[ContactRole.CONTROLLER]["email"]


def test_contacts_are_read_again_once_the_database_is_back() -> None:
    Contact.objects.filter(role=ContactRole.CONTROLLER).update(phone="+371 67000000")
    with mock.patch.object(Contact.objects, "all", side_effect=DatabaseError):
        assert contact(ContactRole.CONTROLLER).phone == ""
    assert contact(ContactRole.CONTROLLER).phone == "+371 67000000"


def test_migrating_again_leaves_what_was_changed() -> None:
    Contact.objects.filter(role=ContactRole.AUTHORITY).update(address="Jaunā iela 1, Rīga", doubt="")
    call_command("migrate", verbosity=0)
    assert Contact.objects.get(role=ContactRole.AUTHORITY).address == "Jaunā iela 1, Rīga"
