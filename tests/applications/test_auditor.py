"""The audit as an auditor sees it: every act, and not whom it is about."""

import pytest
from django.urls import reverse

from applications.actors import SYSTEM
from applications.models import Application, AuditEntry
from applications.roles import Role
from applications.services import audit
from tests import factories
from tests.factories import staff_browser
from tests.privacy import dpo

pytestmark = [pytest.mark.thorough, pytest.mark.django_db(databases=["default", "keys", "aside"])]


@pytest.fixture
def case() -> Application:
    return factories.sent_application(factories.subject())


# --- refused accesses -------------------------------------------------------------------------------------
def test_refused_page_is_written_down_once() -> None:
    user = factories.staff(Role.AUDITOR)
    assert staff_browser(user).get(reverse("admin:applications_application_changelist")).status_code == 403
    entry = AuditEntry.objects.using("aside").get(action="page.refused")
    assert (entry.actor_identifier, entry.detail["page"]) == (
        str(user.pk),
        "applications_application_changelist",
    )


# --- the audit as an auditor sees it ----------------------------------------------------------------------
def test_auditor_reads_the_audit_and_not_whom_it_is_about(case: Application) -> None:
    client = staff_browser(factories.staff(Role.AUDITOR))
    entry = AuditEntry.objects.filter(subject_id=case.subject_id).latest("pk")
    for page in (
        client.get(reverse("admin:applications_auditentry_changelist")),
        client.get(reverse("admin:applications_auditentry_change", args=[entry.pk])),
    ):
        assert page.status_code == 200
        assert entry.action in page.text
        for identifier in (str(case.subject_id), str(case.pk), str(case.pk)[:8]):
            assert identifier not in page.text


def test_auditor_cannot_search_the_audit_for_somebody(case: Application) -> None:
    client = staff_browser(factories.staff(Role.AUDITOR))
    address = reverse("admin:applications_auditentry_changelist")
    everything = [one.pk for one in client.get(address).context["cl"].result_list]
    found = client.get(address, {"q": str(case.subject_id)}).context["cl"].result_list
    assert [one.pk for one in found if one.pk in everything] == everything


@pytest.mark.parametrize(
    "lookup",
    [
        "subject_id",
        "subject_id__lt",
        "object_id",
        "object_id__startswith",
        "actor_identifier",
        "detail__owners",
    ],
)
def test_auditor_cannot_narrow_the_audit_to_somebody_in_the_address(case: Application, lookup: str) -> None:
    client = staff_browser(factories.staff(Role.AUDITOR))
    address = reverse("admin:applications_auditentry_changelist")
    assert client.get(address, {lookup: str(case.subject_id)}).status_code in {302, 400}
    assert client.get(address, {"actor_kind__exact": "staff"}).status_code == 200


def test_auditor_reads_that_keys_ended_and_not_whose(case: Application) -> None:
    owner = str(case.subject_id)
    audit.record(actor=SYSTEM, action="keys.destroyed", count=1, owners=[owner])
    address = reverse(
        "admin:applications_auditentry_change", args=[AuditEntry.objects.get(action="keys.destroyed").pk]
    )
    page = staff_browser(factories.staff(Role.AUDITOR)).get(address)
    assert "count" in page.text
    assert owner not in page.text
    assert owner in dpo.dpo().get(address).text


def test_dpo_finds_the_entries_about_a_person(case: Application) -> None:
    page = dpo.dpo().get(reverse("admin:applications_auditentry_changelist"), {"q": str(case.subject_id)})
    assert {one.subject_id for one in page.context["cl"].result_list} == {case.subject_id}
