"""Roles: the least rights each needs, while training and mandate count; nobody stands above them."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from applications.actors import SYSTEM
from applications.declarations import personal_fields
from applications.models import Application, AuditEntry, StaffUser
from applications.roles import READS_PERSONAL_DATA, Role
from applications.selectors.staff import Asleep, roles_in_force, roles_of
from applications.services import audit
from applications.services.recipients import save_recipient
from applications.services.staff_accounts import codes_of, grant_roles
from tests import factories
from tests.clock import later
from tests.privacy import dpo

pytestmark = pytest.mark.django_db(databases=["default", "keys", "aside"])
INDEX = reverse("admin:index")


def client_of(user: StaffUser) -> Client:
    return factories.sign_in_staff(Client(), user)


def fresh(user: StaffUser) -> StaffUser:
    """The account as the next request sees it."""
    return StaffUser.objects.get(pk=user.pk)


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
    assert client_of(user).get(reverse("admin:applications_application_changelist")).status_code == 403


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
    client = client_of(user)
    page = reverse("admin:applications_application_changelist")
    assert client.get(page).status_code == 200
    user.trainings.update(valid_until=timezone.localdate() - timedelta(days=1))
    assert client.get(page).status_code == 403


def test_first_page_says_which_role_sleeps_and_why() -> None:
    page = client_of(factories.staff(Role.SUPPORT, Role.AUDITOR, trained=False)).get(INDEX)
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
    page = client_of(officer).post(reverse("admin:applications_training_add"), form)
    assert page.context["adminform"].form.errors["user"]
    assert officer.trainings.count() == 1


def test_administrator_cannot_vouch_for_training() -> None:
    client = client_of(factories.staff(Role.ADMINISTRATOR))
    assert client.get(reverse("admin:applications_training_add")).status_code == 403


# --- giving roles -----------------------------------------------------------------------------------------
def save(client: Client, user: StaffUser, *roles: Role, **more: object):
    groups = list(Group.objects.filter(name__in=roles).values_list("pk", flat=True))
    form = {"username": user.username, "is_active": "on", "is_staff": "on", "groups": groups, **more}
    return client.post(reverse("admin:applications_staffuser_change", args=[user.pk]), form)


def test_administrator_gives_a_role_by_its_name() -> None:
    client, user = client_of(factories.staff(Role.ADMINISTRATOR)), factories.staff()
    address = reverse("admin:applications_staffuser_change", args=[user.pk])
    assert "Klientu atbalsts" in client.get(address).text
    save(client, user, Role.SUPPORT)
    assert list(roles_of(user)) == [Role.SUPPORT]


def test_group_that_is_no_role_gives_nothing_and_stands_in_nobodys_way() -> None:
    """An installation may have had groups before there were roles."""
    client, user = client_of(factories.staff(Role.ADMINISTRATOR)), factories.staff()
    user.groups.add(Group.objects.create(name="Call centre"))
    page = client.get(reverse("admin:applications_staffuser_changelist"))
    assert page.status_code == 200
    assert "Call centre" not in page.text
    assert save(client, user, Role.SUPPORT).status_code == 302
    assert AuditEntry.objects.get(action="account.rights_changed").detail["granted"] == ["role:support"]


def test_nobody_gives_a_role_to_themselves() -> None:
    own = factories.staff(Role.ADMINISTRATOR)
    save(client_of(own), own, Role.ADMINISTRATOR, Role.DPO)
    assert list(roles_of(own)) == [Role.ADMINISTRATOR]


def test_partner_has_no_other_role() -> None:
    client, user = client_of(factories.staff(Role.ADMINISTRATOR)), factories.staff()
    page = save(client, user, Role.EXTERNAL, Role.SUPPORT)
    assert page.context["adminform"].form.errors["groups"]
    assert not user.groups.exists()


@pytest.mark.parametrize("role", sorted(READS_PERSONAL_DATA - {Role.EXTERNAL}))
def test_administrator_has_no_role_that_reads_personal_data(role: Role) -> None:
    """One account that gives roles and enters training would need nobody else to read everything."""
    client, user = client_of(factories.staff(Role.ADMINISTRATOR)), factories.staff()
    page = save(client, user, Role.ADMINISTRATOR, role)
    assert page.context["adminform"].form.errors["groups"]
    assert not user.groups.exists()
    assert save(client, user, Role.ADMINISTRATOR, Role.AUDITOR).status_code == 302


# --- mandates ---------------------------------------------------------------------------------------------
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
    client = client_of(dpo.mandate(case).user)
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


# --- refused accesses -------------------------------------------------------------------------------------
def test_refused_page_is_written_down_once() -> None:
    user = factories.staff(Role.AUDITOR)
    assert client_of(user).get(reverse("admin:applications_application_changelist")).status_code == 403
    entry = AuditEntry.objects.using("aside").get(action="page.refused")
    assert (entry.actor_identifier, entry.detail["page"]) == (
        str(user.pk),
        "applications_application_changelist",
    )


# --- the audit as an auditor sees it ----------------------------------------------------------------------
def test_auditor_reads_the_audit_and_not_whom_it_is_about(case: Application) -> None:
    client = client_of(factories.staff(Role.AUDITOR))
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
    client = client_of(factories.staff(Role.AUDITOR))
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
    client = client_of(factories.staff(Role.AUDITOR))
    address = reverse("admin:applications_auditentry_changelist")
    assert client.get(address, {lookup: str(case.subject_id)}).status_code in {302, 400}
    assert client.get(address, {"actor_kind__exact": "staff"}).status_code == 200


def test_auditor_reads_that_keys_ended_and_not_whose(case: Application) -> None:
    owner = str(case.subject_id)
    audit.record(actor=SYSTEM, action="keys.destroyed", count=1, owners=[owner])
    address = reverse(
        "admin:applications_auditentry_change", args=[AuditEntry.objects.get(action="keys.destroyed").pk]
    )
    page = client_of(factories.staff(Role.AUDITOR)).get(address)
    assert "count" in page.text
    assert owner not in page.text
    assert owner in dpo.dpo().get(address).text


def test_dpo_finds_the_entries_about_a_person(case: Application) -> None:
    page = dpo.dpo().get(reverse("admin:applications_auditentry_changelist"), {"q": str(case.subject_id)})
    assert {one.subject_id for one in page.context["cl"].result_list} == {case.subject_id}


# --- the first officer ------------------------------------------------------------------------------------
def test_training_of_the_first_officer_is_entered_by_a_command() -> None:
    user = factories.staff(Role.DPO, trained=False)
    call_command("record_training", user.username, "GDPR", "2026-01-31", "2099-01-31", verbosity=0)
    assert roles_in_force(fresh(user)) == [Role.DPO]
    assert AuditEntry.objects.get(action="training.entered").actor_kind == "system"


@pytest.mark.parametrize(
    "words", [("nobody", "GDPR", "2026-01-31", "2099-01-31"), ("dpo", "GDPR", "2026-01-31", "2025-01-31")]
)
def test_command_refuses_training_that_cannot_be(words: tuple[str, ...]) -> None:
    user = factories.staff(Role.DPO, trained=False)
    with pytest.raises(CommandError):
        call_command("record_training", *words, verbosity=0)
    assert not user.trainings.exists()


# --- accounts that somebody else may have -------------------------------------------------------------------
def take_over(administrator: Client, user: StaffUser, deed: str) -> None:
    """What an administrator can do to get hold of somebody's account."""
    if deed == "password":
        new = {
            "password1": "another-passphrase",
            "password2": "another-passphrase",
            "usable_password": "true",
        }
        address = reverse("admin:auth_user_password_change", args=[user.pk])
        administrator.post(address, new | {"usable_password": "true", "set-password": "x"})
    else:
        administrator.post(reverse("admin:applications_staffuser_reset", args=[user.pk]))


