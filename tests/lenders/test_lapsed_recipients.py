"""A recipient whose papers lapsed receives nothing new, whoever notices first."""

from datetime import date, timedelta
from typing import Any

import pytest

from applications.models import AgreementKind, Disclosure, Lapse, Recipient
from applications.personal import RecipientKind
from lenders.routing import NotAsked
from lenders.selectors.send_page import candidates
from tests.factories import IN_ORDER
from tests.lenders import scene

TODAY = date(2026, 11, 24)
DAY = timedelta(days=1)
OF_THE_LAW = {"kind": RecipientKind.AUTHORITY, "agreement": AgreementKind.LAW}


def standing(**changes: Any) -> Lapse | None:
    facts = {"kind": RecipientKind.LENDER, "agreement": AgreementKind.COOPERATION, **IN_ORDER}
    return Recipient(**(facts | changes)).lapsed(TODAY)


@pytest.mark.parametrize(
    ("changes", "lapse"),
    [
        ({}, None),
        ({"active": False}, Lapse.NOT_IN_USE),
        ({"agreement_signed_on": None}, Lapse.NO_AGREEMENT),
        ({"agreement_signed_on": TODAY + DAY}, Lapse.NO_AGREEMENT),
        ({"agreement_until": TODAY}, None),
        ({"agreement_until": TODAY - DAY}, Lapse.AGREEMENT_ENDED),
        ({"assessed_on": None}, Lapse.NOT_ASSESSED),
        ({"assessed_on": TODAY + DAY}, Lapse.NOT_ASSESSED),
        ({"review_due_on": None}, Lapse.REVIEW_OVERDUE),
        ({"review_due_on": TODAY}, None),
        ({"review_due_on": TODAY - DAY}, Lapse.REVIEW_OVERDUE),
        ({"licence_number": ""}, Lapse.NO_LICENCE),
        ({"licence_until": TODAY}, None),
        ({"licence_until": TODAY - DAY}, Lapse.LICENCE_ENDED),
        ({"kind": RecipientKind.PROCESSOR, "licence_number": ""}, None),
        ({"kind": RecipientKind.CONTROLLER, "licence_until": TODAY - DAY}, None),
        ({**OF_THE_LAW, "agreement_signed_on": None, "assessed_on": None}, None),
        ({**OF_THE_LAW, "active": False}, Lapse.NOT_IN_USE),
    ],
)
def test_why_a_recipient_receives_nothing(changes: dict[str, Any], lapse: Lapse | None) -> None:
    assert standing(**changes) == lapse


@pytest.mark.parametrize(
    ("changes", "ends"),
    [
        ({}, {"review_due_on": date(2099, 1, 1)}),
        (
            {"licence_until": TODAY, "agreement_until": TODAY + DAY},
            {"licence_until": TODAY, "agreement_until": TODAY + DAY, "review_due_on": date(2099, 1, 1)},
        ),
        ({"kind": RecipientKind.PARTNER, "licence_until": TODAY}, {"review_due_on": date(2099, 1, 1)}),
        (OF_THE_LAW, {}),
    ],
)
def test_papers_that_a_recipient_needs_and_that_end(changes: dict[str, Any], ends: dict[str, date]) -> None:
    facts = {"kind": RecipientKind.LENDER, "agreement": AgreementKind.COOPERATION, **IN_ORDER}
    assert Recipient(**(facts | changes)).last_days() == ends


@pytest.mark.django_db(databases=scene.DATABASES)
@pytest.mark.usefixtures("lenders")
def test_delivery_to_a_recipient_that_lapsed_meanwhile_is_given_up_and_discloses_nothing() -> None:
    application = scene.sent("atra", "leja")
    Recipient.objects.filter(slug="leja").update(review_due_on=TODAY - 1000 * DAY)
    assert set(scene.begun(application)) == {"atra"}
    assert scene.delivery_at(application, "leja").error_code == "recipient_lapsed"
    assert set(Disclosure.objects.values_list("recipient", flat=True)) == {"atra"}


@pytest.mark.django_db(databases=scene.DATABASES)
@pytest.mark.usefixtures("lenders")
def test_lapsed_lender_is_not_offered_on_the_send_page() -> None:
    Recipient.objects.filter(slug="leja").update(agreement_until=TODAY - 1000 * DAY)
    found = {one.lender.slug: one.reason for one in candidates(scene.ANSWERS, "lv")}
    assert found["leja"] == NotAsked.NOT_FIT
    assert found["atra"] is None
