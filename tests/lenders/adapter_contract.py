"""What every adapter owes, whatever its lender speaks.

A new adapter's test subclasses `AdapterContract` and fills in the lender's side.
"""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lenders.adapters import ADAPTERS
from lenders.adapters.base import (
    Abilities,
    Accepted,
    Adapter,
    Choice,
    Declined,
    Document,
    HttpAnswer,
    Inquiry,
    LenderEndpoint,
    NeedsMore,
    Offered,
    Pending,
    Supplement,
    Unrecognised,
    Withdrawn,
)
from lenders.adapters.errors import ErrorCode, LenderError
from tests.lenders.lender_examples import DOCUMENTS, EVERY_FIELD, NOW, SUBMISSION, credit_request

ANSWERS = (Offered, Declined, Pending, NeedsMore, Withdrawn, Unrecognised)
KEY = UUID("0193a5d0-1b2c-7d3e-8f40-5a6b7c8d9e0f")
TEXT = st.text(alphabet=st.characters(exclude_characters="\r\n\0"), max_size=60)
HEADERS = st.dictionaries(
    st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature", "retry-after", "content-type"]),
    TEXT,
)


def outcome(read: Callable[[], Any]) -> Any:
    """What was read, or the LenderError raised; any other exception is the test's failure."""
    try:
        return read()
    except LenderError as error:
        return error


