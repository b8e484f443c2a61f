"""What is sensitive asks again for the second factor; a form that was sent too late waits and goes on."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from applications.models import AuditEntry, AuthenticatorApp, StaffUser
from applications.roles import Role
from applications.selectors.staff import enrolled_factor
from applications.services import second_factor
from tests import factories
from tests.applications.pages import Elements
from tests.clock import later
from tests.privacy import dpo

pytestmark = pytest.mark.django_db(databases=["default", "keys", "aside"])
PASSWORD = "long-enough-passphrase"
PROVE, SECURITY = reverse("admin:prove"), reverse("admin:security")


def url(name: str, *args: object) -> str:
    return reverse(f"admin:{name}", args=args)


@pytest.fixture
def root(client: Client) -> Client:
    return factories.sign_in_staff(client, factories.root(password=PASSWORD))


@pytest.fixture
def agent() -> StaffUser:
    return StaffUser.objects.create_user("agent", password=PASSWORD, is_staff=True)


def age(client: Client, **period: float) -> None:
    """The proof of this session is so much older than it was."""
    session = client.session
    session["proof"] = session["proof"] | {
        "proved": session["proof"]["proved"] - timedelta(**period).total_seconds()
    }
    session.save()


def asks(response: Any) -> bool:
    """Whether this is the page that asks, or the way to it."""
    if response.status_code == 302:
        return str(response["Location"]).startswith(PROVE)
    return any(template.name == "admin/door/prove.html" for template in response.templates)


def proof(**more: Any) -> dict[str, Any]:
    return {"proof_way": "app", "proof_code": factories.app_code(), **more}


def waiting(response: Any) -> dict[str, list[str]]:
    """The hidden fields of the app's form on the page that asks."""
    found: dict[str, list[str]] = {}
    for tag, attributes in Elements(response.content.decode()).found:
        if tag == "form":
            found = {}
        if tag == "input" and attributes.get("type") == "hidden":
            found.setdefault(attributes["name"], []).append(attributes["value"])
        if attributes.get("id") == "app_proof_code":
            return found
    raise AssertionError("no form for a code")


# --- what is sensitive ------------------------------------------------------------------------------------
def sensitive(agent: StaffUser) -> list[str]:
    recipient, mandate = dpo.recipient(), dpo.mandate()
    return [
        url("applications_staffuser_add"), url("applications_staffuser_change", agent.pk),
        url("auth_user_password_change", agent.pk),
        url("applications_staffuser_reset", agent.pk), url("applications_staffuser_changelist"),
        url("applications_training_add"), url("applications_mandate_add"),
        url("applications_mandate_change", mandate.pk), url("applications_recipient_add"),
        url("applications_recipient_change", recipient.pk), url("privacy_attention"), SECURITY,
        url("password_change"), url("enrol_app"), url("enrol_passkey"),
    ]  # fmt: skip


def test_every_sensitive_act_asks_again_after_five_minutes(root: Client, agent: StaffUser) -> None:
    addresses = sensitive(agent)
    assert [address for address in addresses if asks(root.post(address, {}))] == []
    age(root, minutes=5)
    assert [address for address in addresses if not asks(root.post(address, {}))] == []


def test_proof_is_fresh_for_five_minutes(root: Client) -> None:
    with later(minutes=4, seconds=50):
        assert not asks(root.post(SECURITY, {"remove_app": "1"}))
    with later(minutes=5):
        assert asks(root.post(SECURITY, {"remove_app": "1"}))


def test_looking_does_not_ask(root: Client, agent: StaffUser) -> None:
    age(root, hours=1)
    for address in (url("applications_staffuser_change", agent.pk), url("privacy_attention"), SECURITY):
        assert root.get(address).status_code == 200


@pytest.mark.parametrize("name", ["applications_staffuser_add", "password_change", "enrol_app"])
def test_form_that_asks_for_passwords_or_adds_a_way_asks_before_it_opens(root: Client, name: str) -> None:
    age(root, minutes=5)
    assert root.get(url(name))["Location"] == f"{PROVE}?{urlencode({'next': url(name)})}"


