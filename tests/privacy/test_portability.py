"""Taking one's data elsewhere: what the file holds, who gets it, what its signature is worth."""

import json
from contextlib import suppress
from typing import Any
from unittest import mock

import pytest
from django.test import Client
from django.urls import reverse

from applications.actors import Actor
from applications.crypto.keyring import data_key_scope
from applications.models import DataSubject, RestrictionGround
from applications.personal import RecipientKind
from applications.services.processing import restrict
from privacy.models import (
    AccessPackage,
    Arrival,
    Identity,
    LetterKind,
    Outcome,
    Right,
    RightsRequest,
    Way,
)
from privacy.portability import jws, schema
from privacy.portability.document import FILE_TYPE
from privacy.portability.keys import jwks
from privacy.portability.scope import portable_fields
from privacy.rights.package import EMPTY
from privacy.rights.portability import Portability
from privacy.rights.registry import module_of
from privacy.services import receiving
from privacy.states import RequestStatus
from tests import factories
from tests.lenders import scene
from tests.planted import plant
from tests.privacy import elsewhere, rights

pytestmark = [pytest.mark.thorough, pytest.mark.django_db(databases=scene.DATABASES)]
S = RequestStatus
WORD, OTHER = "zqxqzanna", "zqxqzother"


@data_key_scope()
def file_of(request: RightsRequest) -> dict[str, Any]:
    return json.loads(bytes(AccessPackage.objects.get(pk=request.pk).content))


def taken_elsewhere(subject: DataSubject) -> RightsRequest:
    return rights.run(rights.ask(subject, Right.PORTABILITY))


@data_key_scope()
def portable_values(subject: DataSubject) -> dict[str, set[str]]:
    """Every portable value about a person, straight from the rows: label → texts."""
    found: dict[str, set[str]] = {}
    for one in portable_fields():
        for row in one.model.rows_of(subject):
            value = getattr(row, one.field.attname)
            if value not in EMPTY:
                found.setdefault(one.label, set()).add(str(value))
    return found


def test_file_holds_what_the_person_provided_and_nothing_else() -> None:
    anna = plant(WORD)
    plant(OTHER)
    expected = portable_values(anna)
    document = file_of(taken_elsewhere(anna))
    held: dict[str, list[Any]] = {}
    for record in document["records"]:
        for label, value in record["values"].items():
            held.setdefault(label, []).append(value)
    assert held.keys() == expected.keys()
    assert len(held) > 40
    assert {label: len(values) for label, values in held.items()} == {
        label: sum(
            getattr(row, one.field.attname) not in EMPTY
            for one in portable_fields()
            if one.label == label
            for row in one.model.rows_of(anna)
        )
        for label in held
    }
    text = json.dumps(document, ensure_ascii=False).lower()
    assert f"{WORD}-key" in text
    assert OTHER not in text
    for never in ("note", "they say", "answer", "offer", "said", "asks", "reasons", "brought", "copy"):
        assert f"{never} {WORD}" not in text, never


def test_file_follows_the_schema_and_says_of_every_label_what_it_is() -> None:
    document = file_of(taken_elsewhere(plant(WORD)))
    schema.check(document)
    labels = {label for record in document["records"] for label in record["values"]}
    assert {one["label"] for one in document["handling"]} == labels
    name = next(one for one in document["handling"] if one["label"] == "identification.surname")
    assert name["hasPersonalData"] == "pd:Name"
    assert name["hasLegalBasis"] == ["eu-gdpr:A6-1-b"]
    assert document["recipient"] is None


def test_nobody_decides_where_the_person_proved_who_they_are() -> None:
    request = taken_elsewhere(factories.subject())
    assert request.status == S.COMPLETED
    assert rights.events(request) == [
        "received: own_pages", "assessed: fresh_code", "approved", "running", "step_done: collect",
        "step_done: release", "step_done: hand_over", "letter: portable", "completed",
    ]  # fmt: skip
    assert request.letters.get().template.kind == LetterKind.PORTABLE


def test_officer_decides_where_somebody_else_established_who_asks() -> None:
    subject = factories.subject()
    request = receiving.receive(
        right=Right.PORTABILITY, way=Way.OFFICER, language="lv", actor=rights.OFFICER,
        subject_id=subject.pk, identity=Identity.OFFICER, contact=subject.verified_email,
    )  # fmt: skip
    assert request.status == S.ASSESSED


def test_restricted_data_can_be_taken_elsewhere_by_their_person() -> None:
    subject = factories.subject()
    restrict(subject_id=subject.pk, ground=RestrictionGround.CLAIMS, actor=Actor.consumer(subject.pk))
    assert taken_elsewhere(subject).status == S.COMPLETED


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("how", [Killed, RuntimeError])
@pytest.mark.parametrize("where", ["before", "after"])
@pytest.mark.parametrize("step", Portability.STEPS)
def test_step_that_is_cut_short_is_done_again_and_nothing_is_there_twice(
    step: str, where: str, how: type[BaseException]
) -> None:
    execute = Portability.execute

    def cut(self: Portability, request: RightsRequest) -> Any:
        here = request.step
        if (here, where) == (step, "before"):
            raise how
        outcome = execute(self, request)
        if here == step:
            raise how
        return outcome

    request = rights.ask(factories.subject(), Right.PORTABILITY)
    with mock.patch.object(Portability, "execute", cut), suppress(Killed):
        rights.run(request)
    assert rights.current(request).step == step
    assert rights.run(request).status == S.COMPLETED
    assert request.letters.count() == AccessPackage.objects.filter(pk=request.pk).count() == 1


