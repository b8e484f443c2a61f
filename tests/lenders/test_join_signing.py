"""Whose word counts: signatures on replies and callbacks, and what a refusal is believed to say."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from lenders.adapters.base import (
    Choice,
    Credentials,
    HttpAnswer,
    Inquiry,
    LenderEndpoint,
    Withdrawn,
)
from lenders.adapters.errors import ErrorCode, LenderError, Problem
from lenders.adapters.join import JoinAdapter
from tests.lenders.lender_examples import (
    ENDPOINT,
    NOW,
    OLD_SECRET,
    SECRET,
    SUBMISSION,
    credit_request,
    reply,
    said,
    signed,
)

JOIN = JoinAdapter()


def parse(document: Any, **options: Any):
    return JOIN.parse(reply(document, **options), ENDPOINT, now=NOW)


def fault_of(document: Any, **options: Any) -> LenderError:
    with pytest.raises(LenderError) as caught:
        parse(document, **options)
    return caught.value


@pytest.mark.parametrize("secret", [SECRET, OLD_SECRET])
def test_either_of_two_secrets_verifies_while_they_change(secret):
    assert parse(said("withdrawn"), secret=secret) == Withdrawn("L-1")


def test_one_good_signature_in_a_list_is_enough():
    headers, body = signed(said("withdrawn"))
    headers["webhook-signature"] = f"v2,AAAA v1,AAAA v1,%% {headers['webhook-signature']}"
    assert JOIN.parse_callback(headers, body, ENDPOINT, now=NOW).answer == Withdrawn("L-1")


def test_signature_of_another_lender_is_refused():
    other = "whsec_" + "QUFB" * 8
    assert fault_of(said("withdrawn"), secret=other).code == ErrorCode.BAD_SIGNATURE


@pytest.mark.parametrize("minutes", [-6, 6, -60 * 24])
def test_message_outside_five_minutes_is_stale(minutes):
    fault = fault_of(said("withdrawn"), at=NOW + timedelta(minutes=minutes))
    assert (fault.code, fault.permanent) == (ErrorCode.STALE_MESSAGE, True)


@pytest.mark.parametrize("minutes", [-4.9, 4.9])
def test_message_within_five_minutes_is_fresh(minutes):
    assert parse(said("withdrawn"), at=NOW + timedelta(minutes=minutes))


FORGERIES = [
    ("webhook-id", "msg_2"),
    ("webhook-id", ""),
    ("webhook-id", "a.b"),
    ("webhook-timestamp", "1795424406"),
    ("webhook-timestamp", "soon"),
    ("webhook-timestamp", "1795424405.5"),
    ("webhook-timestamp", "999999999999"),
    ("webhook-timestamp", "١٧٩٥٤٢٤٤٠٥"),
    ("webhook-signature", ""),
    ("webhook-signature", "v1"),
    ("webhook-signature", "v1,"),
    ("webhook-signature", "v1,é"),
    ("webhook-signature", "v1," + "A" * 3000),
]


@pytest.mark.parametrize(("header", "value"), FORGERIES)
def test_changed_header_is_refused(header, value):
    headers, body = signed(said("withdrawn"))
    headers[header] = value
    with pytest.raises(LenderError) as caught:
        JOIN.parse_callback(headers, body, ENDPOINT, now=NOW)
    assert (caught.value.code, caught.value.permanent) == (ErrorCode.BAD_SIGNATURE, True)


def test_changed_truncated_or_undecodable_body_is_refused():
    headers, body = signed(said("withdrawn"))
    for forged in (body + b" ", body[:-1], b"", body.replace(b"withdrawn", b"declined"), b"\xff\xfe"):
        with pytest.raises(LenderError) as caught:
            JOIN.parse_callback(headers, forged, ENDPOINT, now=NOW)
        assert caught.value.code == ErrorCode.BAD_SIGNATURE


def test_endpoint_without_secrets_accepts_nothing():
    endpoint = LenderEndpoint("x", "https://x.example", Credentials(signing=("", "whsec_")))
    headers, body = signed(said("withdrawn"))
    with pytest.raises(LenderError) as caught:
        JOIN.parse_callback(headers, body, endpoint, now=NOW)
    assert caught.value.code == ErrorCode.BAD_SIGNATURE


def test_callback_gives_message_submission_and_answer_whatever_the_case_of_headers():
    headers, body = signed(said("withdrawn"), message_id="msg_77")
    shouted = {name.upper(): value for name, value in headers.items()}
    assert JOIN.parse_callback(shouted, body, ENDPOINT, now=NOW) == ("msg_77", SUBMISSION, Withdrawn("L-1"))


def test_our_own_request_sent_back_to_us_is_no_answer():
    for call in (
        JOIN.build_application(credit_request(), ENDPOINT, now=NOW),
        JOIN.build_choice(Choice(SUBMISSION, "OFFER-1", "saule"), ENDPOINT, now=NOW),
        JOIN.build_inquiry(Inquiry(SUBMISSION), ENDPOINT, now=NOW),
    ):
        with pytest.raises(LenderError) as caught:
            JOIN.parse_callback(call.headers, call.body, ENDPOINT, now=NOW)
        assert caught.value.code == ErrorCode.MALFORMED_ANSWER


# --- refusals ---

UNKNOWN = {"errors": [{"attribute": "submission_id", "type": "unknown", "message": "canary"}]}


def test_signed_404_of_an_unknown_submission_means_not_received():
    fault = fault_of(UNKNOWN, status=404)
    assert (fault.code, fault.permanent, fault.ambiguous) == (ErrorCode.NOT_RECEIVED, False, False)


@pytest.mark.parametrize(
    "answer", [reply(UNKNOWN, status=404, secret="whsec_" + "QUFB" * 8), reply(UNKNOWN, status=410)]
)
def test_anything_less_is_a_rejection_because_on_that_word_we_send_again(answer):
    with pytest.raises(LenderError) as caught:
        JOIN.parse(answer, ENDPOINT, now=NOW)
    assert (caught.value.code, caught.value.permanent) == (ErrorCode.REJECTED, True)


IN_OTHER_WORDS = {"errors": [{"attribute": "idempotency_key", "type": "conflict"}]}


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (reply(IN_OTHER_WORDS, status=409), ErrorCode.ALREADY_RECEIVED),
        (reply(IN_OTHER_WORDS, status=400), ErrorCode.REJECTED),
        (reply(IN_OTHER_WORDS, status=409, secret="whsec_" + "QUFB" * 8), ErrorCode.REJECTED),
        (
            reply({"errors": [{"attribute": "idempotency_key", "type": "missing"}]}, status=409),
            ErrorCode.REJECTED,
        ),
    ],
)
def test_signed_409_about_the_idempotency_key_means_already_received(answer, code):
    with pytest.raises(LenderError) as caught:
        JOIN.parse(answer, ENDPOINT, now=NOW)
    assert (caught.value.code, caught.value.permanent) == (code, True)


CHOICE = JOIN.build_choice(Choice(SUBMISSION, "OFFER-1", "saule"), ENDPOINT, now=NOW)
ECHO = HttpAnswer(400, {name.lower(): value for name, value in CHOICE.headers.items()}, CHOICE.body)


@pytest.mark.parametrize(
    ("answer", "signed"),
    [
        (reply({"errors": []}, status=409), True),
        (reply({"errors": []}, status=409, secret="whsec_" + "QUFB" * 8), False),
        (reply({"errors": []}, status=409, at=NOW - timedelta(minutes=6)), False),
        (reply(b"<html>", status=403), False),
        (HttpAnswer(404, {}, b'{"errors": []}'), False),
        (ECHO, False),
    ],
)
def test_only_a_rightly_signed_list_is_the_lenders_own_refusal(answer, signed):
    with pytest.raises(LenderError) as caught:
        JOIN.parse_choice(answer, ENDPOINT, now=NOW)
    assert (caught.value.code, caught.value.signed) == (ErrorCode.REJECTED, signed)


def test_rejection_names_known_fields_and_types_only():
    errors = [
        {"attribute": "identification.phone", "type": "missing", "message": "canary"},
        {"attribute": "identification.email", "type": "canary"},
        {"attribute": "canary", "type": "missing"},
        {"attribute": ["identification.email"]},
        "canary",
    ]
    fault = fault_of({"errors": errors}, status=422)
    assert fault.code == ErrorCode.REJECTED
    assert fault.problems == (
        Problem("identification.phone", "missing"),
        Problem("identification.email", "other"),
    )
    assert "canary" not in repr(fault) + str(fault) + repr(fault.problems)
    assert fault.__context__ is None
