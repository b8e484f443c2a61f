"""Passing a file on: intent before the call, one arrival whatever crashes, a true record of what left."""

import json
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from typing import Any
from unittest import mock

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from applications.actors import SYSTEM
from applications.models import DataSubject, Disclosure, DisclosureStatus
from applications.personal import Purpose, RecipientKind
from applications.selectors.who_saw import who_saw
from applications.services.recipients import save_recipient
from lenders.adapters.base import HttpAnswer, LenderError
from lenders.adapters.errors import ErrorCode
from privacy import pushing
from privacy.errors import NoSuchController
from privacy.models import AccessPackage, Arrival, RightsRequest, Transfer, TransferStatus
from privacy.portability.document import RECEIPT_TYPE
from privacy.portability.keys import signed
from privacy.services import requests, transfers
from privacy.services.transfers import Prepared
from privacy.states import RequestStatus
from tests import factories
from tests.clock import later
from tests.lenders import scene
from tests.privacy import dpo, elsewhere, rights
from tests.privacy.elsewhere import handed, pass_on

pytestmark = [pytest.mark.thorough, pytest.mark.django_db(databases=scene.DATABASES)]
T = TransferStatus


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def subject() -> DataSubject:
    return factories.complete_draft(factories.subject()).subject


@pytest.fixture
def transfer(subject: DataSubject) -> Transfer:
    return elsewhere.told_to_pass_on(subject)


def now_of(transfer: Transfer) -> Transfer:
    return Transfer.objects.get(pk=transfer.pk)


def disclosed(transfer: Transfer) -> str:
    return Disclosure.objects.get(delivery=transfer.pk).status


def failing(code: ErrorCode, **more: Any) -> elsewhere.Wire:
    return lambda _prepared: LenderError(code, permanent=False, **more)


def answering(status: int, body: bytes = b"") -> elsewhere.Wire:
    return lambda _prepared: HttpAnswer(status, {}, body)


def test_file_arrives_sealed_and_its_receipt_is_kept(transfer: Transfer, subject: DataSubject) -> None:
    assert pass_on() == 1
    done = now_of(transfer)
    assert (done.status, done.error_code, done.left) == (T.DELIVERED, "", True)
    arrival = Arrival.objects.get()
    assert arrival.transfer_id == transfer.pk
    assert rights.run(RightsRequest.objects.get(pk=transfer.request_id)).status == RequestStatus.COMPLETED


def test_person_sees_who_received_what(transfer: Transfer, subject: DataSubject) -> None:
    pass_on()
    sight = who_saw(subject.pk, purpose=Purpose.DATA_SUBJECT_RIGHTS)[0]
    row = Disclosure.objects.get(delivery=transfer.pk)
    assert (row.recipient_kind, row.status) == (RecipientKind.CONTROLLER, DisclosureStatus.MADE)
    assert sight.who == "SIA Citur"
    assert "Uzvārds" in sight.what
    assert not [what for what in sight.what if "." in what]


def test_same_instruction_twice_is_one_transfer(transfer: Transfer, subject: DataSubject) -> None:
    again = transfers.instruct(
        subject_id=subject.pk, controller_id=transfer.controller_id, language="lv",
        contact=subject.verified_email, actor=rights.OFFICER,
    )  # fmt: skip
    assert again.pk == transfer.pk


def test_second_controller_joins_the_request_that_is_on_its_way(
    transfer: Transfer, subject: DataSubject
) -> None:
    other = elsewhere.OtherController.objects.create(
        recipient=dpo.recipient("third", kind=RecipientKind.CONTROLLER),
        endpoint=transfer.controller.endpoint,
        keys=transfer.controller.keys,
    )
    second = elsewhere.told_to_pass_on(subject, other)
    assert second.request_id == transfer.request_id
    pass_on()
    assert rights.run(RightsRequest.objects.get()).status == RequestStatus.COMPLETED