@pytest.mark.parametrize("deed", ["password", "second factor"])
def test_roles_of_an_account_that_was_handed_over_sleep_until_training_is_entered_anew(deed: str) -> None:
    """Or one administrator alone could become the DPO."""
    officer = factories.staff(Role.DPO)
    factories.enrol(officer)
    take_over(client_of(factories.staff(Role.ADMINISTRATOR)), officer, deed)
    assert roles_of(fresh(officer)) == {Role.DPO: Asleep.HANDED_OVER}
    assert fresh(officer).get_all_permissions() == set()
    factories.train(fresh(officer))
    assert roles_in_force(fresh(officer)) == [Role.DPO]


def test_own_new_password_changes_no_role() -> None:
    officer = factories.staff(Role.DPO, password="long-enough-passphrase")
    new = {"old_password": "long-enough-passphrase", "new_password1": "another-passphrase"}
    client_of(officer).post(reverse("admin:password_change"), new | {"new_password2": "another-passphrase"})
    assert fresh(officer).check_password("another-passphrase")
    assert roles_in_force(fresh(officer)) == [Role.DPO]


def test_officer_sees_which_accounts_were_handed_over_and_enters_training_from_there() -> None:
    agent = factories.staff(Role.SUPPORT, name="agent")
    take_over(client_of(factories.staff(Role.ADMINISTRATOR)), agent, "password")
    officer = dpo.dpo()
    flags = [flag for one in officer.get(INDEX).context["waiting"] for flag in one["flags"]]
    (flag,) = [flag for flag in flags if "agent" in flag.sentence]
    assert officer.get(flag.url).context["adminform"].form.initial["user"] == str(agent.pk)


def test_partner_with_another_role_has_the_partners_alone(case: Application) -> None:
    user = dpo.mandate(case).user
    user.groups.add(Group.objects.get(name=Role.SUPPORT))
    assert roles_of(fresh(user)) == {Role.EXTERNAL: None, Role.SUPPORT: Asleep.PARTNER}
