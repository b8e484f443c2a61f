"""What the XML lender's replies are read as, and what of them is no answer."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from lenders.adapters.base import (
    DECLINE_REASONS,
    Accepted,
    ContractSigned,
    Declined,
    Deleted,
    Instalment,
    NeedsMore,
    Offered,
    Pending,
    Retained,
    Unrecognised,
    Withdrawn,
)
from lenders.adapters.errors import ErrorCode, LenderError, Problem
from lenders.adapters.xml_reading import MOST_ELEMENTS, document
from lenders.adapters.xml_v1 import XmlAdapter
from lenders.adapters.xml_v1_answers import REASONS
from tests.lenders.lender_examples import NOW, SUBMISSION
from tests.lenders.xml_examples import (
    APPLICATION,
    CHOICE,
    DELETION,
    ENDPOINT,
    NAMESPACE,
    SCHEMA,
    STATUS,
    decided,
    erred,
    offer,
    reply,
    said,
    schedule,
)

XML = XmlAdapter()


def read(body: bytes, **how: Any) -> Any:
    return XML.parse(reply(body, **how), ENDPOINT, now=NOW)


def refused(body: bytes, parse: Any = XML.parse, **how: Any) -> LenderError:
    with pytest.raises(LenderError) as caught:
        parse(reply(body, **how), ENDPOINT, now=NOW)
    assert caught.value.__context__ is None
    assert "canary" not in str(caught.value) + repr(caught.value)
    return caught.value


# --- decisions ---


def test_approved_is_an_offer_to_the_cent():
    (terms,) = read(decided("APPROVED", offer())).offers
    assert (terms.reference, terms.amount_cents, terms.term_months) == ("OFFER-1", 560_00, 12)
    assert (terms.instalment_cents, terms.total_payable_cents, terms.upfront_fees_cents) == (4962, 59550, 0)
    assert (terms.borrowing_rate, terms.apr) == (Decimal("11.50"), Decimal("12.13"))
    assert terms.schedule[-1] == Instalment(12, 4968)
    assert terms.price_personalised is False


@pytest.mark.parametrize(
    ("day", "moment"),
    [
        ("2026-12-07", datetime(2026, 12, 7, 22, tzinfo=UTC)),  # winter: midnight in Riga is 22:00 UTC
        ("2026-07-01", datetime(2026, 7, 1, 21, tzinfo=UTC)),
        ("2028-02-29", datetime(2028, 2, 29, 22, tzinfo=UTC)),
    ],
)
def test_offer_stands_through_its_last_day_in_latvia(day, moment):
    (terms,) = read(decided("APPROVED", offer(ValidTo=day))).offers
    assert terms.valid_until == moment


def test_several_offers():
    body = decided("APPROVED", offer() + offer(OfferNumber="OFFER-2"))
    assert [terms.reference for terms in read(body).offers] == ["OFFER-1", "OFFER-2"]
    assert refused(decided("APPROVED", offer() * 2)).code == ErrorCode.MALFORMED_ANSWER
    eleven = "".join(offer(OfferNumber=f"OFFER-{number}") for number in range(11))
    assert refused(decided("APPROVED", eleven)).code == ErrorCode.MALFORMED_ANSWER


@pytest.mark.parametrize(
    ("decision", "more", "answer"),
    [
        ("REFUSED", "<Reason>DEBT_BURDEN</Reason>", Declined("obligations_too_high", "L-1")),
        ("REFUSED", "<Reason>STARS</Reason>", Declined("other", "L-1")),
        ("IN_REVIEW", "", Pending("L-1")),
        (
            "INCOMPLETE",
            "<Missing>Contacts/Phone</Missing><Missing>Finances/Employer</Missing><Missing>Shoe</Missing>",
            NeedsMore(("identification.phone", "financial.employer"), "L-1"),
        ),
        ("INCOMPLETE", "<Missing>Contacts/Phone</Missing>", NeedsMore(("identification.phone",), "L-1")),
        ("CANCELLED", "", Withdrawn("L-1")),
        ("SIGNED", "", ContractSigned("L-1")),
        ("TELEPHONED", "", Unrecognised("L-1")),
    ],
)
@pytest.mark.parametrize("root", [APPLICATION, STATUS])
def test_decision(root, decision, more, answer):
    assert read(decided(decision, more, root=root)) == answer


@pytest.mark.parametrize(
    ("decision", "more", "answer"),
    [
        ("CONFIRMED", "", Accepted("L-1")),
        ("REFUSED", "<Reason>AGE</Reason>", Declined("age", "L-1")),
        ("IN_REVIEW", "", Pending("L-1")),
        ("CANCELLED", "", Withdrawn("L-1")),
        ("SIGNED", "", ContractSigned("L-1")),
        ("APPROVED", "", Unrecognised("L-1")),
    ],
)
def test_decision_on_a_choice(decision, more, answer):
    body = decided(decision, more, root=CHOICE)
    assert XML.parse_choice(reply(body), ENDPOINT, now=NOW) == answer


@pytest.mark.parametrize(
    ("decision", "more", "answer"),
    [
        ("DELETED", "", Deleted("L-1")),
        (
            "KEPT",
            "<KeptBecause>AML</KeptBecause><KeptUntil>2031-11-23</KeptUntil>",
            Retained("money_laundering_prevention", date(2031, 11, 23), "L-1"),
        ),
        ("KEPT", "<KeptBecause>HABIT</KeptBecause>", Retained("other", None, "L-1")),
        ("IN_REVIEW", "", Pending("L-1")),
        ("BURIED", "", Unrecognised("L-1")),
    ],
)
def test_decision_on_a_deletion(decision, more, answer):
    body = decided(decision, more, root=DELETION)
    assert XML.parse_deletion(reply(body), ENDPOINT, now=NOW) == answer


@pytest.mark.parametrize(
    "more",
    ["", "<KeptBecause>AML</KeptBecause><KeptUntil>soon</KeptUntil>", "<KeptUntil>2031-11-23</KeptUntil>"],
)
def test_what_is_kept_without_a_basis_or_until_no_day_is_malformed(more):
    body = decided("KEPT", more, root=DELETION)
    assert refused(body, XML.parse_deletion).code == ErrorCode.MALFORMED_ANSWER


# --- what is wrong with it ---


def test_reply_to_another_question_is_malformed():
    assert refused(decided("CONFIRMED", root=CHOICE)).code == ErrorCode.MALFORMED_ANSWER
    assert refused(decided("DELETED"), XML.parse_deletion).code == ErrorCode.MALFORMED_ANSWER
    assert refused(decided("IN_REVIEW", root=STATUS), XML.parse_choice).code == ErrorCode.MALFORMED_ANSWER
    assert refused(decided("IN_REVIEW", root="CreditApplication")).code == ErrorCode.MALFORMED_ANSWER


def test_reply_about_another_submission_is_refused_whatever_it_says():
    for body in (
        decided("IN_REVIEW", submission=UUID(int=7)),
        said("<Status>BUSY</Status>", submission=UUID(int=7)),
    ):
        assert refused(body).code == ErrorCode.WRONG_SUBMISSION
    assert refused(decided("IN_REVIEW", submission="canary")).code == ErrorCode.MALFORMED_ANSWER
    assert read(decided("IN_REVIEW", submission=str(SUBMISSION).upper())) == Pending("L-1")


def test_busy_lender_did_nothing_and_is_asked_again():
    error = refused(said("<Status>BUSY</Status>"))
    assert (error.code, error.permanent, error.ambiguous) == (ErrorCode.UNAVAILABLE, False, False)


def test_refusal_names_the_fields_it_is_about():
    error = refused(
        erred(("MISSING", "Contacts/Phone"), ("ODD", "Loan/Amount"), ("INVALID", "canary"), root=APPLICATION)
    )
    assert (error.code, error.permanent, error.signed) == (ErrorCode.REJECTED, True, True)
    assert error.problems == (
        Problem("identification.phone", "missing"),
        Problem("loan.amount_cents", "other"),
    )


def test_refusal_without_a_reason_is_one_all_the_same():
    assert refused(said("<Status>ERROR</Status>")).code == ErrorCode.REJECTED
    assert refused(said("<Status>ERROR</Status><Error>canary</Error>")).problems == ()


def test_unknown_id_means_not_received_where_something_was_asked_by_it():
    for root, parse in ((STATUS, XML.parse), (CHOICE, XML.parse_choice)):
        error = refused(erred(("UNKNOWN", "Id"), root=root), parse)
        assert (error.code, error.permanent) == (ErrorCode.NOT_RECEIVED, False)
    assert refused(erred(("UNKNOWN", "Id"), root=APPLICATION)).code == ErrorCode.REJECTED


def test_lender_that_knows_nothing_of_it_has_nothing_left_to_delete():
    """As after a first request to delete whose answer was lost."""
    body = erred(("UNKNOWN", "Id"), root=DELETION)
    assert XML.parse_deletion(reply(body), ENDPOINT, now=NOW) == Deleted()
    assert refused(erred(("MISSING", "Id"), root=DELETION), XML.parse_deletion).code == ErrorCode.REJECTED


def test_page_of_a_gateway_is_not_the_lenders_word():
    error = refused(b"<html>canary</html>", status=403)
    assert (error.code, error.signed) == (ErrorCode.REJECTED, False)


WRONG_FIGURES: list[dict[str, str | None]] = [
    {"Amount": "560,00"},
    {"Amount": "560.001"},
    {"Amount": "-560.00"},
    {"Amount": "+560.00"},
    {"Amount": "5.6e2"},
    {"Amount": "NaN"},
    {"Amount": ".5"},
    {"Amount": "560."},
    {"Amount": "5 60.00"},
    {"Amount": "٥٦٠.00"},
    {"Amount": "0.00"},
    {"Amount": "10000000.01"},
    {"Amount": None},
    {"Amount": "<Amount>560<b/></Amount>"},
    {"Amount": "<Amount>560.00</Amount><Amount>560.00</Amount>"},
    {"Currency": "USD"},
    {"Currency": None},
    {"TermMonths": "12.0"},
    {"TermMonths": "481"},
    {"TermMonths": "11"},
    {"Payment": "49.63"},
    {"InterestRate": "11,5"},
    {"InterestRate": "1000.01"},
    {"AnnualPercentageRate": "Infinity"},
    {"TotalToPay": "595.51"},
    {"FeesAtDrawdown": None},
    {"FeesAtDrawdown": "0.01"},
    {"ValidTo": "07.12.2026"},
    {"ValidTo": "2026-02-30"},
    {"ValidTo": "2026-12-07T09:00:00Z"},
    {"PersonalisedPrice": "no"},
    {"PersonalisedPrice": "TRUE"},
    {"OfferNumber": "canary kr."},
    {"Schedule": "<Schedule/>"},
    {"Schedule": None},
    {"Schedule": schedule(*["1.00"] * 481)},
]


@pytest.mark.parametrize("wrong", WRONG_FIGURES, ids=[str(wrong)[:50] for wrong in WRONG_FIGURES])
def test_figure_that_is_not_exactly_one_makes_no_offer(wrong):
    assert refused(decided("APPROVED", offer(**wrong))).code == ErrorCode.MALFORMED_ANSWER


@pytest.mark.parametrize(
    "right",
    [
        {"Amount": "560"},
        {"Amount": "560.0"},
        {"Amount": "<Amount>\n  560.00\n</Amount>"},
        {"Amount": "<Amount><!-- euros -->560.00</Amount>"},
        {"Amount": "<Amount><![CDATA[560.00]]></Amount>"},
        {"Amount": "<Amount>&#53;60.00</Amount>"},
        {"Amount": '<Amount unit="euro">560.00</Amount>'},
        {"PersonalisedPrice": "0"},
    ],
)
def test_same_figure_written_otherwise(right):
    assert read(decided("APPROVED", offer(**right))).offers[0].amount_cents == 560_00


# --- what is not known is left alone ---


def test_unknown_elements_are_left_alone_whatever_they_hold():
    new = '<Note lang="lv">canary <b>text</b></Note><Score xmlns="urn:other">7</Score>'
    strange = '<o:Amount xmlns:o="urn:other">1.00</o:Amount>'
    body = decided("APPROVED", new + offer(Payment=f"<Payment>49.62</Payment>{strange}"))
    assert isinstance(read(body), Offered)


def test_prefixes_are_the_lenders_to_choose():
    body = f"""<?xml version="1.0" encoding="utf-8" standalone="yes"?>
        <r:StatusReply xmlns:r="{NAMESPACE}" Id="{SUBMISSION}">
          <r:Status>OK</r:Status> <r:Decision>IN_REVIEW</r:Decision>
        </r:StatusReply>"""
    assert read(body.encode()) == Pending("")


def test_our_examples_of_replies_keep_to_the_schema():
    bodies = [
        decided("APPROVED", offer() + offer(OfferNumber="OFFER-2")),
        decided("REFUSED", "<Reason>AGE</Reason>"),
        decided("INCOMPLETE", "<Missing>Contacts/Phone</Missing>"),
        decided("KEPT", "<KeptBecause>AML</KeptBecause><KeptUntil>2031-11-23</KeptUntil>", root=DELETION),
        erred(("UNKNOWN", "Id")),
        said("<Status>BUSY</Status>", root=CHOICE),
    ]
    for body in bodies:
        SCHEMA.validate(body.decode())


def test_reasons_are_ours():
    assert set(REASONS.values()) == DECLINE_REASONS - {"other"}


# --- hostile XML ---

ROOT = f'<StatusReply xmlns="{NAMESPACE}" Id="{SUBMISSION}">'
END = "<Status>OK</Status><Decision>IN_REVIEW</Decision></StatusReply>"
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "canary"}">' for n in range(10))
HOSTILE = {
    "billion laughs": f"<!DOCTYPE r [{LAUGHS}]>{ROOT}<Note>&l9;</Note>{END}",
    "quadratic": f'<!DOCTYPE r [<!ENTITY a "{"a" * 50_000}">]>{ROOT}<Note>{"&a;" * 10_000}</Note>{END}',
    "external entity": f'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>{ROOT}<Note>&x;</Note>{END}',
    "external DTD": f'<!DOCTYPE r SYSTEM "http://127.0.0.1:9/canary.dtd">{ROOT}{END}',
    "parameter entity": f'<!DOCTYPE r [<!ENTITY % p SYSTEM "http://127.0.0.1:9/"> %p;]>{ROOT}{END}',
    "harmless DTD": f"<!DOCTYPE StatusReply>{ROOT}{END}",
    "undeclared entity": f"{ROOT}<Note>&nbsp;</Note>{END}",
    "deep": ROOT + "<a>" * 100_000,
    "deep and whole": ROOT + "<a>" * 20 + "</a>" * 20 + END,
    "wide": ROOT + "<a/>" * (MOST_ELEMENTS + 1) + END,
    "endless tag": ROOT + "<" + "a" * 900_000,
    "huge": ROOT + "<Note>" + "canary" * 200_000 + "</Note>" + END,
    "attribute twice": ROOT.replace("Id=", 'Id="x" Id=') + END,
    "two roots": ROOT + END + ROOT + END,
    "text after": ROOT + END + "canary",
    "text beside": ROOT + "canary" + END,
    "cut": (ROOT + END)[:-5],
    "NUL": ROOT + "<Note>\0</Note>" + END,
    "written NUL": ROOT + "<Note>&#0;</Note>" + END,
    "other namespace": ROOT.replace(NAMESPACE, "urn:other") + END,
    "no namespace": f'<StatusReply Id="{SUBMISSION}">{END}',
    "undeclared prefix": ROOT + "<p:Note/>" + END,
    "other encoding": '<?xml version="1.0" encoding="windows-1257"?>' + ROOT + END,
    "status twice": ROOT + "<Status>OK</Status>" + END,
    "decision within": ROOT + "<Status>OK</Status><Other><Decision>SIGNED</Decision></Other></StatusReply>",
    "json": '{"status": "declined"}',
    "nothing": "",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_xml_is_malformed_at_once(name):
    began = time.monotonic()
    assert refused(HOSTILE[name].encode()).code == ErrorCode.MALFORMED_ANSWER
    assert time.monotonic() - began < 1.0


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "iso-8859-13"])
def test_bytes_of_another_encoding_are_malformed(encoding):
    text = ROOT + "<Note>ā</Note>" + END
    assert refused(text.encode(encoding)).code == ErrorCode.MALFORMED_ANSWER


def test_byte_order_mark_is_allowed():
    assert read(("\ufeff" + ROOT + END).encode()) == Pending("")


def test_attributes_of_elements_do_not_stand_for_elements():
    _name, found = document(b'<r xmlns="urn:x" Status="a"><e Amount="1"><f/></e></r>', "urn:x")
    assert found == {"@Status": "a", "e": {"@Amount": "1", "f": ""}}