def test_sending_a_submission_again_is_not_sensitive(root: Client) -> None:
    age(root, hours=1)
    response = root.post(url("lenders_submission_changelist"), {"action": "send_again"})
    assert not asks(response)


def test_contacts_are_not_sensitive(root: Client) -> None:
    age(root, hours=1)
    assert not asks(root.post(url("applications_contact_change", 1), {}))


# --- proving and going on ---------------------------------------------------------------------------------
def test_proof_leads_on_to_the_page_that_asked(root: Client) -> None:
    age(root, minutes=5)
    target = url("password_change")
    page = root.get(root.get(target)["Location"])
    assert waiting(page)["proof_next"] == [target]
    key = root.cookies["staff"].value
    assert root.post(PROVE, proof(proof_next=target))["Location"] == target
    assert root.cookies["staff"].value != key
    assert root.get(target).status_code == 200


def test_form_that_was_sent_too_late_is_sent_on_when_the_proof_is_given(
    root: Client, agent: StaffUser
) -> None:
    age(root, minutes=5)
    roles = Group.objects.filter(name__in=[Role.SUPPORT, Role.AUDITOR])
    form = {
        "username": "agent", "is_active": "on", "is_staff": "on", "groups": [role.pk for role in roles],
        "_save": "Save",
    }  # fmt: skip
    page = root.post(url("applications_staffuser_change", agent.pk), form)
    assert asks(page)
    assert not agent.groups.exists()
    kept = waiting(page)
    assert len(kept["groups"]) == 2
    response = root.post(PROVE, kept | proof(), follow=True)
    assert response.redirect_chain[0] == (url("applications_staffuser_change", agent.pk), 307)
    assert set(agent.groups.all()) == set(roles)


def test_waiting_form_survives_a_wrong_code(root: Client, agent: StaffUser) -> None:
    age(root, minutes=5)
    page = root.post(url("applications_staffuser_change", agent.pk), {"username": "renamed", "_save": "x"})
    page = root.post(PROVE, waiting(page) | {"proof_way": "app", "proof_code": "000000"})
    assert page.context["refusal"].code == "app_code_refused"
    assert waiting(page)["username"] == ["renamed"]
    root.post(PROVE, waiting(page) | proof(), follow=True)
    assert StaffUser.objects.get(pk=agent.pk).username == "renamed"


def test_password_that_was_typed_is_not_put_into_the_page(root: Client) -> None:
    age(root, minutes=5)
    form = {"username": "new", "password1": "typed-passphrase", "password2": "typed-passphrase"}
    page = root.post(url("applications_staffuser_add"), form)
    assert asks(page)
    assert "typed-passphrase" not in page.content.decode()


def test_proof_does_not_lead_elsewhere(root: Client) -> None:
    for elsewhere in ("https://evil.example/", "//evil.example/", "/lv/account/"):
        age(root, minutes=5)
        response = root.post(PROVE, proof(proof_next=elsewhere))
        assert response["Location"] == url("index")
        AuthenticatorApp.objects.update(last_step=0)  # the next proof comes in the same half minute


def test_five_wrong_proofs_lock_the_page_that_asks(root: Client) -> None:
    age(root, minutes=5)
    wrong = {"proof_way": "app", "proof_code": "000000"}
    assert [root.post(PROVE, wrong).status_code for _ in range(6)] == [200] * 5 + [429]


# --- accounts, in the audit -------------------------------------------------------------------------------
def audited(action: str) -> Any:
    return AuditEntry.objects.get(action=action)


