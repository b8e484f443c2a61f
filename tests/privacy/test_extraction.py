"""Of a thousand people one asks for a copy: everything planted is in it, and nothing of anybody else."""

import base64
import json
from typing import Any

import pytest
from django.utils import timezone

from applications.crypto.fields import BlindIndex
from applications.crypto.keyring import create_key, data_key_scope
from applications.declarations import personal_fields
from applications.models import (
    Application,
    DataSubject,
    Identification,
    Whereabouts,
)
from applications.references import make_reference
from applications.subject_data import is_a_copy
from privacy.datamap import doors
from privacy.models import AccessPackage, Right
from privacy.rights.access import RELEASED, document_of
from privacy.rights.package import EMPTY, key_of
from privacy.services.deciding import decide_held
from tests.lenders import scene
from tests.planted import plant
from tests.privacy import rights

pytestmark = [pytest.mark.thorough, pytest.mark.django_db(databases=scene.DATABASES)]
WORD, OTHER = "zqxqzanna", "zqxqzother"
CROWD = 1000


@data_key_scope()
def crowd() -> None:
    """A thousand others, each with an address, a name, a code and a place, every value with its number."""
    for number in range(CROWD):
        subject = DataSubject(
            email=f"{OTHER}{number}@piemers.lv",
            customer_reference=make_reference("C"),
            account_number=make_reference("A"),
        )
        create_key(subject.pk)
        subject.save(force_insert=True)
        application = Application.objects.create(subject=subject, reference=make_reference("JB"))
        Identification(
            subject=subject,
            application=application,
            given_name=f"{OTHER}{number}",
            personal_code="010290-12342",
        ).save(force_insert=True)
        Whereabouts(
            subject=subject, ip_address="192.0.2.1", place=f"{OTHER}{number}", at=timezone.now()
        ).save(force_insert=True)


def held_about(subject: DataSubject) -> dict[str, Any]:
    """Every personal value of every model about a person, read straight from the rows."""
    return {
        key_of(str(row.pk), one.label): getattr(row, one.field.attname)
        for door in doors()
        for rows in door.rows_of(subject)
        if not is_a_copy(rows.model)
        for row in rows
        for one in personal_fields(rows.model)
        if not isinstance(one.field, BlindIndex) and getattr(row, one.field.attname) not in EMPTY
    }


def test_copy_holds_every_value_of_the_person_and_none_of_a_thousand_others():
    crowd()
    anna = plant(WORD)
    plant(OTHER)  # somebody about whom every model holds something
    with data_key_scope():
        planted = held_about(anna)
    request = rights.run(rights.ask(anna, Right.ACCESS))
    with data_key_scope():
        held = request.package.held
    decide_held(request_id=request.pk, decisions=dict.fromkeys(held, RELEASED), actor=rights.OFFICER)
    with data_key_scope():
        document = document_of(AccessPackage.objects.get(pk=request.pk))
    copied = {
        value["key"]: value["value"]
        for category in document["categories"]
        for row in category["held"]
        for value in row["values"]
    }
    assert len(planted) > 150
    assert planted.keys() - copied.keys() == set()
    texts = {key: value for key, value in planted.items() if isinstance(value, str)}
    assert {key: value for key, value in texts.items() if value not in str(copied[key])} == {}
    files = b" ".join(base64.b64decode(one) for one in document["attachments"].values())
    contents = [value for value in planted.values() if isinstance(value, bytes) and WORD.encode() in value]
    assert contents
    assert files.count(WORD.encode()) >= len(contents)
    assert OTHER not in json.dumps(document, ensure_ascii=False).lower()
    assert OTHER.encode() not in files
    own = {str(row.pk) for door in doors() for rows in door.rows_of(anna) for row in rows}
    assert {key.partition("/")[0] for key in copied} <= own
