"""What every adapter owes, whatever its lender speaks.

A new adapter's test subclasses `AdapterContract` and fills in the lender's side.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lenders.adapters import ADAPTERS
from lenders.adapters.base import (
    Abilities,
    Accepted,
    Adapter,
    Choice,
    ContractSigned,
    Declined,
    Deleted,
    DeletionReason,
    DeletionRequest,
    Document,
    HttpAnswer,
    HttpCall,
    Inquiry,
    LenderEndpoint,
    NeedsMore,
    Noted,
    Notice,
    NoticeKind,
    Offered,
    Pending,
    Retained,
    Reviewed,
    Supplement,
    Token,
    Unrecognised,
    Withdrawn,
)
from lenders.adapters.errors import ErrorCode, LenderError
from tests.lenders.lender_examples import EVERY_FIELD, NOW, SUBMISSION, credit_request

ANSWERS = (Offered, Declined, Pending, NeedsMore, Withdrawn, ContractSigned, Unrecognised)
DELETION_ANSWERS = (Deleted, Retained, Pending, Unrecognised)
NOTICE_ANSWERS = (Noted, Reviewed, Unrecognised)
NOTICE = UUID(int=12)
TEXT = st.text(alphabet=st.characters(exclude_characters="\r\n\0"), max_size=60)
HEADERS = st.dictionaries(
    st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature", "retry-after", "content-type"]),
    TEXT,
)
# each adapter runs the same examples: none is the same test replayed on another object by mistake
ANYTHING = settings(max_examples=150, suppress_health_check=[HealthCheck.differing_executors])


def outcome(read: Callable[[], Any]) -> Any:
    """What was read, or the LenderError raised; any other exception is the test's failure."""
    try:
        return read()
    except LenderError as error:
        return error


