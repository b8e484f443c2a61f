"""What reaches the callback address: the right word from the right lender is taken, the rest refused."""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings
from django.test import AsyncClient, Client
from django.test.client import AsyncClientHandler
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

from applications.crypto import keyring
from applications.models import Application, AuditEntry
from lenders.callbacks import LARGEST_CALLBACK
from lenders.models import LenderMessage, Offer, Submission
from lenders.sandbox.secrets import secret_of
from tests.lenders import scene

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.django_db(databases=scene.DATABASES),
    pytest.mark.usefixtures("lenders"),
]


@pytest.fixture
def application() -> Application:
    return scene.sent("atra", "leja")


@pytest.fixture
def submission(application: Application) -> Submission:
    return scene.submission_at(application, "atra")


def envelope(
    document: Any, *, slug: str = "atra", message_id: str = "msg_1", age: float = 0
) -> tuple[bytes, dict[str, str]]:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    at = datetime.now(tz=UTC) - timedelta(seconds=age)
    signature = Webhook(secret_of(settings.SANDBOX_SECRET, slug)).sign(
        message_id, at, body.decode(errors="replace")
    )
    return body, {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signature,
    }


def call(
    body: bytes, headers: dict[str, str], *, slug: str = "atra", content_type: str = "application/json"
) -> Any:
    client = Client(raise_request_exception=False)
    return client.generic(
        "POST", f"/api/lenders/v1/{slug}/callbacks/", body, content_type=content_type, headers=headers
    )


class Unmeasured(AsyncClientHandler):
    """A web process that is handed messages which do not say how long they are."""

    async def __call__(self, scope: dict[str, Any]) -> Any:
        scope["headers"] = [one for one in scope["headers"] if one[0] != b"content-length"]
        return await super().__call__(scope)


@async_to_sync
async def sent_in_chunks(body: bytes, headers: dict[str, str]) -> int:
    """The status of the answer."""
    client = AsyncClient(raise_request_exception=False)
    client.handler = Unmeasured()
    answer = await client.generic(
        "POST", "/api/lenders/v1/atra/callbacks/", body, content_type="application/json", headers=headers
    )
    return int(answer.status_code)


def said(submission: Submission, word: str = "offered", **options: Any) -> Any:
    return call(*envelope(scene.statement(submission, word), **options))


def assert_refused(answer: Any, status: int, code: str | None = None) -> None:
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["title"]
    if code is not None:
        assert problem["type"] == f"urn:joinbaltic:problem:{code}"
    assert not Offer.objects.exists()
    assert not LenderMessage.objects.exists()
    assert set(Submission.objects.values_list("status", flat=True)) == {"queued"}


def test_rightly_signed_word_is_taken(submission):
    answer = said(submission)
    assert (answer.status_code, answer.content) == (204, b"")
    assert scene.states(submission.application)["atra"] == "offered"


def test_replay_is_taken_politely_and_changes_nothing(submission):
    body, headers = envelope(scene.statement(submission, "offered"))
    assert [call(body, headers).status_code for _ in range(10)] == [204] * 10
    assert Offer.objects.count() == LenderMessage.objects.count() == 1


def test_known_id_with_other_words_changes_nothing(submission):
    said(submission, "pending")
    assert said(submission, "declined").status_code == 204
    assert scene.states(submission.application)["atra"] == "pending"


def test_message_that_does_not_say_its_length_is_taken(submission):
    assert sent_in_chunks(*envelope(scene.statement(submission, "offered"))) == 204
    assert scene.states(submission.application)["atra"] == "offered"


def test_huge_message_that_does_not_say_its_length_is_refused(submission):
    padded = scene.statement(submission, "declined", padding="x" * LARGEST_CALLBACK)
    assert sent_in_chunks(*envelope(padded)) == 413


def test_longest_message_id_is_taken(submission):
    assert said(submission, message_id="m" * 128).status_code == 204


# --- forged ---


def test_changed_body_is_refused(submission):
    body, headers = envelope(scene.statement(submission, "declined"))
    assert_refused(call(body.replace(b"declined", b"pending "), headers), 401, "bad_signature")