def test_nothing_is_sent_before_the_file_is_released_or_after_the_request_was_taken_back(
    subject: DataSubject,
) -> None:
    transfer = transfers.instruct(
        subject_id=subject.pk, controller_id=elsewhere.controller().pk, language="lv",
        contact=subject.verified_email, actor=rights.OFFICER,
    )  # fmt: skip
    assert pass_on() == 0
    requests.withdraw(request_id=transfer.request_id, actor=rights.OFFICER)
    assert pass_on() == 0
    assert not Disclosure.objects.exists()


# --- failures ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("code", [ErrorCode.UNREACHABLE, ErrorCode.TLS_FAILED])
def test_what_never_left_is_no_disclosure_and_is_tried_again(transfer: Transfer, code: ErrorCode) -> None:
    pass_on(failing(code))
    assert (now_of(transfer).status, disclosed(transfer)) == (T.DUE, DisclosureStatus.NOT_MADE)
    pass_on()
    assert (now_of(transfer).status, disclosed(transfer)) == (T.DELIVERED, DisclosureStatus.MADE)


def test_call_that_timed_out_may_have_carried_it(transfer: Transfer) -> None:
    pass_on(failing(ErrorCode.TIMED_OUT, ambiguous=True))
    pass_on(failing(ErrorCode.UNREACHABLE))
    assert (now_of(transfer).status, disclosed(transfer)) == (T.DUE, DisclosureStatus.MADE)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 422])
def test_refusal_is_final_and_the_person_is_told(transfer: Transfer, status: int) -> None:
    pass_on(answering(status))
    assert (now_of(transfer).status, now_of(transfer).error_code) == (T.FAILED, f"http_{status}")
    request = rights.run(RightsRequest.objects.get(pk=transfer.request_id))
    assert request.status == RequestStatus.COMPLETED
    assert request.letters.get().facts["passed"] == T.FAILED
    assert request.package.expires_at > timezone.now(), "the file is still there to be fetched"


@pytest.mark.parametrize("status", [200, 204, 302, 408, 429, 500, 503])
def test_whatever_is_no_receipt_and_no_refusal_is_tried_again(transfer: Transfer, status: int) -> None:
    pass_on(answering(status))
    assert now_of(transfer).status == T.DUE


def test_forged_receipt_or_one_for_another_file_is_none(transfer: Transfer) -> None:
    def other_file(prepared: Prepared) -> HttpAnswer:
        word = {"transfer": transfer.pk.urn, "sha256": "0" * 64}
        return HttpAnswer(202, {}, signed(json.dumps(word).encode(), typ=RECEIPT_TYPE).encode())

    pass_on(other_file)
    pass_on(answering(202, b"thank you"))
    assert (now_of(transfer).status, now_of(transfer).error_code) == (T.DUE, "no_receipt")


def test_after_a_day_it_is_given_up(transfer: Transfer, monkeypatch: Any) -> None:
    with later(hours=25):
        pass_on(failing(ErrorCode.UNREACHABLE))
    assert (now_of(transfer).status, disclosed(transfer)) == (T.FAILED, DisclosureStatus.NOT_MADE)


def test_after_so_many_attempts_it_is_given_up(transfer: Transfer) -> None:
    for _ in range(transfers.MOST_ATTEMPTS):
        pass_on(answering(503))
    assert now_of(transfer).status == T.FAILED
    assert pass_on() == 0


def test_papers_that_lapse_meanwhile_stop_it(transfer: Transfer) -> None:
    recipient = transfer.controller.recipient
    recipient.active = False
    save_recipient(recipient=recipient, changed=["active"], actor=SYSTEM)
    assert pass_on() == 0
    assert now_of(transfer).error_code == "recipient_lapsed"
    assert not Disclosure.objects.exists()


def test_file_that_is_gone_is_not_passed_on(transfer: Transfer) -> None:
    AccessPackage.objects.all().delete()
    assert pass_on() == 0
    assert now_of(transfer).error_code == "file_gone"


def test_controller_that_takes_no_part_is_refused(subject: DataSubject) -> None:
    with pytest.raises(NoSuchController):
        elsewhere.told_to_pass_on(subject, elsewhere.controller(active=False))


