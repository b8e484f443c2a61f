"""What is taken out for an authority: what was approved of the cases that were named, and nothing else."""

import json
import zipfile
from io import BytesIO

import pytest
from django.apps import apps

from applications.crypto.keyring import data_key_scope
from applications.data_policy import recipients_of, uses_of
from applications.declarations import declared_fields
from applications.models import Application, DataSubject
from applications.personal import Category, Purpose, RecipientKind
from privacy.admin.disclosure_forms import AssessForm
from privacy.datamap import entries
from privacy.disclosure_package import Scope, as_zip, grantable, held_of, path_to_application
from privacy.disclosure_texts import label_name, preview
from privacy.models import DisclosureRequest
from tests import factories
from tests.lenders import scene
from tests.planted import plant
from tests.privacy import disclosures

pytestmark = pytest.mark.django_db(databases=["default", "keys", "aside"])
EVERYTHING = tuple(Category)


@data_key_scope()
def package(request: DisclosureRequest) -> tuple[dict, str]:
    """The document, and everything in the file as text."""
    files = zipfile.ZipFile(BytesIO(as_zip(request, held_of(request))))
    texts = [files.read(name).decode("utf-8", "replace") for name in files.namelist()]
    return json.loads(files.read("data.json")), " ".join([*files.namelist(), *texts])


def labels(document: dict) -> set[str]:
    return {value["label"] for case in document["cases"] for row in case["held"] for value in row["values"]}


@pytest.fixture
def anna() -> DataSubject:
    return plant("zqxqzanna")


def application_of(subject: DataSubject) -> Application:
    return Application.objects.get(subject=subject)


@pytest.mark.parametrize("category", [one for one in Category if one in grantable(RecipientKind.AUTHORITY)])
def test_nothing_outside_the_approved_category_goes(anna, category):
    request = disclosures.asked(anna, application_of(anna), written="words")
    disclosures.name(request, anna)
    document, _text = package(disclosures.assessed(request, category, with_others=True))
    of = {entry.label: entry.category for entry in entries()}
    assert {of[label] for label in labels(document)} <= {category}


def test_map_decides_what_may_go_beside_the_category(anna):
    request = disclosures.asked(anna, application_of(anna), written="words")
    disclosures.name(request, anna)
    document, _text = package(disclosures.assessed(request, *EVERYTHING, with_others=True))
    allowed = {
        entry.label
        for entry in entries()
        if RecipientKind.AUTHORITY in recipients_of(entry.mark)
        and Purpose.INFORM_AUTHORITIES in uses_of(entry.mark)
    }
    found = labels(document)
    assert found
    assert found <= allowed
    assert not [one for one in found if one.startswith(("disclosure_request", "disclosurerequest"))]


def test_nothing_of_anybody_else_goes(anna):
    other = plant("zqxqzother")
    request = disclosures.asked(anna, application_of(anna), written="words")
    disclosures.name(request, anna)
    _document, text = package(disclosures.assessed(request, *EVERYTHING, with_others=True))
    assert "zqxqzanna" in text.lower()
    assert "zqxqzother" not in text.lower()
    for number in (other.customer_reference, application_of(other).reference, str(other.pk)):
        assert number not in text


def test_other_application_of_the_same_person_stays(lenders):
    first = scene.sent("atra", keyword="zqxqzfirst")
    with data_key_scope():
        second = scene.send(
            factories.complete_draft(first.subject, keyword="zqxqzsecond", city="Zqxqzcity"), ["atra"]
        )
    _document, text = package(disclosures.assessed(disclosures.asked(first.subject, first), *EVERYTHING))
    assert "zqxqzfirst" in text
    assert not {"zqxqzsecond", "Zqxqzcity", second.reference} & {
        word for word in ("zqxqzsecond", "Zqxqzcity", second.reference) if word in text
    }


def test_what_belongs_to_no_application_goes_only_where_it_is_named(anna):
    of_one = disclosures.assessed(
        disclosures.asked(anna, application_of(anna)), *EVERYTHING, with_others=True
    )
    of_rest = disclosures.assessed(disclosures.asked(anna), *EVERYTHING, with_others=True)
    one, rest = package(of_one)[1], package(of_rest)[1]
    assert "note zqxqzanna" in rest
    assert "note zqxqzanna" not in one
    assert "zqxqzanna-key" in one
    assert "zqxqzanna-key" not in rest


def test_what_may_be_about_others_goes_only_where_that_is_approved(anna):
    with_others = disclosures.assessed(disclosures.asked(anna), *EVERYTHING, with_others=True)
    without = disclosures.assessed(disclosures.asked(anna), *EVERYTHING)
    third = {entry.label for entry in entries() if entry.mark.third_persons}
    assert third & labels(package(with_others)[0])
    assert not third & labels(package(without)[0])


def test_secret_of_another_authority_does_not_go(anna):
    secret = disclosures.asked(anna, asker=disclosures.COURT, secrecy=disclosures.secret())
    disclosures.disclosed(secret, Category.ACCOUNT)
    request = disclosures.asked(anna)
    disclosures.name(request, anna, application_of(anna))
    _document, text = package(disclosures.assessed(request, *EVERYTHING, with_others=True))
    assert disclosures.COURT.name not in text


def test_preview_says_exactly_what_goes_and_shows_no_value(anna):
    request = disclosures.asked(anna, application_of(anna))
    request = disclosures.assessed(request, Category.IDENTIFICATION, Category.LOAN)
    document, _text = package(request)
    going = [value["label"] for case in document["cases"] for row in case["held"] for value in row["values"]]
    [part] = preview(request)
    shown = {str(name): int(count) for name, count in part.lines}
    assert shown == {label_name(label): going.count(label) for label in going}
    assert "zqxqz" not in str(part).lower()


def test_files_that_are_held_go_as_files(anna):
    request = disclosures.assessed(disclosures.asked(anna), Category.IMAGES, with_others=True)
    with data_key_scope():
        names = zipfile.ZipFile(BytesIO(as_zip(request, held_of(request)))).namelist()
    assert [name for name in names if name.startswith("attachments/")]


def test_no_identifier_of_a_row_or_person_goes(anna):
    request = disclosures.assessed(disclosures.asked(anna, application_of(anna)), Category.IDENTIFICATION)
    _document, text = package(request)
    assert str(anna.pk) not in text
    assert str(application_of(anna).pk) not in text
    assert anna.customer_reference not in text


def test_form_offers_what_the_map_gives_and_no_more(anna):
    request = disclosures.asked(anna)
    offered = {value for value, _label in AssessForm(about=request).fields["categories"].choices}
    assert offered == {one.value for one in grantable(RecipientKind.AUTHORITY)}


def test_every_category_is_given_to_authorities_for_their_purpose():
    assert grantable(RecipientKind.AUTHORITY) == set(Category)
    Scope(RecipientKind.PARTNER, frozenset(Category)).require()


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("applications.Application", "pk"),
        ("applications.Financial", "application"),
        ("applications.AccountNote", None),
        ("applications.DataSubject", None),
        ("lenders.Submission", "application"),
        ("lenders.Offer", "submission__application"),
        ("privacy.RightsRequest", None),
    ],
)
def test_way_from_a_row_to_its_application(name, path):
    assert path_to_application(apps.get_model(name)) == path


def test_every_row_of_a_person_is_of_an_application_or_of_none():
    """A model with two ways to applications would be taken by the shortest alone."""
    for model in apps.get_models():
        ways = [
            field.name
            for field in model._meta.concrete_fields
            if field.related_model is Application and any(one.mark for one in declared_fields(model))
        ]
        assert len(ways) <= 1, model
