"""The callback API does what its OpenAPI document says: schemathesis makes messages out of the document and
sends them to the running server.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests
import schemathesis
from django.conf import settings as configured
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from schemathesis import Case, GenerationMode
from standardwebhooks.webhooks import Webhook

from lenders.adapters.join_answers import callback_answer_of
from lenders.adapters.join_schema import STATUSES, callback_schema
from lenders.models import LenderMessage, Submission
from lenders.sandbox.secrets import secret_of
from tests.lenders import scene
from tests.lenders.lender_examples import offer, said

DOCUMENT = "/api/lenders/v1/openapi.json"
OPERATION = "/api/lenders/v1/{slug}/callbacks/"

often = settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.filter_too_much,
        HealthCheck.data_too_large,
    ],
)


class Signed(requests.auth.AuthBase):
    """The three headers with which atra signs whatever is about to leave."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        body = request.body or b""
        text = body.decode(errors="replace") if isinstance(body, bytes) else body
        now, message_id = datetime.now(tz=UTC), f"msg_{uuid4().hex}"
        signer = Webhook(secret_of(configured.SANDBOX_SECRET, "atra"))
        request.headers["webhook-id"] = message_id
        request.headers["webhook-timestamp"] = str(int(now.timestamp()))
        request.headers["webhook-signature"] = signer.sign(message_id, now, text)
        return request


@pytest.fixture
def callback(live_server: Any, lenders: Any) -> Any:
    """The one operation, read from the document that the running server gives."""
    schema = schemathesis.openapi.from_url(f"{live_server.url}{DOCUMENT}")
    return schema[OPERATION]["POST"]


@pytest.fixture
def submission(callback: Any) -> Submission:
    return scene.submission_at(scene.sent("atra"), "atra")


# --- the document ---


def test_document_is_served_to_anybody_as_openapi_3_1() -> None:
    answer = Client().get(DOCUMENT)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/vnd.oai.openapi+json")
    document = answer.json()
    assert document["openapi"] == "3.1.0"
    assert list(document["paths"]) == [OPERATION]
    assert set(document["security"][0]) == {"webhook-id", "webhook-timestamp", "webhook-signature"}


def test_every_refusal_of_the_view_is_in_the_document() -> None:
    responses = Client().get(DOCUMENT).json()["paths"][OPERATION]["post"]["responses"]
    assert set(responses) == {"204", "401", "404", "410", "413", "422", "503"}


def test_document_and_guide_name_the_same_refusals_to_repeat() -> None:
    guide = (Path(__file__).parents[2] / "docs/lender-api.md").read_text(encoding="utf-8")
    rows = guide.partition("## Callbacks")[2].partition("## ")[0].splitlines()
    (row,) = [row for row in rows if "| yes, " in row]
    repeated = re.findall(r"`(\w+)`", row.partition("| |")[0])
    described = Client().get(DOCUMENT).json()["paths"][OPERATION]["post"]["description"]
    assert repeated == ["408", "425", "429", "5xx"]
    assert f"after {', '.join(repeated)} or no answer" in described


def test_schema_is_a_schema_and_knows_every_status_that_is_read() -> None:
    Draft202012Validator.check_schema(callback_schema())
    for status in STATUSES:
        assert type(callback_answer_of(example(status))).__name__ != "Unrecognised"


def example(status: str) -> dict[str, Any]:
    more: dict[str, Any] = {
        "offered": {"offer": offer()},
        "declined": {"reason": "age"},
        "needs_more": {"needs": ["identification.phone"]},
        "retained": {"basis": "dispute", "until": "2031-11-23"},
        "noted": {"notice_id": str(uuid4()), "until": "2027-01-15"},
        "reviewed": {"notice_id": str(uuid4()), "outcome": "upheld", "explanation": "Mēs pārskatījām.\n"},
    }
    return said(status, **more.get(status, {}))