class AdapterContract:
    """Subclasses give the adapter, an endpoint and how this lender says each thing.

    not_let_in  what a bare 401 means: code, permanent
    documents   what goes with a supplement, where its lenders take documents
    """

    adapter: Adapter
    endpoint: LenderEndpoint
    not_let_in: tuple[ErrorCode, bool] = (ErrorCode.REJECTED, True)
    documents: tuple[Document, ...] = (Document("document.income", "application/pdf", b"canary-document"),)

    def offered(self) -> HttpAnswer:
        raise NotImplementedError("return an answer with an offer, as this lender writes it")

    def declined(self) -> HttpAnswer:
        raise NotImplementedError("return an answer that declines, as this lender writes it")

    def pending(self) -> HttpAnswer:
        """Needed where the adapter is polled or its lenders call back: the others decide at once."""
        raise NotImplementedError("return an answer that it is considering, as this lender writes it")

    def accepted(self) -> HttpAnswer:
        raise NotImplementedError("return the answer to a choice that it takes, as this lender writes it")

    def deleted(self) -> HttpAnswer:
        """Needed where the adapter takes requests to delete."""
        raise NotImplementedError("return an answer that it deleted, as this lender writes it")

    def noted(self) -> HttpAnswer:
        """Needed where the adapter takes notices."""
        raise NotImplementedError("return an answer that it noted NOTICE, as this lender writes it")

    def genuine(self, body: bytes) -> HttpAnswer:
        """A body of any bytes that passes for the lender's own, as far as the lender can prove that."""
        raise NotImplementedError("return these bytes as a reply of this lender, signed where it signs")

    def written(self, label: str, value: Any) -> str:
        """How this lender's messages write a value of ours."""
        return str(value)

    def bodies(self) -> st.SearchStrategy[bytes]:
        """What may come instead of an answer; a lender's format has bad manners of its own to add."""
        return st.binary(max_size=300)

    def secrets(self) -> list[str]:
        """Every word of the credentials that nobody else may see."""
        kept = self.endpoint.credentials.stored()
        return [*kept.pop("signing", ()), *kept.values()]

    # --- the adapter itself ---

    def test_is_registered_under_its_slug(self):
        named = ADAPTERS.get(self.adapter.slug)
        assert type(named) is type(self.adapter), "name it in ADAPTERS (lenders/adapters/__init__.py)"

    def test_declares_what_it_can(self):
        assert isinstance(self.adapter.abilities, Abilities)
        missing = self.adapter.credentials - self.endpoint.credentials.held
        assert not missing, f"the endpoint of this test lacks, or holds in part: {', '.join(sorted(missing))}"
        assert self.adapter.supported_labels

    # --- building ---

    def supported(self) -> dict[str, Any]:
        return {
            label: value for label, value in EVERY_FIELD.items() if label in self.adapter.supported_labels
        }

    def built(self, fields: dict[str, Any] | None = None, **late: Any):
        request = credit_request(self.supported() if fields is None else fields)
        return self.adapter.build_application(request, self.endpoint, now=NOW + timedelta(**late))

    def holds_every_value(self, body: str) -> None:
        for label, value in self.supported().items():
            written = self.written(label, value)
            assert written in body, f"{label} is not sent as {written}: override written() if it is right so"

    def test_every_supported_value_arrives_in_the_body(self):
        self.holds_every_value(self.built().body.decode())

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

    def deletion(self, reason: DeletionReason) -> HttpCall:
        request = DeletionRequest(SUBMISSION, reason, "THEIRS-1")
        return self.adapter.build_deletion(request, self.endpoint, now=NOW)

    def calls(self) -> list[HttpCall]:
        """One of each kind that this adapter makes."""
        choice = Choice(SUBMISSION, "OFFER-1", "canary-keyword", "THEIRS-1")
        return [
            self.built(),
            self.adapter.build_inquiry(Inquiry(SUBMISSION, "THEIRS-1"), self.endpoint, now=NOW),
            self.adapter.build_choice(choice, self.endpoint, now=NOW),
            *([self.supplement()] if self.adapter.abilities.takes_supplement else []),
            *(map(self.deletion, DeletionReason) if self.adapter.abilities.deletion_notices else []),
            *(map(self.notice, NoticeKind) if self.adapter.abilities.takes_notices else []),
        ]

    def test_calls_stay_under_the_lenders_address_and_carry_no_personal_data_outside_the_body(self):
        for call in self.calls():
            assert call.url.startswith(self.endpoint.base_url)
            assert call.submission_id == SUBMISSION
            assert "canary" not in call.url + repr(dict(call.headers)) + repr(call)

    def test_nothing_is_shown_by_repr(self):
        answer = self.adapter.parse(self.offered(), self.endpoint, now=NOW)
        shown = repr([credit_request(), self.endpoint, self.built(), self.offered(), answer])
        assert "canary" not in shown
        assert not any(secret in shown for secret in self.secrets())
        assert "560" not in shown

    # --- requests to delete ---

    def test_request_to_delete_is_built_or_not_supported(self):
        if not self.adapter.abilities.deletion_notices:
            with pytest.raises(LenderError) as caught:
                self.deletion(DeletionReason.NOT_SELECTED)
            assert caught.value.code == ErrorCode.NOT_SUPPORTED
            return
        bodies = [self.deletion(reason).body for reason in DeletionReason]
        assert len(set(bodies)) == len(bodies)  # each says why

    def test_deleted(self):
        if not self.adapter.abilities.deletion_notices:
            pytest.skip("this adapter takes no requests to delete")
        assert isinstance(self.adapter.parse_deletion(self.deleted(), self.endpoint, now=NOW), Deleted)

    # --- word of a right ---

    def told_of(self, kind: NoticeKind, **changes: Any) -> Notice:
        said = {"fields": self.supported() if kind == NoticeKind.RECTIFIED else {}, "text": "canary-words"}
        if kind in (NoticeKind.RESTRICTED, NoticeKind.RESTRICTION_LIFTED):
            said["text"] = ""
        return Notice(NOTICE, SUBMISSION, kind, NOW, "THEIRS-1", **(said | changes))

    def notice(self, kind: NoticeKind, *, late: int = 0, **changes: Any) -> HttpCall:
        now = NOW + timedelta(seconds=late)
        return self.adapter.build_notice(self.told_of(kind, **changes), self.endpoint, now=now)

    def read(self, answer: HttpAnswer, kind: NoticeKind) -> Any:
        return self.adapter.parse_notice(answer, self.endpoint, notice=self.told_of(kind), now=NOW)

    def takes_notices_or_skip(self) -> None:
        if not self.adapter.abilities.takes_notices:
            pytest.skip("this adapter takes no notices")

    def test_notice_is_built_or_not_supported(self):
        if not self.adapter.abilities.takes_notices:
            with pytest.raises(LenderError) as caught:
                self.notice(NoticeKind.RESTRICTED)
            assert (caught.value.code, caught.value.permanent) == (ErrorCode.NOT_SUPPORTED, True)
            return
        bodies = [self.notice(kind).body for kind in NoticeKind]
        assert len(set(bodies)) == len(bodies)  # each says what it is about
        self.holds_every_value(self.notice(NoticeKind.RECTIFIED).body.decode())
        assert "canary-words" in self.notice(NoticeKind.REVIEW).body.decode()

    def test_notice_says_its_id_and_every_attempt_sends_the_same(self):
        self.takes_notices_or_skip()
        for kind in NoticeKind:
            first, later = self.notice(kind), self.notice(kind, late=40)
            assert (first.body, first.url, first.method) == (later.body, later.url, later.method)
            assert str(NOTICE) in first.body.decode() + repr(dict(first.headers))

    def test_notice_of_a_field_without_a_place_is_refused_not_dropped(self):
        self.takes_notices_or_skip()
        for fields in ({"identification.shoe_size": "canary"}, {"identification.shoe_size": None}):
            with pytest.raises(LenderError) as caught:
                self.notice(NoticeKind.RECTIFIED, fields=fields)
            assert (caught.value.code, caught.value.permanent) == (ErrorCode.FIELD_NOT_SUPPORTED, True)

    def test_notice_says_that_a_value_is_gone(self):
        self.takes_notices_or_skip()
        for label in self.supported():
            emptied, nothing = (
                self.notice(NoticeKind.RECTIFIED, fields=fields).body for fields in ({label: None}, {})
            )
            assert emptied != nothing, label

    def test_noted(self):
        self.takes_notices_or_skip()
        assert isinstance(self.read(self.noted(), NoticeKind.RESTRICTED), Noted)

    def test_answer_to_another_notice_is_refused(self):
        self.takes_notices_or_skip()
        other = dataclasses.replace(self.told_of(NoticeKind.REVIEW), notice_id=UUID(int=13))
        with pytest.raises(LenderError) as caught:
            self.adapter.parse_notice(self.noted(), self.endpoint, notice=other, now=NOW)
        assert (caught.value.code, caught.value.permanent) == (ErrorCode.WRONG_SUBMISSION, True)

    # --- what was still needed ---

    def supplement(self, **changes: Any) -> Any:
        given = {"fields": self.supported(), "documents": self.documents}
        supplement = Supplement(UUID(int=11), SUBMISSION, "THEIRS-1", **(given | changes))
        return self.adapter.build_supplement(supplement, self.endpoint, now=NOW)

    def test_supplement_carries_what_was_asked_for_or_is_not_supported(self):
        if not self.adapter.abilities.takes_supplement:
            with pytest.raises(LenderError) as caught:
                self.supplement()
            assert (caught.value.code, caught.value.permanent) == (ErrorCode.NOT_SUPPORTED, True)
            return
        self.holds_every_value(self.supplement().body.decode())

    @pytest.mark.parametrize(
        "unplaced",
        [
            {"fields": {"identification.shoe_size": "canary"}},
            {"documents": (Document("document.shoe_size", "image/png", b"canary"),)},
        ],
    )
    def test_supplement_without_a_place_is_refused_not_dropped(self, unplaced):
        if not self.adapter.abilities.takes_supplement:
            pytest.skip("this adapter takes none")
        with pytest.raises(LenderError) as caught:
            self.supplement(**unplaced)
        assert (caught.value.code, caught.value.permanent) == (ErrorCode.FIELD_NOT_SUPPORTED, True)

    # --- the token ---

    def token_request(self) -> Any:
        request = self.adapter.build_token_request(self.endpoint, now=NOW)
        if request is None:
            pytest.skip("this lender wants no token")
        return request

    def test_token_request_stays_under_the_lenders_address_and_shows_no_secret(self):
        request = self.token_request()
        assert request.url.startswith(self.endpoint.base_url)
        assert not any(secret in request.url + repr(request) for secret in self.secrets())
        assert request == self.adapter.build_token_request(self.endpoint, now=NOW + timedelta(seconds=9))

    @ANYTHING
    @given(st.integers(100, 999), st.binary(max_size=300))
    def test_any_reply_to_it_is_a_token_or_a_lender_error(self, status, body):
        self.token_request()
        self.judged(self.adapter.parse_token, HttpAnswer(status, {}, body), expected=(Token,))

    # --- reading ---

    def test_offer(self):
        answer = self.adapter.parse(self.offered(), self.endpoint, now=NOW)
        assert isinstance(answer, Offered)
        assert answer.offers

    def test_decline(self):
        assert isinstance(self.adapter.parse(self.declined(), self.endpoint, now=NOW), Declined)

    def test_pending(self):
        if not (self.adapter.abilities.is_polled or self.adapter.abilities.calls_back):
            pytest.skip("this lender decides at once")
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

    @pytest.mark.parametrize("status", [400, 403, 404, 409, 410, 422, 499])
    def test_status_that_is_final(self, status):
        with pytest.raises(LenderError) as caught:
            self.adapter.parse(HttpAnswer(status, {}, b"<html>"), self.endpoint, now=NOW)
        assert (caught.value.code, caught.value.permanent) == (ErrorCode.REJECTED, True)

    def test_call_that_was_not_let_in(self):
        with pytest.raises(LenderError) as caught:
            self.adapter.parse(HttpAnswer(401, {}, b"<html>"), self.endpoint, now=NOW)
        assert (caught.value.code, caught.value.permanent) == self.not_let_in
        assert not caught.value.ambiguous

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

    def judge(self, answer: HttpAnswer) -> None:
        self.judged(self.adapter.parse, answer, expected=ANSWERS)
        self.judged(self.adapter.parse_choice, answer, expected=(*ANSWERS, Accepted))
        if self.adapter.abilities.deletion_notices:
            self.judged(self.adapter.parse_deletion, answer, expected=DELETION_ANSWERS)
        if self.adapter.abilities.takes_notices:
            for kind in NoticeKind:
                read = partial(self.adapter.parse_notice, notice=self.told_of(kind))
                self.judged(read, answer, expected=NOTICE_ANSWERS)

    @ANYTHING
    @given(st.integers(100, 999), HEADERS, st.data())
    def test_any_reply(self, status, headers, data):
        self.judge(HttpAnswer(status, headers, data.draw(self.bodies()), SUBMISSION))

    @ANYTHING
    @given(HEADERS, st.data())
    def test_any_callback(self, headers, data):
        self.judged(self.adapter.parse_callback, headers, data.draw(self.bodies()), expected=(tuple,))

    def test_lender_that_does_not_call_back_is_not_listened_to(self):
        if self.adapter.abilities.calls_back:
            pytest.skip("this lender calls back")
        genuine = self.offered()
        with pytest.raises(LenderError) as caught:
            self.adapter.parse_callback(genuine.headers, genuine.body, self.endpoint, now=NOW)
        assert caught.value.code == ErrorCode.NOT_SUPPORTED

    @ANYTHING
    @given(st.data())
    def test_any_genuine_body(self, data):
        answer = self.genuine(data.draw(self.bodies()))
        self.judge(answer)
        self.judged(self.adapter.parse_callback, answer.headers, answer.body, expected=(tuple,))
