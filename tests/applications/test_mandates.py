"""Mandates of external partners: these applications, these days, this company."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from applications.actors import SYSTEM
from applications.models import Application, AuditEntry, StaffUser
from applications.roles import Role
from applications.selectors.staff import Asleep, roles_in_force, roles_of
from applications.services.recipients import save_recipient
from tests import factories
from tests.clock import later
from tests.factories import fresh, staff_browser
from tests.privacy import dpo

pytestmark = [pytest.mark.thorough, pytest.mark.django_db(databases=["default", "keys", "aside"])]


@pytest.fixture
def case() -> Application:
    return factories.sent_application(factories.subject())


def test_partner_without_a_mandate_may_do_nothing() -> None:
    user = factories.staff(Role.EXTERNAL)
    assert roles_of(user) == {Role.EXTERNAL: Asleep.MANDATE}
    assert user.get_all_permissions() == set()


def test_partner_opens_the_applications_of_the_mandate_and_no_other(case: Application) -> None:
    other = factories.complete_draft(factories.subject())
    factories.send(other, factories.lender("beta").slug)
    client = staff_browser(dpo.mandate(case).user)
    page = client.get(reverse("admin:applications_application_changelist"))
    assert [row.pk for row in page.context["cl"].result_list] == [case.pk]
    address = "admin:applications_application_change"
    assert client.get(reverse(address, args=[case.pk])).status_code == 200
    assert client.get(reverse(address, args=[other.pk])).status_code == 302
    assert client.get(reverse("admin:applications_application_reveal", args=[other.pk])).status_code == 404


@pytest.mark.parametrize("days", [-1, 40])
def test_mandate_counts_from_its_first_to_its_last_day(case: Application, days: int) -> None:
    today = timezone.localdate()
    mandate = dpo.mandate(case, starts_on=today, ends_on=today + timedelta(days=39))
    assert roles_in_force(mandate.user) == [Role.EXTERNAL]
    with later(days=days):
        assert roles_in_force(fresh(mandate.user)) == []


def test_mandate_sleeps_while_the_partners_papers_are_not_in_order(case: Application) -> None:
    mandate = dpo.mandate(case)
    mandate.recipient.review_due_on = timezone.localdate() - timedelta(days=1)
    save_recipient(recipient=mandate.recipient, changed=["review_due_on"], actor=SYSTEM)
    assert roles_of(fresh(mandate.user)) == {Role.EXTERNAL: Asleep.MANDATE}


def mandate_form(case: Application, **changes: object) -> dict[str, object]:
    partner = factories.staff(Role.EXTERNAL, name="lawyer")
    office = dpo.recipient("office", kind="partner")
    return {
        "user": partner.pk, "profession": "lawyer", "recipient": office.pk, "assignment": "2026/17",
        "covered": case.reference.lower(), "starts_on": "2026-01-01", "ends_on": "2099-01-01", **changes,
    }  # fmt: skip


def test_dpo_enters_a_mandate_by_application_numbers(case: Application) -> None:
    dpo.dpo().post(reverse("admin:applications_mandate_add"), mandate_form(case))
    partner = StaffUser.objects.get(username="lawyer")
    assert [one.application_id for one in partner.mandates.get().cases.all()] == [case.pk]
    assert AuditEntry.objects.get(action="mandate.entered").detail["covers"] == 1


def test_application_can_be_taken_out_of_a_mandate(case: Application) -> None:
    officer, mandate = dpo.dpo(), dpo.mandate(case)
    form = mandate_form(case, user=mandate.user_id, recipient=mandate.recipient_id, covered="")
    officer.post(reverse("admin:applications_mandate_change", args=[mandate.pk]), form)
    assert not mandate.cases.exists()


def test_audit_tells_which_applications_a_mandate_covered(case: Application) -> None:
    officer, mandate = dpo.dpo(), dpo.mandate(case)
    address = reverse("admin:applications_mandate_change", args=[mandate.pk])
    form = mandate_form(case, user=mandate.user_id, recipient=mandate.recipient_id)
    for covered in (case.reference, ""):
        officer.post(address, form | {"covered": covered})
    entries = AuditEntry.objects.filter(action__startswith="mandate.case").order_by("pk")
    assert [(one.action, one.subject_id, one.object_id, one.detail) for one in entries] == [
        (f"mandate.case_{what}", case.subject_id, str(case.pk), {"mandate": str(mandate.pk)})
        for what in ("added", "removed")
    ]


@pytest.mark.parametrize("covered", ["JB-NOBOD-YHERE", "Anna Bērziņa"])
def test_mandate_over_an_application_that_is_not_there_is_refused(case: Application, covered: str) -> None:
    page = dpo.dpo().post(reverse("admin:applications_mandate_add"), mandate_form(case, covered=covered))
    assert page.context["adminform"].form.errors["covered"]


def test_mandate_over_a_draft_is_refused(case: Application) -> None:
    draft = factories.complete_draft(factories.subject())
    form = mandate_form(case, covered=draft.reference)
    page = dpo.dpo().post(reverse("admin:applications_mandate_add"), form)
    assert page.context["adminform"].form.errors["covered"]


def test_partners_company_stands_by_its_name(case: Application) -> None:
    mandate, officer = dpo.mandate(case), dpo.dpo()
    for address in (
        reverse("admin:applications_mandate_changelist"),
        reverse("admin:applications_mandate_change", args=[mandate.pk]),
    ):
        assert mandate.recipient.name in officer.get(address).text