@pytest.mark.parametrize("status", [*sorted(STATUSES), "something_new"])
def test_examples_follow_the_schema(status: str) -> None:
    assert Draft202012Validator(callback_schema()).is_valid(example(status))


@pytest.mark.parametrize("path", ["", "atra", "atra/callbacks", "ā/callbacks/", "a/b/callbacks/"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_any_other_address_is_refused_in_a_form_that_programs_read(method: str, path: str) -> None:
    answer = getattr(Client(), method)(f"/api/lenders/v1/{path}")
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
    assert answer.json()["type"] == "urn:joinbaltic:problem:unknown_address"


# --- the running server ---

on_the_server = [pytest.mark.slow, pytest.mark.django_db(databases=scene.DATABASES, transaction=True)]


class TestRunningServer:
    pytestmark = on_the_server

    def test_what_follows_the_document_is_taken_in(self, callback: Any, submission: Submission) -> None:
        seen: Counter[str] = Counter()

        def take(case: Case) -> None:
            response = case.call_and_validate(auth=Signed())
            assert response.status_code == 204
            seen[case.body["status"]] += 1

        @often
        @given(callback.as_strategy(GenerationMode.POSITIVE, path_parameters={"slug": "atra"}))
        def send(case: Case) -> None:
            case.body = about(submission, case.body)
            take(case)

        send()
        for status in STATUSES - seen.keys():  # those that chance left out
            body = example(status) | {"submission_id": str(submission.pk)}
            take(callback.Case(path_parameters={"slug": "atra"}, body=body, media_type="application/json"))
        assert LenderMessage.objects.count() == sum(seen.values())

    def test_what_breaks_the_document_is_refused_as_it_says(
        self, callback: Any, submission: Submission
    ) -> None:
        seen: Counter[int] = Counter()

        @often
        @given(callback.as_strategy(GenerationMode.NEGATIVE, path_parameters={"slug": "atra"}))
        def send(case: Case) -> None:
            response = case.call_and_validate(auth=Signed())
            seen[response.status_code] += 1

        send()
        assert seen[422]
        submission.refresh_from_db()
        assert submission.status == "queued"

    def test_nothing_is_taken_in_unsigned(self, callback: Any, submission: Submission) -> None:
        @often
        @given(callback.as_strategy(GenerationMode.POSITIVE), st.sampled_from(["atra", None]))
        def send(case: Case, slug: str | None) -> None:
            if slug:
                case.path_parameters["slug"] = slug
                case.body = about(submission, case.body)
            response = case.call_and_validate()
            assert response.status_code in (401, 404)

        send()
        submission.refresh_from_db()
        assert submission.status == "queued"


def about(submission: Submission, body: dict[str, Any]) -> dict[str, Any]:
    """The message, about a submission that exists, with offers whose figures agree."""
    told = whole(body) | {"submission_id": str(submission.pk)}
    for one in [told["offer"]] if "offer" in told else told.get("offers", []):
        agree(one)
    if told["status"] == "offered" and "offers" in told:
        for number, one in enumerate(told["offers"]):
            one["reference"] = f"OFFER-{number}"
    return told


def whole(value: Any) -> Any:
    """JSON Schema takes 12.0 for an integer; the protocol wants 12."""
    if isinstance(value, dict):
        return {key: whole(one) for key, one in value.items()}
    if isinstance(value, list):
        return [whole(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def agree(terms: Any) -> None:
    """Make the figures of one offer agree with one another: the rules that no schema can say."""
    schedule = terms["schedule"] = terms["schedule"][: terms["term_months"]]
    for month, instalment in enumerate(schedule, start=1):
        instalment |= {"month": month, "amount_cents": terms["instalment_cents"]}
    paid = sum(instalment["amount_cents"] for instalment in schedule)
    terms["amount_cents"] = min(terms["amount_cents"], paid)
    terms["upfront_fees_cents"] = min(terms["upfront_fees_cents"], terms["amount_cents"] - 1)
    terms["total_payable_cents"] = paid + terms["upfront_fees_cents"]
