"""What a person receives is everything that is held about them, and nothing of anybody else."""

import csv
import io
import json
import zipfile

import pytest

from applications.crypto.keyring import data_key_scope
from applications.models import DataSubject, Disclosure, DisclosureStatus
from applications.personal import Category
from lenders.models import Submission
from privacy.models import Identity, Right, Way
from privacy.rights.package import Package, as_document, collect, held_back
from privacy.rights.package_files import as_csv, as_html, as_json, as_zip, withheld_text, without
from privacy.services import receiving
from tests.planted import plant
from tests.privacy import rights

pytestmark = [pytest.mark.thorough, pytest.mark.django_db(databases=["default", "keys", "aside"])]
WORD = "zqxqzanna"


@pytest.fixture
def anna() -> DataSubject:
    return plant(WORD)


@data_key_scope()
def package(subject: DataSubject) -> Package:
    return collect(subject)


def said(found: Package) -> str:
    files = " ".join(one.content.decode(errors="replace") for one in found.attachments)
    document = as_document(found)
    return f"{as_json(document)} {as_csv(document)} {as_html(document)} {files}".lower()


def test_every_category_is_there_with_why_and_how_long(anna):
    found = package(anna)
    assert [section.category for section in found.sections] == list(Category)
    for section in found.sections:
        assert section.holds
        assert section.grounds
        assert section.kept
        assert section.rows, section.category


def test_everything_planted_is_found_and_nothing_of_another_person(anna):
    plant("zqxqzother")
    text = said(package(anna))
    assert "zqxqzother" not in text
    words = "complaint answer note caption likes call said button city offer"
    for planted in [*words.split(), "they say"]:
        assert f"{planted} {WORD}" in text, planted


def test_recipients_are_named_with_what_they_received(anna):
    received = [one for one in package(anna).recipients if not one.staff]
    assert {one.who for one in received} == set(
        Disclosure.objects.filter(subject=anna)
        .exclude(status=DisclosureStatus.NOT_MADE)
        .values_list("recipient_name", flat=True)
    )
    assert Submission.objects.get(subject=anna).lender.name in {one.who for one in received}
    assert all(one.what for one in received)


def test_json_can_be_read_back_and_keeps_the_labels_of_the_map(anna):
    document = json.loads(as_json(as_document(package(anna))))
    held = {one["category"]: one["held"] for one in document["categories"]}
    labels = {label for row in held["identification"] for label in row["values"]}
    assert {"identification.given_name", "identification.personal_code"} <= labels


def test_spreadsheet_takes_nothing_for_a_formula(anna):
    lines = list(csv.DictReader(io.StringIO(as_csv(as_document(package(anna))).removeprefix("\ufeff"))))
    assert lines
    assert not any(line["value"][:1] in ("=", "+", "-", "@") for line in lines)


def test_files_are_beside_the_texts_under_names_that_these_give(anna):
    found = package(anna)
    names = [one.name for one in found.attachments]
    assert len(names) == len(set(names)) >= 2
    text = as_json(as_document(found))
    assert [name for name in names if name not in text] == []


def test_what_may_be_about_others_is_held_back(anna):
    held = {key.partition("/")[2] for key in held_back(package(anna))}
    assert {"communications.text", "account.note", "images.content", "interests.shown"} <= held
    assert not any(label.startswith(("identification.", "financial.", "loan.")) for label in held)


def test_what_is_withheld_is_in_no_file(anna):
    found = package(anna)
    document = as_document(found)
    withheld = without(document, held_back(found))
    everything = as_zip(withheld)
    with zipfile.ZipFile(io.BytesIO(everything)) as files:
        texts = {name: files.read(name).decode(errors="replace") for name in files.namelist()}
    assert {"data.html", "data.json", "data.csv"} <= set(texts)
    for word in ("note", "likes", "said", "they say", "caption"):
        assert not [name for name, text in texts.items() if f"{word} {WORD}" in text.lower()], word
    assert f"complaint {WORD}" in texts["data.html"]
    assert withheld_text() in texts["data.csv"]
    assert not [name for name in texts if "images.content" in name or "recording" in name]


def test_copy_is_in_the_language_of_the_request(anna):
    request = receiving.receive(
        right=Right.ACCESS, way=Way.OWN_PAGES, language="en", actor=rights.OFFICER, subject_id=anna.pk,
        identity=Identity.FRESH_CODE,
    )  # fmt: skip
    with data_key_scope():
        document = json.loads(bytes(rights.run(request).package.content))
    assert document["categories"][0]["name"] == "Identification and contact"
    assert "We take no decisions about you by automated means alone." in document["automated_decisions"]