def test_truncated_body_is_refused(submission):
    body, headers = envelope(scene.statement(submission, "offered"))
    for length in (0, 1, len(body) // 2, len(body) - 1):
        assert_refused(call(body[:length], headers), 401, "bad_signature")


@pytest.mark.parametrize("header", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_missing_or_nonsensical_header_is_refused(submission, header):
    body, headers = envelope(scene.statement(submission, "declined"))
    del headers[header]
    assert_refused(call(body, headers), 401)
    for nonsense in ("", "0", "é", "v1,", "v1,AAAA", "x" * 9000, "-1", "9" * 30):
        assert_refused(call(body, headers | {header: nonsense}), 401)


def test_signature_of_another_lender_is_refused(submission):
    body, headers = envelope(scene.statement(submission, "declined"), slug="leja")
    assert_refused(call(body, headers, slug="atra"), 401, "bad_signature")


# From the future with room to spare: on a busy machine a second passes before it is read.
@pytest.mark.parametrize("age", [301, -330, 86400])
def test_stale_message_is_refused(submission, age):
    assert_refused(said(submission, age=age), 401, "stale_message")


def test_message_signed_before_the_keys_were_changed_still_counts(submission):
    lender = submission.lender
    body, headers = envelope(scene.statement(submission, "pending"))
    scene.register(scene.NOWHERE, "atra")
    lender.secrets["signing"].insert(0, "whsec_bmV3IHNlY3JldCBuZXcgc2VjcmV0")
    lender.save()
    assert call(body, headers).status_code == 204


def test_refused_signature_is_written_in_the_audit(submission):
    body, headers = envelope(scene.statement(submission, "declined"), slug="leja")
    call(body, headers)
    entry = AuditEntry.objects.using("aside").get(action="callback.refused")
    assert (entry.actor_identifier, entry.detail) == ("system", {"code": "bad_signature"})


# --- signed, and still not for us ---


def test_submission_of_another_lender_is_not_known(application):
    other = scene.submission_at(application, "leja")
    body, headers = envelope(scene.statement(other, "declined"), slug="atra")
    assert_refused(call(body, headers), 404, "unknown_submission")


def test_submission_nobody_made_is_not_known(submission):
    document = scene.statement(submission, "declined") | {
        "submission_id": "00000000-0000-4000-8000-000000000000"
    }
    assert_refused(call(*envelope(document)), 404, "unknown_submission")


def test_lender_nobody_registered_is_not_known(submission):
    body, headers = envelope(scene.statement(submission, "declined"))
    assert_refused(call(body, headers, slug="nobody"), 404, "unknown_lender")


MALFORMED = [
    b"",
    b"null",
    b"[]",
    b"{}",
    b'{"status": "offered"}',
    b"[" * 100_000,
    b'{"a":' * 50_000,
    b'{"submission_id": 7, "status": "declined"}',
    b'{"submission_id": "x", "status": "declined", "reason": "other"}',
    b'{"status": NaN}',
    b"not json at all",
    '{"status": "\ud800"}'.encode("utf-8", "surrogatepass"),
    b"\x00\x01\x02",
    b"\xff\xfe",
]


def test_malformed_body_is_refused(submission):
    for body in MALFORMED:
        answer = call(*envelope(body))
        assert answer.status_code in (401, 422), body[:50]
        assert_refused(answer, answer.status_code)


def test_offer_that_does_not_add_up_is_refused(submission):
    offer = scene.terms_document(submission, total_payable_cents=1)
    document = scene.statement(submission, "offered", offer=offer)
    assert_refused(call(*envelope(document)), 422, "malformed_answer")


def test_huge_body_is_refused(submission):
    padded = scene.statement(submission, "declined", padding="x" * LARGEST_CALLBACK)
    assert_refused(call(*envelope(padded)), 413, "too_large")


def test_lender_whose_secrets_do_not_open_is_asked_to_call_again(submission):
    keyring.forget_keys([submission.lender_id])
    for body, headers in (envelope(scene.statement(submission, "declined")), (b"{}", {})):
        assert_refused(call(body, headers), 503, "not_configured")


# --- not even a callback ---


def test_other_methods_are_refused():
    for method in ("get", "put", "patch", "delete", "head"):
        answer = getattr(Client(raise_request_exception=False), method)("/api/lenders/v1/atra/callbacks/")
        assert answer.status_code == 405
        assert answer["Content-Type"] == "application/problem+json"


CONTENT_TYPES = [
    "application/json",
    "application/json; charset=utf-8",
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "multipart/form-data",
    "nonsense",
    ";;;",
    "",
    "application/json; charset=klingon",
]


def test_content_type_does_not_matter_where_the_signature_does(submission):
    for number, content_type in enumerate(CONTENT_TYPES):
        body, headers = envelope(scene.statement(submission, "pending"), message_id=f"msg_{number}")
        assert call(body, headers, content_type=content_type).status_code == 204, content_type
    assert LenderMessage.objects.count() == len(CONTENT_TYPES)


def test_what_the_lender_would_like_to_read_does_not_matter(submission):
    body, headers = envelope(scene.statement(submission, "declined"), slug="leja")
    for accept in ("text/html", "application/xml", "application/problem+json", "nonsense", ""):
        assert_refused(call(body, headers | {"Accept": accept}), 401, "bad_signature")
    answer = call(*envelope(scene.statement(submission, "declined")))
    assert answer.status_code == 204


def test_cookies_and_referers_of_a_browser_open_nothing(submission):
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    answer = client.post("/api/lenders/v1/atra/callbacks/", data=b"{}", content_type="application/json")
    assert_refused(answer, 401, "bad_signature")


# --- after an erasure ---


@pytest.mark.parametrize("word", ["offered", "declined", "withdrawn", "pending"])
def test_word_about_an_erased_person_is_gone(submission, word):
    body, headers = envelope(scene.statement(submission, word))
    scene.erase(submission.application.subject)
    assert_refused(call(body, headers), 410, "erased")


# --- anything ---


@pytest.mark.slow
@hypothesis_settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    body=st.one_of(
        st.binary(max_size=200),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["submission_id", "status", "offer", "offers", "reason", "needs"])
                    | st.text(),
                    inner | st.sampled_from(["offered", "declined", "withdrawn", "needs_more"]),
                    max_size=6,
                )
            ),
            max_leaves=12,
        ).map(lambda value: json.dumps(value).encode()),
    ),
    identifier=st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=140),
    signed=st.booleans(),
    own=st.booleans(),
)
def test_nothing_makes_it_fail(submission, body, identifier, signed, own):
    if own:
        try:
            document = json.loads(body)
        except ValueError:
            document = {}
        if isinstance(document, dict):
            body = json.dumps(document | {"submission_id": str(submission.pk)}).encode()
    now = int(time.time())
    headers = {"webhook-id": identifier, "webhook-timestamp": str(now), "webhook-signature": "v1,AAAA"}
    if signed:
        body, headers = envelope(body, message_id="msg_x")
    assert call(body, headers).status_code in {204, 401, 404, 422}


def test_flood_of_forgeries_writes_one_entry_a_minute(submission):
    body, headers = envelope(scene.statement(submission, "declined"), slug="leja")
    for _ in range(5):
        assert call(body, headers).status_code == 401
    assert AuditEntry.objects.using("aside").filter(action="callback.refused").count() == 1
