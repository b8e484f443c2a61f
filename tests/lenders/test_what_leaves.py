"""Of an application there leaves what the lender declared, through every adapter, and the record says so."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from applications.actors import SYSTEM
from applications.crypto.keyring import data_key_scope
from applications.form_fields import BY_LABEL, CONSENTS_LABEL, EMAIL_LABEL, LANGUAGE_LABEL
from applications.models import Application, Disclosure
from lenders.adapters import ADAPTERS
from lenders.adapters.base import Credentials, LenderError
from lenders.models import Delivery
from lenders.services import disclosures, payload
from lenders.services.register import register_lender
from tests import factories
from tests.lenders import scene
from tests.lenders.lender_examples import SECRET
from tests.lenders.xml_examples import US

pytestmark = [pytest.mark.thorough, pytest.mark.django_db(databases=scene.DATABASES)]

# Every question of the form has an answer, so every label has a value that could leave.
ANSWERED = {"pep_status": "family_member", "pep_relation": "parent", "pep_office": "canary-deputāte"}
# Words to which a closed list may be changed; what is not here becomes more of its kind.
OTHER_WORDS = {
    "marital_status": "unmarried", "income_type": "pension", "loan_purpose": "travel", "pep_status": "self",
    "pep_relation": "sibling", "document_type": "residence_permit",
}  # fmt: skip
EVERYTHING = Credentials(
    signing=(SECRET,),
    client_id="client",
    client_secret="word",
    certificate=US.certificate,
    private_key=US.private_key,
)


@pytest.fixture
def delivery() -> Iterator[Delivery]:
    """The delivery of an application that tells everything, to a lender that could ask for all of it."""
    register_lender(
        slug="all", credentials=EVERYTHING, actor=SYSTEM, recipient=factories.IN_ORDER, name="All",
        adapter="join", base_url="https://api.lender.example", allowed_hosts=["api.lender.example"],
        requested_fields=[], minimum_amount_cents=0, maximum_amount_cents=10**9, minimum_term_months=1,
        maximum_term_months=120,
    )  # fmt: skip
    with data_key_scope():
        yield loaded(scene.delivery_at(scene.sent("all", **ANSWERED), "all"))


def loaded(delivery: Delivery) -> Delivery:
    return payload.load_deliveries([delivery.pk])[0]


def other(name: str, value: Any) -> Any:
    """Another value of the same kind."""
    if isinstance(value, int):
        return value + 1
    if isinstance(value, date):
        return value + timedelta(days=1)
    return OTHER_WORDS.get(name, f"{value}x")


def somebody_else(delivery: Delivery, *, but_for: set[str]) -> Delivery:
    """The same delivery, with every answer changed that is not among these labels; nothing is saved."""
    changed = loaded(delivery)
    changed.submission.requested_fields = delivery.submission.requested_fields
    changed.lender.adapter = delivery.lender.adapter
    application: Application = changed.submission.application
    for label, field in BY_LABEL.items():
        if label not in but_for:
            row = getattr(application, str(field.model._meta.model_name))
            setattr(row, field.name, other(field.name, getattr(row, field.name)))
    if EMAIL_LABEL not in but_for:
        application.subject.email = "x" + str(application.subject.email)
    return changed


def asks_for(delivery: Delivery, adapter: str, labels: set[str]) -> None:
    delivery.lender.adapter = adapter
    delivery.submission.requested_fields = sorted(labels)


def recorded(delivery: Delivery, call: payload.Call) -> list[str]:
    """What the disclosure of this call says."""
    Disclosure.objects.all().delete()
    disclosures.intend({delivery: call})
    return Disclosure.objects.get(delivery=delivery.pk).fields


@pytest.mark.parametrize("adapter", sorted(ADAPTERS))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_was_not_declared_leaves_no_trace_and_the_record_lists_the_rest(
    adapter: str, delivery: Delivery, data: st.DataObject
) -> None:
    """A body that is the same, byte by byte, whatever else the person answered, tells nothing of it."""
    supported = sorted(ADAPTERS[adapter].supported_labels)
    declared = data.draw(st.sets(st.sampled_from(supported)))
    asks_for(delivery, adapter, declared)
    try:
        call = payload.build(delivery)
    except LenderError:  # its lender cannot do without some field: then nothing leaves at all
        assert declared != set(supported)
        return
    assert call.http.body == payload.build(somebody_else(delivery, but_for=declared)).http.body
    assert recorded(delivery, call) == [*sorted(declared), LANGUAGE_LABEL, CONSENTS_LABEL]


@pytest.mark.parametrize("adapter", sorted(ADAPTERS))
def test_each_declared_answer_is_in_the_body(adapter: str, delivery: Delivery) -> None:
    """Else the record would list what never left."""
    supported = set(ADAPTERS[adapter].supported_labels)
    asks_for(delivery, adapter, supported)
    whole = payload.build(delivery).http.body
    for label in sorted(supported):
        changed = somebody_else(delivery, but_for=supported - {label})
        assert payload.build(changed).http.body != whole, label
