"""Roles: the least rights each needs, while training and mandate count; nobody stands above them."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from applications.declarations import personal_fields
from applications.models import AuditEntry, StaffUser
from applications.roles import READS_PERSONAL_DATA, Role
from applications.selectors.staff import Asleep, roles_in_force, roles_of
from applications.services.staff_accounts import codes_of, grant_roles
from tests import factories
from tests.clock import later
from tests.factories import fresh, staff_browser
from tests.privacy import dpo

pytestmark = pytest.mark.django_db(databases=["default", "keys", "aside"])
INDEX = reverse("admin:index")


# --- what a role may do -----------------------------------------------------------------------------------
@pytest.mark.parametrize("role", Role)
def test_group_of_a_role_holds_what_the_floors_declare(role: Role) -> None:
    held = Group.objects.get(name=role).permissions.values_list("content_type__app_label", "codename")
    assert set(held) == codes_of(role)


def test_every_declared_right_exists() -> None:
    known = set(Permission.objects.values_list("content_type__app_label", "codename"))
    assert set().union(*map(codes_of, Role)) <= known


def test_right_that_was_added_by_hand_goes_at_the_next_migration() -> None:
    group = Group.objects.get(name=Role.AUDITOR)
    group.permissions.add(Permission.objects.get(codename="view_application"))
    grant_roles()
    assert not group.permissions.filter(codename="view_application").exists()


def test_roles_that_need_no_training_open_no_model_with_somebodys_data() -> None:
    """The audit names nobody; whom an entry is about is a right of its own."""
    for role in set(Role) - READS_PERSONAL_DATA:
        for label, code in codes_of(role):
            action, _, name = code.partition("_")
            model = apps.all_models[label].get(name)
            if action in {"view", "change"} and model is not None and name != "auditentry":
                assert not personal_fields(model), (role, code)
    assert all("identify_in_audit" not in code for code in codes_of(Role.AUDITOR))


def test_rights_of_the_account_itself_count_for_nothing() -> None:
    assert {"is_superuser", "user_permissions"}.isdisjoint(
        field.name for field in StaffUser._meta.get_fields()
    )
    assert factories.staff().get_all_permissions() == set()


def test_first_account_is_an_administrator_and_nothing_else() -> None:
    call_command("createsuperuser", interactive=False, username="first", email="f@jo1n.example", verbosity=0)
    user = StaffUser.objects.get()
    assert roles_in_force(user) == [Role.ADMINISTRATOR]
    assert staff_browser(user).get(reverse("admin:applications_application_changelist")).status_code == 403


def test_administrator_made_on_the_servers_is_written_down() -> None:
    call_command("createsuperuser", interactive=False, username="late", email="l@jo1n.example", verbosity=0)
    entries = AuditEntry.objects.filter(object_id=str(StaffUser.objects.get().pk)).order_by("pk")
    assert [(one.action, one.actor_kind) for one in entries] == [
        ("account.created", "system"), ("account.rights_changed", "system"),
    ]  # fmt: skip
    assert "role:administrator" in entries.latest("pk").detail["granted"]


# --- training ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("role", sorted(READS_PERSONAL_DATA - {Role.EXTERNAL}))
def test_role_that_reads_personal_data_sleeps_without_training(role: Role) -> None:
    user = factories.staff(role, trained=False)
    assert roles_of(user) == {role: Asleep.TRAINING}
    assert user.get_all_permissions() == set()


@pytest.mark.parametrize("role", sorted(set(Role) - READS_PERSONAL_DATA))
def test_role_without_personal_data_needs_no_training(role: Role) -> None:
    assert roles_in_force(factories.staff(role, trained=False)) == [role]


def test_training_counts_through_its_last_day() -> None:
    user = factories.staff(Role.SUPPORT, trained=False)
    factories.train(user, until=timezone.localdate() + timedelta(days=1))
    with later(days=1):
        assert fresh(user).has_perm("applications.view_application")
    with later(days=2):
        assert not fresh(user).has_perm("applications.view_application")


def test_expired_training_closes_a_page_in_an_open_session() -> None:
    user = factories.staff(Role.SUPPORT, trained=False)
    factories.train(user, until=timezone.localdate())
    client = staff_browser(user)
    page = reverse("admin:applications_application_changelist")
    assert client.get(page).status_code == 200
    user.trainings.update(valid_until=timezone.localdate() - timedelta(days=1))
    assert client.get(page).status_code == 403


def test_first_page_says_which_role_sleeps_and_why() -> None:
    page = staff_browser(factories.staff(Role.SUPPORT, Role.AUDITOR, trained=False)).get(INDEX)
    assert page.context["asleep"] == [(Role.SUPPORT, Asleep.TRAINING)]
    assert str(Asleep.TRAINING.label) in page.text


def test_dpo_enters_training_and_it_is_written_down() -> None:
    officer, user = dpo.dpo(), factories.staff(Role.SUPPORT, trained=False)
    form = {
        "user": user.pk, "course": "GDPR", "completed_on": "2026-01-01", "valid_until": "2099-01-01",
    }  # fmt: skip
    officer.post(reverse("admin:applications_training_add"), form)
    assert fresh(user).has_perm("applications.view_application")
    entry = AuditEntry.objects.filter(action="training.entered").latest("pk")
    assert entry.detail == {"account": user.pk}


@pytest.mark.parametrize(
    ("completed", "until"), [("2099-01-01", "2099-02-01"), ("2026-02-01", "2026-01-01"), ("", "2099-01-01")]
)
def test_training_that_cannot_be_is_refused_with_a_sentence(completed: str, until: str) -> None:
    officer, user = dpo.dpo(), factories.staff(Role.SUPPORT, trained=False)
    form = {"user": user.pk, "course": "GDPR", "completed_on": completed, "valid_until": until}
    page = officer.post(reverse("admin:applications_training_add"), form)
    assert page.context["adminform"].form.errors
    assert not user.trainings.exists()


def test_officer_cannot_vouch_for_their_own_training() -> None:
    """A role that reads personal data would otherwise never end for whoever enters what makes it count."""
    officer = factories.staff(Role.DPO, name="dpo")
    form = {
        "user": officer.pk, "course": "GDPR", "completed_on": "2026-01-01", "valid_until": "2099-01-01",
    }  # fmt: skip
    page = staff_browser(officer).post(reverse("admin:applications_training_add"), form)
    assert page.context["adminform"].form.errors["user"]
    assert officer.trainings.count() == 1


def test_administrator_cannot_vouch_for_training() -> None:
    client = staff_browser(factories.staff(Role.ADMINISTRATOR))
    assert client.get(reverse("admin:applications_training_add")).status_code == 403


# --- giving roles -----------------------------------------------------------------------------------------
def save(client: Client, user: StaffUser, *roles: Role, **more: object):
    groups = list(Group.objects.filter(name__in=roles).values_list("pk", flat=True))
    form = {"username": user.username, "is_active": "on", "is_staff": "on", "groups": groups, **more}
    return client.post(reverse("admin:applications_staffuser_change", args=[user.pk]), form)


def test_administrator_gives_a_role_by_its_name() -> None:
    client, user = staff_browser(factories.staff(Role.ADMINISTRATOR)), factories.staff()
    address = reverse("admin:applications_staffuser_change", args=[user.pk])
    assert "Klientu atbalsts" in client.get(address).text
    save(client, user, Role.SUPPORT)
    assert list(roles_of(user)) == [Role.SUPPORT]


def test_group_that_is_no_role_gives_nothing_and_stands_in_nobodys_way() -> None:
    """An installation may have had groups before there were roles."""
    client, user = staff_browser(factories.staff(Role.ADMINISTRATOR)), factories.staff()
    user.groups.add(Group.objects.create(name="Call centre"))
    page = client.get(reverse("admin:applications_staffuser_changelist"))
    assert page.status_code == 200
    assert "Call centre" not in page.text
    assert save(client, user, Role.SUPPORT).status_code == 302
    assert AuditEntry.objects.get(action="account.rights_changed").detail["granted"] == ["role:support"]


def test_nobody_gives_a_role_to_themselves() -> None:
    own = factories.staff(Role.ADMINISTRATOR)
    save(staff_browser(own), own, Role.ADMINISTRATOR, Role.DPO)
    assert list(roles_of(own)) == [Role.ADMINISTRATOR]


def test_partner_has_no_other_role() -> None:
    client, user = staff_browser(factories.staff(Role.ADMINISTRATOR)), factories.staff()
    page = save(client, user, Role.EXTERNAL, Role.SUPPORT)
    assert page.context["adminform"].form.errors["groups"]
    assert not user.groups.exists()


@pytest.mark.parametrize("role", sorted(READS_PERSONAL_DATA - {Role.EXTERNAL}))
def test_administrator_has_no_role_that_reads_personal_data(role: Role) -> None:
    """One account that gives roles and enters training would need nobody else to read everything."""
    client, user = staff_browser(factories.staff(Role.ADMINISTRATOR)), factories.staff()
    page = save(client, user, Role.ADMINISTRATOR, role)
    assert page.context["adminform"].form.errors["groups"]
    assert not user.groups.exists()
    assert save(client, user, Role.ADMINISTRATOR, Role.AUDITOR).status_code == 302
