"""Whether the data left: a disclosure is intended, made, or surely not made."""

import pytest

from applications.models import Disclosure
from lenders.adapters.base import LenderError
from lenders.adapters.errors import ErrorCode
from tests.lenders import scene

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.django_db(databases=scene.DATABASES),
    pytest.mark.usefixtures("lenders"),
]

NO_CONNECTION = LenderError(ErrorCode.UNREACHABLE, permanent=False)
NEVER_CONNECTED = LenderError(ErrorCode.TIMED_OUT, permanent=False)
CUT_OFF = LenderError(ErrorCode.TIMED_OUT, permanent=False, ambiguous=True)


def status() -> str:
    return Disclosure.objects.get().status


@pytest.fixture
def application():
    return scene.sent("atra")


def attempt(application, error: LenderError | None) -> None:
    scene.make_due()
    scene.end_leases()
    (prepared,) = scene.begun(application).values()
    if error is not None:
        scene.finish(prepared, error)


def test_disclosure_is_on_record_before_the_call(application):
    attempt(application, None)
    assert status() == "intended"


@pytest.mark.parametrize("error", [NO_CONNECTION, NEVER_CONNECTED])
def test_call_that_never_connected_disclosed_nothing(application, error):
    attempt(application, error)
    assert status() == "not_made"


def test_next_try_after_a_call_that_never_connected_is_on_record_before_it(application):
    attempt(application, NO_CONNECTION)
    attempt(application, None)
    assert status() == "intended"


def test_call_that_was_cut_off_may_have_disclosed_everything(application):
    attempt(application, CUT_OFF)
    assert status() == "made"


def test_what_an_earlier_try_disclosed_stays_disclosed(application):
    attempt(application, CUT_OFF)
    attempt(application, NO_CONNECTION)
    assert status() == "made"


def test_try_whose_worker_was_killed_may_have_disclosed_everything(application):
    attempt(application, None)
    attempt(application, NO_CONNECTION)
    assert status() == "intended"


def test_later_try_that_gets_through_is_a_disclosure(application):
    attempt(application, NO_CONNECTION)
    attempt(application, CUT_OFF)
    assert status() == "made"
