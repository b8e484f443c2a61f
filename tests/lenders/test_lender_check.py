"""`lender_check`: a lender that keeps the contract passes, each way of breaking it is named in one line."""

from __future__ import annotations

import socket
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from aiohttp import web
from django.core.management import CommandError, call_command

from applications.form_fields import ANSWER_LABELS
from lenders.adapters import get_adapter
from lenders.conformance.applicant import ANSWERABLE, ANSWERS, Applicant, application
from lenders.models import Lender
from lenders.sandbox import credit
from lenders.sandbox.join import Visit
from lenders.sandbox.secrets import SANDBOX_LENDERS, Behaviour
from lenders.services.payload import KEYWORD
from tests.lenders import scene

pytestmark = [pytest.mark.slow, pytest.mark.django_db(databases=scene.DATABASES)]

KEEP_THE_CONTRACT = [
    lender.slug
    for lender in SANDBOX_LENDERS
    if lender.behaviour in (Behaviour.OFFERS, Behaviour.CALLS_BACK) and not lender.over_tls
]


@pytest.fixture
def check(sandbox: Any, lenders: Any) -> Callable[..., tuple[list[str], bool]]:
    """Run the command against the sandbox: its lines, and whether the lender is ready."""
    scene.register(sandbox.url, tls_url=sandbox.tls_url)

    def run(slug: str, **options: Any) -> tuple[list[str], bool]:
        out, ready = StringIO(), True
        try:
            call_command("lender_check", slug, stdout=out, **{"patience": 5.0} | options)
        except CommandError:
            ready = False
        return out.getvalue().splitlines(), ready

    return run


def line(lines: list[str], check: str) -> str:
    """What came of one check."""
    (found,) = [one for one in lines if one[6:].startswith(f"{check}: ")]
    return found


def test_invented_applicant_answers_whatever_a_lender_may_ask() -> None:
    assert ANSWER_LABELS - {KEYWORD} == ANSWERABLE


@pytest.mark.parametrize("slug", KEEP_THE_CONTRACT)
def test_lender_that_keeps_the_contract_passes(check: Any, slug: str) -> None:
    lines, ready = check(slug)
    assert ready, lines
    assert line(lines, "states figures that are true").startswith("PASS")
    assert line(lines, "turns a stranger away") == "PASS  turns a stranger away: rejected"
    assert line(lines, "takes the choice") == "PASS  takes the choice: accepted"
    rights = line(lines, "takes word of a person's rights")
    assert rights.startswith("PASS" if scene.SANDBOX[slug].protocol == "join" else "SKIP")


def test_lender_that_wants_a_certificate_turns_away_who_shows_another(check: Any) -> None:
    lines, ready = check("vecpilseta")
    assert ready, lines
    assert line(lines, "turns a stranger away") == "PASS  turns a stranger away: disconnected"
    assert line(lines, "takes the same application again for the same").startswith("SKIP")
    assert line(lines, "deletes, or says why not") == "PASS  deletes, or says why not: deleted"


def test_decision_by_callback_is_waited_for(check: Any) -> None:
    lines, _ = check("dzintars")
    assert line(lines, "takes an application").startswith("PASS  takes an application: pending in ")
    assert line(lines, "decides").startswith("PASS  decides: 1 offer after ")


def test_lender_that_is_out_of_order_fails_with_the_reason(check: Any) -> None:
    lines, ready = check("vetra")
    assert not ready
    expected = (
        "FAIL  takes an application: unavailable (HTTP 503). It said that it cannot answer at the moment."
    )
    assert line(lines, "takes an application") == expected
    assert line(lines, "decides") == "SKIP  decides: there was no usable answer to the application"
    assert line(lines, "takes the choice") == "SKIP  takes the choice: there is no offer to choose"