@pytest.mark.parametrize(
    "endpoint",
    ["https://127.0.0.1/portability/v1/transfers", "http://apply.example/", "https://10.0.0.1/x",
     "https://user@apply.example/", "file:///etc/passwd", "nonsense"],
)  # fmt: skip
def test_address_inside_is_never_called(transfer: Transfer, endpoint: str) -> None:
    """Even if it stands in the register: the guard of lenders' addresses is asked at every call."""
    elsewhere.OtherController.objects.update(endpoint=endpoint)
    assert pushing.pass_on_due() == 1
    assert now_of(transfer).error_code == ErrorCode.ADDRESS_REFUSED
    assert (now_of(transfer).status, disclosed(transfer)) == (T.FAILED, DisclosureStatus.NOT_MADE)


# --- crashes ----------------------------------------------------------------------------------------------
def killed_before(_prepared: Prepared) -> HttpAnswer:
    raise Killed


def killed_after(prepared: Prepared) -> HttpAnswer:
    handed(prepared)
    raise Killed


@pytest.mark.parametrize("where", [killed_before, killed_after])
def test_killed_around_the_call_it_is_made_again_and_arrives_once(
    transfer: Transfer, where: Callable[[Prepared], HttpAnswer]
) -> None:
    with pytest.raises(Killed):
        pass_on(where)
    left = now_of(transfer)
    assert (left.trying, left.attempts) == (True, 1), "what was about to happen is on record"
    assert disclosed(transfer) == DisclosureStatus.INTENDED
    assert pass_on() == 0, "another worker may be at it"
    with later(seconds=60):
        assert pass_on() == 1
    assert now_of(transfer).status == T.DELIVERED
    assert Arrival.objects.count() == 1


def test_killed_before_and_then_never_reached_it_may_have_left(transfer: Transfer) -> None:
    with pytest.raises(Killed):
        pass_on(killed_before)
    with later(seconds=60):
        pass_on(failing(ErrorCode.UNREACHABLE))
    assert disclosed(transfer) == DisclosureStatus.MADE


def test_killed_before_its_outcome_is_written(transfer: Transfer) -> None:
    with mock.patch.object(transfers, "_settle", side_effect=Killed), pytest.raises(Killed):
        pass_on()
    assert now_of(transfer).status == T.DUE
    with later(seconds=60):
        pass_on()
    assert (now_of(transfer).status, Arrival.objects.count()) == (T.DELIVERED, 1)


def test_worker_whose_lease_ended_writes_nothing(transfer: Transfer) -> None:
    def slow(prepared: Prepared) -> HttpAnswer:
        with later(seconds=60):
            pass_on()
        return HttpAnswer(500, {}, b"")

    pass_on(slow)
    assert now_of(transfer).status == T.DELIVERED


WIRES = (handed, killed_before, killed_after, failing(ErrorCode.UNREACHABLE),
         failing(ErrorCode.DISCONNECTED, ambiguous=True), answering(503), answering(200))  # fmt: skip


def test_whatever_happens_in_whatever_order_it_arrives_at_most_once(subject: DataSubject) -> None:
    numbers = count(1)

    @settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
    @given(st.lists(st.sampled_from(WIRES), max_size=6))
    def any_order(wires: list[elsewhere.Wire]) -> None:
        recipient = dpo.recipient(f"other-{next(numbers)}", kind=RecipientKind.CONTROLLER)
        model = elsewhere.controller()
        to = elsewhere.OtherController.objects.create(
            recipient=recipient, endpoint=model.endpoint, keys=model.keys
        )
        transfer = elsewhere.told_to_pass_on(subject, to)
        for number, carry in enumerate([*wires, handed], start=1):
            with later(seconds=60 * number), suppress(Killed):
                pass_on(carry)
        assert now_of(transfer).status == T.DELIVERED
        assert Arrival.objects.filter(transfer_id=transfer.pk).count() == 1
        assert disclosed(transfer) == DisclosureStatus.MADE
        rights.run(RightsRequest.objects.get(pk=transfer.request_id))

    any_order()
