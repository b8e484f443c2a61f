"""The lenders' documentation is true: its examples verify and validate, and real messages follow its
schemas.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.utils import translation
from jsonschema import Draft202012Validator, FormatChecker
from standardwebhooks.webhooks import Webhook

from applications.personal import Purpose
from applications.references import ALPHABET, APPLICATION
from lenders.adapters.base import (
    DECLINE_REASONS,
    DOCUMENT_LABELS,
    MEDIA_TYPES,
    RETENTION_BASES,
    REVIEW_OUTCOMES,
    Choice,
    Consent,
    Credentials,
    CreditRequest,
    DeletionReason,
    DeletionRequest,
    LenderEndpoint,
    Notice,
    NoticeKind,
    Offered,
    Supplement,
)
from lenders.adapters.errors import ErrorCode, LenderError
from lenders.adapters.join import JoinAdapter
from lenders.adapters.join_answers import NEEDABLE, PROBLEM_ATTRIBUTES, PROBLEM_TYPES, answer_of
from lenders.adapters.join_fields import PLACES
from lenders.apr import apr_of_offer, round_half_up
from lenders.forms import PASS_ON_WORDING
from lenders.sandbox import wire
from lenders.sandbox.runner import SandboxServer
from lenders.sandbox.secrets import SANDBOX_LENDERS, secret_of
from tests.lenders.lender_examples import (
    DOCUMENTS,
    EVERY_FIELD,
    SUBMISSION,
    credit_request,
    offer,
    reply,
    said,
)
from tests.lenders.sandbox_peer import SECRET, Peer, played

DOCS = Path(__file__).parents[2] / "docs"
GUIDE = (DOCS / "lender-api.md").read_text()
API = json.loads((DOCS / "lender-api.openapi.json").read_text())
SCHEMAS = API["components"]["schemas"]
JOIN = JoinAdapter()


def validator(schema: str) -> Draft202012Validator:
    document = {"$ref": f"#/components/schemas/{schema}", "components": API["components"]}
    return Draft202012Validator(document, format_checker=FormatChecker())


def walk(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from walk(child)


def resolved(reference: str) -> Any:
    node: Any = API
    for part in reference.removeprefix("#/").split("/"):
        node = node[part]
    return node


# --- the guide ---


def example_request() -> tuple[str, str, dict[str, str], bytes]:
    """Secret, request line, headers and body of the signed example."""
    secret = re.search(r"secret `(whsec_[^`]+)`", GUIDE)
    block = re.search(r"```http\n(.+?)\n\n(.+?)\n```", GUIDE, re.DOTALL)
    assert secret
    assert block
    line, *headers = block[1].split("\n")
    return secret[1], line, dict(header.split(": ", 1) for header in headers), block[2].encode()


def test_signed_example_verifies():
    secret, _, headers, body = example_request()
    moment = datetime.fromtimestamp(int(headers["webhook-timestamp"]), tz=UTC)
    signature = Webhook(secret).sign(headers["webhook-id"], moment, body.decode())
    assert headers["webhook-signature"] == signature


def test_signed_example_is_what_the_adapter_sends():
    secret, line, headers, body = example_request()
    told = json.loads(body)
    places = {(place.group, place.key): label for label, place in PLACES.items()}
    request = CreditRequest(
        submission_id=UUID(told["submission_id"]),
        application_reference=told["application_reference"],
        submitted_at=datetime.fromisoformat(told["submitted_at"]),
        fields={
            places[group, key]: value
            for group, values in told.items()
            if isinstance(values, dict)
            for key, value in values.items()
            if key != "language"
        },
        consents=tuple(
            Consent(one["purpose"], one["wording"], datetime.fromisoformat(one["given_at"]))
            for one in told["consents"]
        ),
        language=told["customer"]["language"],
    )
    endpoint = LenderEndpoint(
        "example", f"https://{headers['host']}/jo1n", Credentials(signing=(secret,)), told["callback_url"]
    )
    moment = datetime.fromtimestamp(int(headers["webhook-timestamp"]), tz=UTC)
    call = JOIN.build_application(request, endpoint, now=moment)
    sent = {name.lower(): value for name, value in call.headers.items()}
    assert call.body == body
    assert line == f"{call.method} {call.url.removeprefix('https://api.lender.example')} HTTP/1.1"
    assert headers.items() - {("host", headers["host"])} <= sent.items()


def test_example_tells_what_the_product_tells():
    told = json.loads(example_request()[3])
    assert re.fullmatch(f"{APPLICATION}(-[{ALPHABET}]{{5}}){{2}}", told["application_reference"])
    (consent,) = told["consents"]
    assert consent["purpose"] == Purpose.PASS_TO_LENDERS
    with translation.override(told["customer"]["language"]):
        assert consent["wording"] == str(PASS_ON_WORDING)


def test_example_is_the_same_for_people_and_for_machines():
    application = API["paths"]["/applications"]["post"]["requestBody"]["content"]["application/json"]
    assert application["examples"]["minimised"]["value"] == json.loads(example_request()[3])


def test_offer_in_the_guide_is_accepted_and_its_apr_is_right():
    block = next(text for text in re.findall(r"```json\n(.+?)\n```", GUIDE, re.DOTALL) if "offered" in text)
    document = json.loads(block)
    validator("Answer").validate(document)
    answer = answer_of(document)
    assert isinstance(answer, Offered)
    (terms,) = answer.offers
    rate = apr_of_offer(
        amount_cents=terms.amount_cents, upfront_fees_cents=terms.upfront_fees_cents, schedule=terms.schedule
    )
    assert terms.apr == round_half_up(rate)


def test_guide_names_every_word_of_the_vocabularies():
    words = {
        f"`{word}`"
        for word in (
            *DECLINE_REASONS,
            *RETENTION_BASES,
            *DeletionReason,
            *NoticeKind,
            *REVIEW_OUTCOMES,
            *NEEDABLE,
            *PROBLEM_TYPES,
            *PROBLEM_ATTRIBUTES,
            *MEDIA_TYPES,
        )
    }
    assert not {word for word in words if word not in GUIDE}
    for label, place in PLACES.items():
        assert f"| `{label}` | `{place.group}.{place.key}` |" in GUIDE
        assert all(f"`{word}`" in GUIDE for word in place.words)
    for lender in SANDBOX_LENDERS:
        assert (f"`{lender.slug}`" in GUIDE) == (lender.protocol == "join")


def test_guide_stays_short():
    assert GUIDE.count("\n") < 280


# --- the OpenAPI document ---


def test_document_is_openapi_3_1_with_the_calls_of_the_protocol():
    assert API["openapi"].startswith("3.1.")
    assert {(path, verb) for path, verbs in API["paths"].items() for verb in verbs} == {
        ("/applications", "post"),
        ("/applications/{submission_id}", "get"),
        ("/applications/{submission_id}/supplement", "post"),
        ("/applications/{submission_id}/choice", "post"),
        ("/applications/{submission_id}/notices", "post"),
        ("/applications/{submission_id}/deletion", "post"),
    }
    assert list(API["webhooks"]) == ["answer"]


def test_every_reference_leads_somewhere_and_every_schema_is_one():
    references = [node["$ref"] for node in walk(API) if "$ref" in node]
    assert references
    assert all(resolved(reference) for reference in references)
    for name, schema in SCHEMAS.items():
        Draft202012Validator.check_schema(schema)
        assert any(reference.endswith(f"/schemas/{name}") for reference in references), name


def test_every_operation_is_named_signed_and_declares_its_path():
    operations = [
        (path, operation)
        for group in ("paths", "webhooks")
        for path, verbs in API[group].items()
        for operation in verbs.values()
    ]
    assert len({operation["operationId"] for _, operation in operations}) == len(operations)
    for path, operation in operations:
        names = {resolved(parameter["$ref"])["name"] for parameter in operation["parameters"]}
        assert {
            "webhook-id",
            "webhook-timestamp",
            "webhook-signature",
            *re.findall(r"{(\w+)}", path),
        } <= names
        assert operation["responses"]


def test_every_example_validates():
    media = [node for node in walk(API) if "schema" in node and "examples" in node]
    assert len(media) > 8
    for content in media:
        check = validator(content["schema"]["$ref"].rpartition("/")[2])
        for example in content["examples"].values():
            check.validate(example["value"])


def test_vocabularies_are_those_of_the_adapter():
    assert set(SCHEMAS["DeclineReason"]["enum"]) == DECLINE_REASONS
    assert set(SCHEMAS["RetentionBasis"]["enum"]) == RETENTION_BASES
    assert set(SCHEMAS["Deletion"]["properties"]["reason"]["enum"]) == set(DeletionReason)
    assert set(SCHEMAS["Notice"]["properties"]["kind"]["enum"]) == set(NoticeKind)
    assert set(SCHEMAS["ReviewOutcome"]["enum"]) == REVIEW_OUTCOMES
    assert set(SCHEMAS["NeedsMore"]["properties"]["needs"]["items"]["enum"]) == NEEDABLE
    document = SCHEMAS["Document"]["properties"]
    assert set(document["label"]["enum"]) == DOCUMENT_LABELS
    assert set(document["media_type"]["enum"]) == MEDIA_TYPES
    entry = SCHEMAS["Errors"]["properties"]["errors"]["items"]["properties"]
    assert set(entry["attribute"]["enum"]) == PROBLEM_ATTRIBUTES
    assert set(entry["type"]["enum"]) == PROBLEM_TYPES
    application = SCHEMAS["Application"]["properties"]
    for label, place in PLACES.items():
        field = application[place.group]["properties"][place.key]
        assert field["description"] == label
        assert set(field.get("enum", ())) == place.words


# --- real messages ---


def test_what_the_adapter_sends_validates():
    now = datetime.now(tz=UTC)
    endpoint = LenderEndpoint(
        "x", "https://x.example", Credentials(signing=(secret_of("s", "x"),)), "https://us.example/callbacks/"
    )
    application = JOIN.build_application(credit_request(), endpoint, now=now)
    validator("Application").validate(json.loads(application.body))
    choice = JOIN.build_choice(Choice(SUBMISSION, "OFFER-1", "saule"), endpoint, now=now)
    validator("Choice").validate(json.loads(choice.body))
    for fields in (EVERY_FIELD, *({label: value} for label, value in EVERY_FIELD.items())):
        given = Supplement(uuid4(), SUBMISSION, fields=fields, documents=DOCUMENTS)
        supplement = JOIN.build_supplement(given, endpoint, now=now)
        validator("Supplement").validate(json.loads(supplement.body))
    deletion = JOIN.build_deletion(
        DeletionRequest(SUBMISSION, DeletionReason.NOT_SELECTED), endpoint, now=now
    )
    validator("Deletion").validate(json.loads(deletion.body))
    changed: tuple[dict[str, Any], ...] = (EVERY_FIELD, dict.fromkeys(EVERY_FIELD), {})
    for fields in changed:
        for kind in NoticeKind:
            notice = Notice(
                uuid4(), SUBMISSION, kind, now, fields=fields, text="canary", answer_by=now.date()
            )
            told = JOIN.build_notice(notice, endpoint, now=now)
            validator("Notice").validate(json.loads(told.body))


@pytest.mark.parametrize(
    "changed",
    [
        {"apr": "NaN"},
        {"amount_cents": -1},
        {"reference": "a b"},
        {"schedule": []},
        {"term_months": 481},
        {"price_personalised": 0},
    ],
)
def test_schema_and_adapter_refuse_alike(changed):
    document = said("offered", offer=offer(**changed))
    assert not validator("Answer").is_valid(document)
    endpoint = LenderEndpoint("x", "https://x.example", Credentials(signing=(secret_of("s", "x"),)))
    answer = reply(document, secret=endpoint.credentials.signing[0])
    with pytest.raises(LenderError) as caught:
        JOIN.parse(
            answer, endpoint, now=datetime.fromtimestamp(int(answer.headers["webhook-timestamp"]), tz=UTC)
        )
    assert caught.value.code == ErrorCode.MALFORMED_ANSWER


def test_what_the_sandbox_says_validates():
    async def scene(peer: Peer) -> None:
        for slug in ("atra", "piesardze", "dzintars"):
            answered = await peer.send(peer.application(slug))
            validator("Answer").validate(json.loads(answered.body))
            assert wire.is_signed(answered.headers, answered.body, secret_of(SECRET, slug))
        for _, body in await peer.receiver.until(1):
            validator("Offered").validate(json.loads(body))
        await peer.control("_faults", slug="leja", fault="needs_more")
        validator("NeedsMore").validate(json.loads((await peer.send(peer.application("leja"))).body))
        given = await peer.send(peer.supplement("leja", {"identification.phone": "+37120000000"}))
        validator("Offered").validate(json.loads(given.body))
        choice = Choice(peer.submission, f"atra-offer-{peer.submission.hex[:16]}", "saule")
        call = JOIN.build_choice(choice, peer.endpoint("atra"), now=datetime.now(tz=UTC))
        validator("Accepted").validate(json.loads((await peer.send(call)).body))
        for slug in ("atra", "leja", "dzintars"):
            request = DeletionRequest(peer.submission, DeletionReason.NOT_SELECTED)
            asked = JOIN.build_deletion(request, peer.endpoint(slug), now=datetime.now(tz=UTC))
            validator("DeletionAnswer").validate(json.loads((await peer.send(asked)).body))
        for kind in NoticeKind:
            notice = Notice(uuid4(), peer.submission, kind, datetime.now(tz=UTC))
            told = JOIN.build_notice(notice, peer.endpoint("atra"), now=datetime.now(tz=UTC))
            validator("NoticeAnswer").validate(json.loads((await peer.send(told)).body))
        unknown = await peer.send(peer.inquiry("atra", UUID(int=9)))
        assert unknown.status == 404
        validator("Errors").validate(json.loads(unknown.body))

    with SandboxServer(secret=SECRET, speed=40) as server:
        played(server, scene)


def test_every_declarable_field_is_exercised_here():
    assert set(EVERY_FIELD) == set(PLACES)
