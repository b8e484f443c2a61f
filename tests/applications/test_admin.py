"""Staff in the admin: drafts are not there, people are masked, looking is written down."""

from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from applications.crypto import keyring
from applications.models import Application, AuditEntry, DataSubject, StaffUser
from applications.roles import Role
from applications.services.audit import ASIDE
from tests import factories

pytestmark = [pytest.mark.thorough, pytest.mark.django_db(databases=["default", "keys", "aside"])]
LIST = reverse("admin:applications_application_changelist")
PASSWORD = "long-enough-passphrase"


def actions(application: Application, using: str = "default") -> list[str]:
    """What is on record of staff and this application, as this connection sees it."""
    found = AuditEntry.objects.using(using).filter(actor_kind="staff", object_id=str(application.pk))
    return list(found.values_list("action", flat=True))


def change(application: Application, page: str = "change") -> str:
    return reverse(f"admin:applications_application_{page}", args=[application.pk])


@pytest.fixture(params=["root", "support"])
def staff(request: pytest.FixtureRequest) -> Client:
    user = factories.root() if request.param == "root" else factories.staff(Role.SUPPORT)
    return factories.sign_in_staff(Client(), user)


@pytest.fixture
def root() -> Client:
    client = Client()
    factories.sign_in_staff(client, factories.root())
    return client


# --- drafts ---------------------------------------------------------------------------------------------
def test_draft_is_in_no_list_and_no_search(staff: Client) -> None:
    draft = factories.complete_draft(factories.subject())
    for query in ({}, {"q": draft.reference}, {"status__exact": "draft"}):
        assert staff.get(LIST, query).context["cl"].result_count == 0, query


@pytest.mark.parametrize("page", ["change", "history", "delete"])
def test_draft_has_no_page_for_staff(staff: Client, page: str) -> None:
    draft = factories.complete_draft(factories.subject())
    response = staff.get(change(draft, page), follow=True)
    assert draft.reference not in response.content.decode()
    assert not AuditEntry.objects.filter(action="application.seen_masked").exists()


# --- people ---------------------------------------------------------------------------------------------
def test_sent_application_is_shown_masked(staff: Client) -> None:
    owner = factories.subject()
    application = factories.sent_application(owner)
    page = staff.get(change(application)).content.decode()
    assert application.reference in page
    assert "A•••••" in page
    for text in ("Anna", "Bērziņa", "321234", "56789", "+37121234567", str(owner.email), "saulīte"):
        assert text not in page


def test_looking_at_an_application_is_written_down(staff: Client) -> None:
    application = factories.sent_application(factories.subject())
    staff.get(change(application))
    entry = AuditEntry.objects.get(action="application.seen_masked")
    assert entry.actor_identifier == str(StaffUser.objects.get().pk)
    assert (entry.subject_id, entry.object_id) == (application.subject_id, str(application.pk))


@pytest.mark.parametrize("page", ["change", "history"])
def test_opening_is_written_down_once(staff: Client, page: str) -> None:
    application = factories.sent_application(factories.subject())
    staff.get(change(application, page))
    assert actions(application) == ["application.seen_masked"]


def test_refused_look_is_written_down_as_refused_and_not_as_seen(client: Client) -> None:
    application = factories.sent_application(factories.subject())
    stranger = StaffUser.objects.create_user("new", is_staff=True)
    factories.sign_in_staff(client, stranger)
    for page in ("change", "history", "delete"):
        assert client.get(change(application, page)).status_code == 403
    assert actions(application) == []
    assert actions(application, ASIDE) == ["application.refused"] * 3
    entry = AuditEntry.objects.using(ASIDE).latest("at")
    assert (entry.actor_kind, entry.actor_identifier) == ("staff", str(stranger.pk))
    assert entry.subject_id == application.subject_id


def test_refused_change_and_deletion_are_no_look_at_the_person(staff: Client) -> None:
    application = factories.sent_application(factories.subject())
    assert staff.post(change(application), {"status": "closed"}).status_code == 403
    assert staff.get(change(application, "delete")).status_code == 403
    assert actions(application) == []
    assert actions(application, ASIDE) == ["application.refused"] * 2


@pytest.mark.django_db(databases=["default", "keys", "aside"], transaction=True)
def test_refusal_stays_written_down_when_the_request_is_rolled_back(client: Client) -> None:
    application = factories.sent_application(factories.subject())
    factories.sign_in_staff(client, StaffUser.objects.create_user("new", is_staff=True))
    with transaction.atomic():
        assert client.get(change(application)).status_code == 403
        transaction.set_rollback(True)
    assert actions(application) == ["application.refused"]


def test_notices_of_an_application_are_read_on_their_public_pages(staff: Client) -> None:
    application = factories.sent_application(factories.subject())
    page = staff.get(change(application)).content.decode()
    for notice in (application.terms, application.privacy_notice):
        assert notice is not None
        address = reverse("notices:version", args=[notice.kind, notice.number])
        assert f'href="{address}"' in page
        assert staff.get(address).status_code == 200
    assert "/admin/applications/noticeversion/" not in page.partition('id="content"')[2]


