"""Training that counts: of the first officer, and of accounts that somebody else may have."""

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from applications.models import Application, AuditEntry, StaffUser
from applications.roles import Role
from applications.selectors.staff import Asleep, roles_in_force, roles_of
from tests import factories
from tests.factories import fresh, staff_browser
from tests.privacy import dpo

pytestmark = pytest.mark.django_db(databases=["default", "keys", "aside"])
INDEX = reverse("admin:index")


@pytest.fixture
def case() -> Application:
    return factories.sent_application(factories.subject())


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
    take_over(staff_browser(factories.staff(Role.ADMINISTRATOR)), officer, deed)
    assert roles_of(fresh(officer)) == {Role.DPO: Asleep.HANDED_OVER}
    assert fresh(officer).get_all_permissions() == set()
    factories.train(fresh(officer))
    assert roles_in_force(fresh(officer)) == [Role.DPO]


def test_own_new_password_changes_no_role() -> None:
    officer = factories.staff(Role.DPO, password="long-enough-passphrase")
    new = {"old_password": "long-enough-passphrase", "new_password1": "another-passphrase"}
    staff_browser(officer).post(
        reverse("admin:password_change"), new | {"new_password2": "another-passphrase"}
    )
    assert fresh(officer).check_password("another-passphrase")
    assert roles_in_force(fresh(officer)) == [Role.DPO]


def test_officer_sees_which_accounts_were_handed_over_and_enters_training_from_there() -> None:
    agent = factories.staff(Role.SUPPORT, name="agent")
    take_over(staff_browser(factories.staff(Role.ADMINISTRATOR)), agent, "password")
    officer = dpo.dpo()
    flags = [flag for one in officer.get(INDEX).context["waiting"] for flag in one["flags"]]
    (flag,) = [flag for flag in flags if "agent" in flag.sentence]
    assert officer.get(flag.url).context["adminform"].form.initial["user"] == str(agent.pk)


def test_partner_with_another_role_has_the_partners_alone(case: Application) -> None:
    user = dpo.mandate(case).user
    user.groups.add(Group.objects.get(name=Role.SUPPORT))
    assert roles_of(fresh(user)) == {Role.EXTERNAL: None, Role.SUPPORT: Asleep.PARTNER}


def test_administrator_is_told_what_a_new_password_does_to_the_roles() -> None:
    agent, administrator = factories.staff(Role.SUPPORT), staff_browser(factories.staff(Role.ADMINISTRATOR))
    take_over(administrator, agent, "password")
    page = administrator.get(INDEX)
    assert [message.level_tag for message in page.context["messages"]] == ["success", "warning"]
    assert "apmācību" in page.text