# --- the pages --------------------------------------------------------------------------------------------
def test_file_and_signature_are_fetched_and_belong_together(client: Client) -> None:
    subject = factories.sign_in(client)
    assert client.post(reverse("my_data:elsewhere")).status_code == 302
    request = RightsRequest.objects.get()
    rights.run(request)
    assert reverse("my_data:file", args=[request.pk]) in client.get(reverse("my_data:index")).text
    found = client.get(reverse("my_data:download_file", args=[request.pk, "json"]))
    signature = client.get(reverse("my_data:download_file", args=[request.pk, "jws"])).content
    assert found["Content-Disposition"] == 'attachment; filename="data.json"'
    assert json.loads(found.content)["data_subject"]["email"] == subject.verified_email
    head, _, tail = signature.partition(b"..")
    whole = b".".join([head, jws.encode(found.content).encode(), tail])
    assert jws.payload_of(jws.read(whole, typ=FILE_TYPE), jwks()["keys"]) == found.content
    assert "copy_opened" in rights.events(request)


@pytest.mark.parametrize("name", ["file", "download_file"])
def test_file_of_somebody_else_is_not_there(client: Client, name: str) -> None:
    request = taken_elsewhere(factories.subject())
    factories.sign_in(client)
    ending = ["json"] if name == "download_file" else []
    assert client.get(reverse(f"my_data:{name}", args=[request.pk, *ending])).status_code == 404


def test_file_is_no_copy_and_a_copy_no_file(client: Client) -> None:
    subject = factories.sign_in(client)
    file, copy = taken_elsewhere(subject), rights.run(rights.ask(subject, Right.ACCESS))
    assert client.get(reverse("my_data:package", args=[file.pk])).status_code == 404
    assert client.get(reverse("my_data:file", args=[copy.pk])).status_code == 404


def test_instruction_wants_a_choice_and_a_tick(client: Client) -> None:
    factories.sign_in(client)
    other = elsewhere.controller()
    address = reverse("my_data:pass_on")
    for given in ({}, {"controller": str(other.pk)}, {"instructed": "on"}, {"controller": "x"}):
        assert client.post(address, given).status_code == 200
    assert not RightsRequest.objects.exists()
    assert client.post(address, {"controller": str(other.pk), "instructed": "on"}).status_code == 302
    assert RightsRequest.objects.get().transfers.get().controller == other


def test_controller_whose_papers_have_lapsed_is_not_offered_and_not_taken(client: Client) -> None:
    factories.sign_in(client)
    other = elsewhere.controller(active=False)
    assert "SIA Citur" not in client.get(reverse("my_data:elsewhere")).text
    given = {"controller": str(other.pk), "instructed": "on"}
    assert client.post(reverse("my_data:pass_on"), given).status_code == 200
    assert not RightsRequest.objects.exists()


# --- what is public ---------------------------------------------------------------------------------------
def test_schema_keys_and_description_are_public(client: Client) -> None:
    assert client.get(reverse("portability:schema")).json() == schema.schema()
    assert client.get("/.well-known/jwks.json").json() == jwks()
    described = client.get(reverse("portability:openapi")).json()
    assert list(described["paths"]) == [reverse("portability:transfers")]


# --- proof, and what an erasure does ----------------------------------------------------------------------
def test_proof_names_the_other_controller_and_holds_its_receipt() -> None:
    subject = factories.subject()
    transfer = elsewhere.told_to_pass_on(subject)
    elsewhere.pass_on()
    request = rights.run(RightsRequest.objects.get(pk=transfer.request_id))
    parts = module_of(Right.PORTABILITY).prove(request)
    line = parts[-1].lines[0]
    assert (line[0], line[4].count(".")) == ("SIA Citur", 2)
    assert subject.verified_email not in str(parts)


def test_erasure_waits_for_what_is_passed_on_and_then_goes_on() -> None:
    subject = factories.subject()
    transfer = elsewhere.told_to_pass_on(subject)
    erasure = rights.run(rights.approved(subject))
    assert (erasure.step, erasure.trouble) == ("ledger", "access_first")
    elsewhere.pass_on()
    request = rights.run(RightsRequest.objects.get(pk=transfer.request_id))
    assert request.status == S.COMPLETED
    AccessPackage.objects.filter(pk=request.pk).update(opened_at=request.ended_at)
    assert rights.run(erasure).status == S.COMPLETED
    told = erasure.told.get()
    assert (told.kind, told.outcome) == (RecipientKind.CONTROLLER, Outcome.BY_HAND)
    transfer.refresh_from_db()
    assert transfer.receipt


def test_erased_person_has_nothing_waiting_any_more() -> None:
    subject = factories.subject()
    elsewhere.posted(elsewhere.compact(elsewhere.document(subject)))
    erasure = rights.approved(subject)
    assert rights.run(erasure).status == S.COMPLETED
    assert not Arrival.objects.exists()