def test_lender_that_declines_everybody_is_no_use_for_a_test(check: Any) -> None:
    lines, ready = check("piesardze")
    assert not ready
    assert line(lines, "takes an application").startswith("FAIL  takes an application: declined in ")


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("malformed", "malformed_answer (HTTP 200). Its answer could not be read. It is about: reference."),
        ("bad_signature", "bad_signature (HTTP 200). Its answer was not signed as agreed."),
        ("huge", "too_large. Its answer was too large."),
        ("redirect", "redirected. It sent us on to another address, which we do not follow."),
        ("error", "unavailable (HTTP 503). It said that it cannot answer at the moment."),
    ],
)
def test_fault_in_the_first_answer_is_named(check: Any, sandbox: Any, fault: str, reason: str) -> None:
    sandbox.fault("atra", fault)
    lines, ready = check("atra")
    assert not ready
    assert line(lines, "takes an application") == f"FAIL  takes an application: {reason}"


def test_apr_that_does_not_follow_from_the_schedule_is_named(
    check: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lenders.sandbox.credit.round_half_up", lambda rate: rate.quantize(1) + 2)
    lines, ready = check("atra")
    assert not ready
    assert "states an APR that is" in line(lines, "states figures that are true")


def test_address_that_may_not_be_called_is_named(check: Any, sandbox: Any, settings: Any) -> None:
    settings.SANDBOX_URL = ""
    lines, ready = check("dzintars")
    assert not ready
    assert "address_refused" in line(lines, "takes an application")
    rest = lines[lines.index(line(lines, "takes an application")) + 1 : -1]
    assert {one.partition(": ")[2] for one in rest} == {"nothing can be sent to it"}


def test_missing_credentials_are_named(check: Any) -> None:
    Lender.objects.filter(slug="atra").update(secrets=None)
    lines, ready = check("atra")
    assert not ready
    assert line(lines, "is set up") == "FAIL  is set up: credentials are missing: signing_secrets"


def test_refusal_that_anybody_on_the_way_could_have_made_is_none(
    check: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unsigned(self: object, status: int, *_about: str) -> web.StreamResponse:
        return web.Response(status=status)

    monkeypatch.setattr(Visit, "refuse", unsigned)
    lines, ready = check("atra")
    assert not ready
    found = line(lines, "refuses an offer that it never made")
    assert found.startswith("FAIL  refuses an offer that it never made: rejected (HTTP 409). ")
    assert "should say so itself" in found


def test_callback_that_could_not_be_used_is_told_with_the_decision_that_did_not_come(
    check: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lenders.sandbox.credit.OFFER_STANDS", timedelta(days=365 * 80))
    lines, ready = check("dzintars", patience=1.0)
    assert not ready
    expected = (
        "FAIL  decides: no decision within 1 s; what it called back could not be used: malformed_answer"
    )
    assert line(lines, "decides") == expected


def test_choice_that_was_not_taken_is_not_told_again(check: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    reply = Visit.reply

    async def refused(visit: Visit, document: Any, *, kind: str = "reply", status: int = 200) -> Any:
        if kind == "choice":
            return await visit.refuse(409, "offer_reference", "unknown", "none of ours")
        return await reply(visit, document, kind=kind, status=status)

    monkeypatch.setattr(Visit, "reply", refused)
    lines, ready = check("atra")
    assert not ready
    assert line(lines, "takes the choice").startswith("FAIL  takes the choice: rejected (HTTP 409). ")
    again = "takes the same choice again for the same"
    assert line(lines, again) == f"SKIP  {again}: it did not take the choice the first time"


def test_offers_that_come_in_parts_are_waited_for(check: Any) -> None:
    lines, ready = check("krasts")
    assert ready, lines
    assert line(lines, "decides").startswith("PASS  decides: 3 offers after ")
    assert "true: 3 offers, " in line(lines, "states figures that are true")


def test_figures_of_an_offer_that_came_later_are_looked_at(
    check: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    true = credit.offers

    def last_one_untrue(*arguments: Any, **wanted: Any) -> list[dict[str, Any]]:
        *others, last = true(*arguments, **wanted)
        return [*others, {**last, "apr": "0.5"}]

    monkeypatch.setattr("lenders.sandbox.credit.offers", last_one_untrue)
    lines, ready = check("krasts")
    assert not ready
    expected = "FAIL  states figures that are true: offer 3 states an APR that is "
    assert line(lines, "states figures that are true").startswith(expected)


def test_offers_made_count_though_more_may_come(check: Any) -> None:
    lines, ready = check("krasts", patience=0.0)
    assert ready, lines
    assert line(lines, "decides") == "PASS  decides: 1 offer after 0.0 s; it says that more may come"
    assert "true: 1 offer, " in line(lines, "states figures that are true")


@pytest.mark.parametrize("limits", [{"active": False}, {"paused_at": datetime(2026, 1, 1, tzinfo=UTC)}])
def test_lender_that_is_not_asked_is_checked_and_that_is_said(check: Any, limits: dict[str, Any]) -> None:
    limit("atra", **limits)
    lines, ready = check("atra")
    assert ready, lines
    assert lines[2] == "Nobody's application is sent to it now: It is not taking applications at the moment."


@pytest.mark.parametrize("options", [{"listen": 9000}, {"callback_url": "https://here.example/"}])
def test_address_for_callbacks_and_its_port_go_together(lenders: Any, options: dict[str, Any]) -> None:
    with pytest.raises(CommandError, match="--listen and --callback-url together"):
        call_command("lender_check", "atra", stdout=StringIO(), **options)


def test_port_that_is_taken_is_named(lenders: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CommandError, match=f"Port {port} is in use"):
            call_command(
                "lender_check", "atra", stdout=StringIO(), listen=port, callback_url="https://here.example/"
            )


def test_field_that_no_lender_is_given_is_named(lenders: Any) -> None:
    lender = Lender.objects.get(slug="atra")
    lender.requested_fields = [*lender.requested_fields, KEYWORD]
    lender.save()
    with pytest.raises(CommandError, match=KEYWORD):
        call_command("lender_check", "atra", stdout=StringIO())


def limit(slug: str, **limits: Any) -> None:
    Lender.objects.filter(slug=slug).update(**limits)


def test_applicant_is_somebody_whom_the_lender_serves(check: Any) -> None:
    limit("atra", languages=["ru"], minimum_age=60, maximum_age_at_end=61, minimum_term_months=6)
    lines, ready = check("atra")
    assert ready, lines
    assert lines[1] == "An invented person of 60, language ru, asks for 5050.00 euros over 6 months."


def test_amount_and_term_that_were_given_are_asked_for(check: Any) -> None:
    lines, _ = check("atra", amount_cents=1234_50, term_months=7)
    assert lines[1].endswith("asks for 1234.50 euros over 7 months.")


@pytest.mark.parametrize(
    ("limits", "options", "reason"),
    [
        ({"maximum_age_at_end": 18, "minimum_term_months": 12}, {}, "younger at the end of the term"),
        ({"maximum_age_at_end": 18}, {"term_months": 36}, "younger at the end of the term"),
        ({}, {"amount_cents": 1}, "larger amounts only"),
        ({}, {"amount_cents": 10_000_01}, "does not lend this much"),
        ({"minimum_term_months": 2}, {"term_months": 1}, "longer terms only"),
        ({}, {"term_months": 61}, "does not lend for this long"),
    ],
)
def test_limits_that_nobody_can_meet_are_named(
    lenders: Any, limits: dict[str, Any], options: dict[str, Any], reason: str
) -> None:
    limit("atra", **limits)
    with pytest.raises(CommandError, match=f"limits that atra published: .*{reason}"):
        call_command("lender_check", "atra", stdout=StringIO(), **options)


def test_unknown_lender_is_refused_with_those_that_are_known(lenders: Any) -> None:
    with pytest.raises(CommandError, match="atra"):
        call_command("lender_check", "nobody", stdout=StringIO())


def test_output_holds_no_secret_and_no_answer_of_the_invented_person(check: Any) -> None:
    lines, _ = check("atra")
    shown = "\n".join(lines)
    assert "whsec_" not in shown
    words = [value for value in ANSWERS.values() if isinstance(value, str) and len(value) > 8]
    assert [word for word in words if word in shown] == []


def test_application_of_the_invented_person_carries_the_declared_fields_alone() -> None:
    labels = ["loan.amount_cents", "identification.surname"]
    request = application(labels, Applicant(date(1990, 2, 1), "lv", 100_00, 3))
    assert list(request.fields) == labels
    assert get_adapter("join").supported_labels >= set(labels)