class AdapterContract:
    """Subclasses give the adapter, an endpoint and how this lender says each thing."""

    adapter: Adapter
    endpoint: LenderEndpoint

    def offered(self) -> HttpAnswer:
        raise NotImplementedError

    def declined(self) -> HttpAnswer:
        raise NotImplementedError

    def pending(self) -> HttpAnswer:
        raise NotImplementedError

    def accepted(self) -> HttpAnswer:
        raise NotImplementedError

    def genuine(self, body: bytes) -> HttpAnswer:
        """A body of any bytes that passes for the lender's own, as far as the lender can prove that."""
        raise NotImplementedError

    def secrets(self) -> list[str]:
        """Every word of the credentials that nobody else may see."""
        kept = self.endpoint.credentials.stored()
        return [*kept.pop("signing", ()), *kept.values()]

    # --- the adapter itself ---

    def test_is_registered_under_its_slug(self):
        assert ADAPTERS[self.adapter.slug] is self.adapter or type(ADAPTERS[self.adapter.slug]) is type(
            self.adapter
        )

    def test_declares_what_it_can(self):
        assert isinstance(self.adapter.abilities, Abilities)
        assert self.adapter.credentials <= self.endpoint.credentials.held
        assert self.adapter.supported_labels

    # --- building ---

    def supported(self) -> dict[str, Any]:
        return {
            label: value for label, value in EVERY_FIELD.items() if label in self.adapter.supported_labels
        }

    def built(self, fields: dict[str, Any] | None = None, **late: Any):
        request = credit_request(self.supported() if fields is None else fields)
        return self.adapter.build_application(request, self.endpoint, now=NOW + timedelta(**late))

    def test_every_supported_value_arrives_in_the_body(self):
        body = self.built().body.decode()
        for label, value in self.supported().items():
            assert str(value) in body, label

    def test_an_unasked_field_is_not_in_the_body(self):
        for label in self.supported():
            value = EVERY_FIELD[label]
            if "canary" in str(value):
                fewer = {other: kept for other, kept in self.supported().items() if other != label}
                assert str(value) not in self.built(fewer).body.decode(), label

    @pytest.mark.parametrize("label", ["loan.keyword", "identification.shoe_size", ""])
    def test_a_field_without_a_place_is_refused_not_dropped(self, label):
        if label in self.adapter.supported_labels:
            pytest.skip("this adapter has a place for it")
        with pytest.raises(LenderError) as caught:
            self.built({**self.supported(), label: "canary-unplaced"})
        assert (caught.value.code, caught.value.permanent) == (ErrorCode.FIELD_NOT_SUPPORTED, True)
        assert "canary" not in repr(caught.value) + str(caught.value)

    @pytest.mark.parametrize("value", [object(), 1.5, b"bytes", ["list"], "\ud800"])
    def test_a_value_that_cannot_be_written_is_refused(self, value):
        label = "identification.given_name"
        if label not in self.adapter.supported_labels:
            pytest.skip("this adapter has no place for it")
        with pytest.raises(LenderError) as caught:
            self.built({label: value})
        assert (caught.value.code, caught.value.permanent) == (ErrorCode.VALUE_NOT_SUPPORTED, True)

    def test_every_attempt_sends_the_same_body(self):
        first, later = self.built(), self.built(seconds=40)
        assert (first.body, first.url, first.method) == (later.body, later.url, later.method)

    def test_calls_stay_under_the_lenders_address_and_carry_no_personal_data_outside_the_body(self):
        choice = Choice(SUBMISSION, "OFFER-1", "canary-keyword")
        calls = [
            self.built(),
            self.adapter.build_inquiry(Inquiry(SUBMISSION, "THEIRS-1"), self.endpoint, now=NOW),
            self.adapter.build_choice(choice, self.endpoint, now=NOW),
        ]
        for call in calls:
            assert call.url.startswith(self.endpoint.base_url)
            assert call.submission_id == SUBMISSION
            assert "canary" not in call.url + repr(dict(call.headers)) + repr(call)

    # --- what was asked for afterwards ---

    def supplemented(self, fields: dict[str, Any] | None = None, documents: Any = DOCUMENTS, **late: Any):
        if not self.adapter.abilities.takes_supplement:
            pytest.skip("this adapter's lenders take nothing afterwards")
        given = self.supported() if fields is None else fields
        supplement = Supplement(KEY, SUBMISSION, "THEIRS-1", given, documents)
        return self.adapter.build_supplement(supplement, self.endpoint, now=NOW + timedelta(**late))

    def test_supplement_brings_what_was_given_and_every_file(self):
        body = self.supplemented().body.decode()
        for label, value in self.supported().items():
            assert str(value) in body, label
        for document in DOCUMENTS:
            assert base64.b64encode(document.content).decode() in body

    def test_supplement_brings_nothing_else(self):
        body = self.supplemented({}, DOCUMENTS[:1]).body.decode()
        assert "canary" not in body
        assert base64.b64encode(DOCUMENTS[1].content).decode() not in body

    def test_every_attempt_sends_the_same_supplement_under_its_own_key(self):
        first, later = self.supplemented(), self.supplemented(seconds=40)
        assert (first.body, first.url, first.method) == (later.body, later.url, later.method)
        assert str(KEY) in first.body.decode() + repr(dict(first.headers)) + first.url
        assert first.submission_id == SUBMISSION

    def test_supplement_carries_no_personal_data_outside_its_body(self):
        call = self.supplemented()
        assert call.url.startswith(self.endpoint.base_url)
        assert "canary" not in call.url + repr(dict(call.headers)) + repr(call)

    @pytest.mark.parametrize(
        ("label", "media_type", "code"),
        [
            ("document.horoscope", "application/pdf", ErrorCode.FIELD_NOT_SUPPORTED),
            ("document.income", "text/html", ErrorCode.VALUE_NOT_SUPPORTED),
        ],
    )
    def test_file_without_a_place_is_refused_not_dropped(self, label, media_type, code):
        with pytest.raises(LenderError) as caught:
            self.supplemented({}, (Document(label, media_type, b"canary"),))
        assert (caught.value.code, caught.value.permanent) == (code, True)

    def test_field_without_a_place_is_refused_not_dropped_from_a_supplement(self):
        with pytest.raises(LenderError) as caught:
            self.supplemented({"identification.shoe_size": "canary"}, ())
        assert (caught.value.code, caught.value.permanent) == (ErrorCode.FIELD_NOT_SUPPORTED, True)

    # --- what nobody sees ---

    def test_nothing_is_shown_by_repr(self):
        answer = self.adapter.parse(self.offered(), self.endpoint, now=NOW)
        shown = repr([credit_request(), self.endpoint, self.built(), self.offered(), answer])
        assert "canary" not in shown
        assert not any(secret in shown for secret in self.secrets())
        assert "560" not in shown

    # --- reading ---

    def test_offer(self):
        answer = self.adapter.parse(self.offered(), self.endpoint, now=NOW)
        assert isinstance(answer, Offered)
        assert answer.offers

    def test_decline(self):
        assert isinstance(self.adapter.parse(self.declined(), self.endpoint, now=NOW), Declined)

    def test_pending(self):
        assert isinstance(self.adapter.parse(self.pending(), self.endpoint, now=NOW), Pending)

    def test_choice_accepted(self):
        assert isinstance(self.adapter.parse_choice(self.accepted(), self.endpoint, now=NOW), Accepted)

    def test_answer_about_another_submission_is_refused(self):
        other = dataclasses.replace(self.offered(), submission_id=UUID(int=7))
        with pytest.raises(LenderError) as caught:
            self.adapter.parse(other, self.endpoint, now=NOW)
        assert (caught.value.code, caught.value.permanent) == (ErrorCode.WRONG_SUBMISSION, True)

    @pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
    def test_status_worth_another_try(self, status):
        with pytest.raises(LenderError) as caught:
            self.adapter.parse(HttpAnswer(status, {}, b"<html>"), self.endpoint, now=NOW)
        assert (caught.value.code, caught.value.permanent) == (ErrorCode.UNAVAILABLE, False)
        assert caught.value.ambiguous is (status not in (408, 425, 429, 503))

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 422, 499])
    def test_status_that_is_final(self, status):
        with pytest.raises(LenderError) as caught:
            self.adapter.parse(HttpAnswer(status, {}, b"<html>"), self.endpoint, now=NOW)
        assert (caught.value.code, caught.value.permanent) == (ErrorCode.REJECTED, True)

    @pytest.mark.parametrize(
        ("header", "seconds"),
        [
            ("7", 7),
            ("0", 0),
            ("999999", 3600),
            ("Mon, 23 Nov 2026 09:01:05 GMT", 60),
            ("Mon, 23 Nov 2026 08:00:00 GMT", 0),
            ("-5", None),
            ("soon", None),
            ("", None),
        ],
    )
    def test_retry_after(self, header, seconds):
        with pytest.raises(LenderError) as caught:
            self.adapter.parse(HttpAnswer(503, {"retry-after": header}, b""), self.endpoint, now=NOW)
        assert caught.value.retry_after == seconds

    # --- any bytes are an answer or a LenderError, and the error quotes nothing ---

    def judged(self, read: Any, *arguments: Any, expected: tuple[type, ...]) -> None:
        found = outcome(lambda: read(*arguments, self.endpoint, now=NOW))
        assert isinstance(found, (*expected, LenderError))
        assert getattr(found, "__context__", None) is None

    @settings(max_examples=150)
    @given(st.integers(100, 999), HEADERS, st.binary(max_size=300))
    def test_any_reply(self, status, headers, body):
        answer = HttpAnswer(status, headers, body, SUBMISSION)
        self.judged(self.adapter.parse, answer, expected=ANSWERS)
        self.judged(self.adapter.parse_choice, answer, expected=(*ANSWERS, Accepted))

    @settings(max_examples=150)
    @given(HEADERS, st.binary(max_size=300))
    def test_any_callback(self, headers, body):
        self.judged(self.adapter.parse_callback, headers, body, expected=(tuple,))

    @settings(max_examples=150)
    @given(st.binary(max_size=300))
    def test_any_body_rightly_signed(self, body):
        answer = self.genuine(body)
        self.judged(self.adapter.parse, answer, expected=ANSWERS)
        self.judged(self.adapter.parse_choice, answer, expected=(*ANSWERS, Accepted))
        self.judged(self.adapter.parse_callback, answer.headers, answer.body, expected=(tuple,))