def test_times_are_written_short(staff: Client) -> None:
    application = factories.sent_application(factories.subject())
    assert application.submitted_at is not None
    moment = timezone.localtime(application.submitted_at)
    assert f"{moment:%d.%m.%Y. %H:%M}" in staff.get(LIST).content.decode()


@pytest.mark.parametrize(
    ("address", "status"), [("/admin/nothing/", 404), ("/admin/applications/staffuser/", 403)]
)
def test_page_that_leads_nowhere_leads_staff_back_to_their_own(
    client: Client, address: str, status: int
) -> None:
    factories.sign_in_staff(client, StaffUser.objects.create_user("new", is_staff=True))
    page = client.get(address)
    assert page.status_code == status
    main = page.content.decode().partition("<main")[2].partition("</main>")[0]
    assert f'href="{reverse("admin:index")}"' in main
    assert reverse("applications:account") not in main


def test_erased_person_leaves_an_empty_mask(staff: Client) -> None:
    application = factories.sent_application(factories.subject())
    DataSubject.objects.update(erased_at=timezone.now())
    keyring.destroy_key(application.subject_id)
    assert staff.get(change(application)).status_code == 200


def test_application_cannot_be_searched_by_what_a_person_typed(staff: Client) -> None:
    application = factories.sent_application(factories.subject())
    assert staff.get(LIST, {"q": application.reference}).context["cl"].result_count == 1
    for query in ("Anna", "Bērziņa", "321234-56789", "+37121234567"):
        assert staff.get(LIST, {"q": query}).context["cl"].result_count == 0


@pytest.mark.parametrize(
    "lookup",
    ["subject__email", "identification__surname", "subject__email_index", "identification__phone__isnull",
     "subject__sessions__token_hash", "subject__customer_reference__startswith"],
)  # fmt: skip
def test_list_cannot_be_filtered_by_personal_data_in_the_address(staff: Client, lookup: str) -> None:
    factories.sent_application(factories.subject())
    assert staff.get(LIST, {lookup: "x"}).status_code in {302, 400}


# --- read only ------------------------------------------------------------------------------------------
def test_posting_a_change_is_refused(root: Client) -> None:
    application = factories.sent_application(factories.subject())
    assert root.post(change(application), {"status": "closed"}).status_code == 403
    assert Application.objects.get().status == "submitted"


@pytest.mark.parametrize("model", ["application", "auditentry", "disclosure", "noticeversion"])
def test_nobody_adds_rows_by_hand(root: Client, model: str) -> None:
    assert root.get(reverse(f"admin:applications_{model}_add")).status_code == 403


def test_nobody_deletes_rows_by_hand(root: Client) -> None:
    application = factories.sent_application(factories.subject())
    assert root.post(change(application, "delete"), {"post": "yes"}).status_code == 403
    action = {"action": "delete_selected", "_selected_action": [str(application.pk)], "post": "yes"}
    root.post(LIST, action)
    assert Application.objects.exists()


# --- who gets in ----------------------------------------------------------------------------------------
def test_stranger_is_asked_to_sign_in(client: Client) -> None:
    application = factories.sent_application(factories.subject())
    for address in (reverse("admin:index"), LIST, change(application)):
        assert client.get(address)["Location"].startswith(reverse("admin:login"))


def test_consumer_is_no_member_of_staff(client: Client) -> None:
    factories.sign_in(client)
    assert client.get(LIST)["Location"].startswith(reverse("admin:login"))


def test_member_of_staff_is_no_consumer(root: Client) -> None:
    assert root.get(reverse("applications:account"))["Location"].startswith(reverse("applications:start"))


def test_staff_without_the_permission_sees_no_application(client: Client) -> None:
    application = factories.sent_application(factories.subject())
    factories.sign_in_staff(client, StaffUser.objects.create_user("new", is_staff=True))
    assert client.get(LIST).status_code == 403
    assert client.get(change(application)).status_code == 403


def test_short_password_is_refused(root: Client) -> None:
    data = {
        "username": "short",
        "password1": "short-pass1",
        "password2": "short-pass1",
        "usable_password": "true",
    }
    response = root.post(reverse("admin:applications_staffuser_add"), data)
    assert response.context["adminform"].form.errors["password2"]
    assert not StaffUser.objects.filter(username="short").exists()


def test_staff_account_can_be_made_and_opened(root: Client) -> None:
    data = {"username": "agent", "password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}
    response = root.post(reverse("admin:applications_staffuser_add"), data, follow=True)
    assert StaffUser.objects.get(username="agent").check_password(PASSWORD)
    assert response.status_code == 200


def test_staff_are_known_by_a_work_name_alone() -> None:
    names = {field.name for field in StaffUser._meta.get_fields()}
    assert {"first_name", "last_name"}.isdisjoint(names)
    call_command("createsuperuser", interactive=False, username="cli", email="cli@jo1n.example", verbosity=0)
    assert StaffUser.objects.get().get_full_name() == "cli"


def test_admin_log_keeps_a_reference_and_never_a_name() -> None:
    application: Any = factories.sent_application(factories.subject())
    for row in (application, application.subject, application.identification, application.loanrequest):
        assert "Anna" not in str(row)
        assert "@" not in str(row)