def test_change_of_rights_is_written_down_as_what_was_granted_and_revoked(
    root: Client, agent: StaffUser
) -> None:
    agent.groups.set(Group.objects.filter(name=Role.AUDITOR))
    support = Group.objects.get(name=Role.SUPPORT)
    form = {"username": "agent", "is_staff": "on", "groups": [support.pk]}
    root.post(url("applications_staffuser_change", agent.pk), form)
    assert audited("account.rights_changed").detail == {
        "granted": ["role:support"],
        "revoked": ["is_active", "role:auditor"],
    }
    entry, actor = audited("account.changed"), StaffUser.objects.get(username="root")
    assert (entry.actor_identifier, entry.object_id) == (str(actor.pk), str(agent.pk))


def test_making_an_account_is_written_down_and_none_is_deleted(root: Client) -> None:
    form = {"username": "new", "password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}
    root.post(url("applications_staffuser_add"), form)
    new = StaffUser.objects.get(username="new")
    assert audited("account.created").object_id == str(new.pk)
    assert root.post(url("applications_staffuser_delete", new.pk), {"post": "yes"}).status_code == 403


def test_new_password_is_written_down_whoever_sets_it(root: Client, agent: StaffUser) -> None:
    new = {"password1": "another-passphrase", "password2": "another-passphrase", "usable_password": "true"}
    root.post(url("auth_user_password_change", agent.pk), new | {"set-password": "x"})
    own = {"new_password1": "another-passphrase", "new_password2": "another-passphrase"}
    root.post(url("password_change"), own | {"old_password": PASSWORD})
    found = AuditEntry.objects.filter(action="account.password_changed").order_by("pk")
    root_pk = str(StaffUser.objects.get(username="root").pk)
    assert [(one.actor_identifier, one.object_id) for one in found] == [
        (root_pk, str(agent.pk)), (root_pk, root_pk),
    ]  # fmt: skip


# --- the reset of somebody else's second factor -----------------------------------------------------------
def test_administrator_resets_anothers_second_factor_and_its_sessions_end(
    root: Client, agent: StaffUser
) -> None:
    other = factories.sign_in_staff(Client(), agent)
    assert other.get(SECURITY).status_code == 200
    assert "agent" in root.get(url("applications_staffuser_reset", agent.pk)).content.decode()
    root.post(url("applications_staffuser_reset", agent.pk))
    assert enrolled_factor(agent) is None
    assert other.get(SECURITY).status_code == 302
    entry = audited("second_factor.reset")
    assert entry.actor_identifier == str(StaffUser.objects.get(username="root").pk)
    assert entry.object_id == str(agent.pk)


def test_administrator_does_not_reset_their_own(root: Client) -> None:
    own = StaffUser.objects.get(username="root")
    root.post(url("applications_staffuser_reset", own.pk))
    assert enrolled_factor(own)
    page = root.get(url("applications_staffuser_change", own.pk)).content.decode()
    assert url("applications_staffuser_reset", own.pk) not in page


def test_reset_wants_its_permission(agent: StaffUser) -> None:
    other = StaffUser.objects.create_user("other", is_staff=True)
    who = factories.staff_who_may("view_staffuser", "change_staffuser", name="junior")
    client = factories.sign_in_staff(Client(), who)
    address = url("applications_staffuser_reset", other.pk)
    assert client.get(address).status_code == client.post(address).status_code == 403
    assert address not in client.get(url("applications_staffuser_change", other.pk)).content.decode()


# --- one's own ----------------------------------------------------------------------------------------------
def test_own_recovery_codes_are_shown_once(root: Client) -> None:
    page = root.post(SECURITY, {"new_codes": "1"})
    codes = page.context["codes"]
    assert len(codes) == 10
    assert all(code in page.content.decode() for code in codes)
    assert codes[0] not in root.get(SECURITY).content.decode()
    second_factor.prove_by_recovery_code(
        factor=enrolled_factor(StaffUser.objects.get(username="root")), code=codes[0]
    )


def test_last_way_is_not_removed_by_the_page_either(root: Client) -> None:
    response = root.post(SECURITY, {"remove_app": "1"}, follow=True)
    assert [message.level_tag for message in response.context["messages"]] == ["error"]
