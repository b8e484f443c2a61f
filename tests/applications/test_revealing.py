"""A person is shown unmasked for a reason and a case, one at a time, for minutes, and learns of it."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from applications.actors import Actor
from applications.errors import CaseRefused, OutsideMandate, ReasonRefused
from applications.models import Application, AuditEntry, Disclosure, RestrictionGround, StaffUser
from applications.personal import Category, Purpose
from applications.roles import Role
from applications.selectors.revealed import REVEALABLE
from applications.selectors.who_saw import who_saw
from applications.services.audit import ASIDE
from applications.services.processing import object_to, restrict
from applications.services.revealing import Look, check_case, reveal
from privacy.datamap import doors
from tests import factories
from tests.clock import later
from tests.privacy import dpo

pytestmark = [pytest.mark.thorough, pytest.mark.django_db(databases=["default", "keys", "aside"])]
IDENTIFYING = ("Anna", "Bērziņa", "321234-56789", "+371 21 234 567", "01.01.1990.")
OTHER = ("LV1234567", "SIA “Piemērs”", "saulīte")


@pytest.fixture
def application() -> Application:
    return factories.sent_application(factories.subject("anna@piemers.lv"))


@pytest.fixture
def agent() -> StaffUser:
    return factories.staff(Role.SUPPORT, name="agent")


@pytest.fixture
def support(agent: StaffUser) -> Client:
    return factories.sign_in_staff(Client(), agent)


def address(application: Application) -> str:
    return reverse("admin:applications_application_reveal", args=[application.pk])


def look(client: Client, application: Application, **changes: Any) -> Any:
    """Post the form, and go where it leads."""
    form = {"purpose": Purpose.SERVE_CUSTOMERS, "case": "CASE-17", "categories": [Category.IDENTIFICATION]}
    return client.post(address(application), form | changes, follow=True)


def revealed() -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(action="application.revealed"))


# --- what is shown ----------------------------------------------------------------------------------------
def test_page_asks_before_it_shows_anything(support: Client, application: Application) -> None:
    page = support.get(address(application)).text
    assert [text for text in (*IDENTIFYING, *OTHER, "anna@piemers.lv") if text in page] == []
    assert revealed() == []


def test_person_is_shown_for_a_reason_and_a_case(support: Client, application: Application) -> None:
    page = look(support, application).text
    assert [text for text in (*IDENTIFYING, "anna@piemers.lv") if text not in page] == []


def test_no_more_is_shown_than_was_asked_for(support: Client, application: Application) -> None:
    page = look(support, application, categories=[Category.FINANCIAL]).text
    assert "SIA “Piemērs”" in page
    assert [text for text in (*IDENTIFYING, "LV1234567", "saulīte") if text in page] == []


def test_every_category_can_be_shown(support: Client, application: Application) -> None:
    page = look(support, application, categories=[one.value for one in REVEALABLE]).text
    assert [text for text in (*IDENTIFYING, *OTHER) if text not in page] == []


def test_look_is_written_down_before_it_is_shown(
    support: Client, agent: StaffUser, application: Application
) -> None:
    look(support, application)
    (entry,) = revealed()
    assert (entry.actor_identifier, entry.subject_id) == (str(agent.pk), application.subject_id)
    assert entry.detail == {
        "purpose": "serve_customers", "case": "CASE-17", "categories": ["identification"], "mandate": None,
    }  # fmt: skip


def test_nothing_is_shown_when_the_audit_cannot_be_written(
    support: Client, application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("applications.services.revealing.audit.record", broken)
    support.raise_request_exception = False
    assert look(support, application).status_code == 500
    assert "Anna" not in support.get(address(application)).text


def test_reading_on_is_one_look(support: Client, application: Application) -> None:
    look(support, application)
    for _ in range(3):
        assert "Anna" in support.get(address(application)).text
    assert len(revealed()) == 1


def test_person_sees_who_looked_why_and_at_what(support: Client, application: Application) -> None:
    look(support, application, categories=[Category.IDENTIFICATION, Category.FAMILY])
    (sight,) = [
        one for one in who_saw(application.subject_id, purpose=Purpose.DATA_SUBJECT_RIGHTS) if one.case
    ]
    assert sight.case == "CASE-17"
    assert sight.purpose == str(Purpose.SERVE_CUSTOMERS.label)
    assert sight.what[1:] == (str(Category.IDENTIFICATION.label), str(Category.FAMILY.label))
    consumer = Client()
    factories.sign_in(consumer, "anna@piemers.lv")
    page = consumer.get(reverse("applications:seen")).text
    assert "CASE-17" in page
    assert str(Category.FAMILY.label) in page


# --- for how long -----------------------------------------------------------------------------------------
def test_person_is_masked_again_after_five_minutes(support: Client, application: Application) -> None:
    look(support, application)
    with later(minutes=4, seconds=50):
        assert "Anna" in support.get(address(application)).text
    with later(minutes=5, seconds=1):
        assert "Anna" not in support.get(address(application)).text


def test_page_takes_itself_away_when_the_time_is_over(support: Client, application: Application) -> None:
    page = look(support, application)
    assert 290 < int(page["Refresh"]) <= 300


def test_person_can_be_hidden_at_once(support: Client, application: Application) -> None:
    look(support, application)
    support.post(address(application), {"hide": "1"})
    assert "Anna" not in support.get(address(application)).text


def test_one_person_at_a_time(support: Client, application: Application) -> None:
    other = factories.complete_draft(factories.subject(), given_name="Zenta")
    factories.send(other, factories.lender("beta").slug)
    look(support, application)
    assert "Zenta" in look(support, other).text
    assert "Anna" not in support.get(address(application)).text


def test_another_session_shows_nothing(support: Client, agent: StaffUser, application: Application) -> None:
    look(support, application)
    elsewhere = factories.sign_in_staff(Client(), agent)
    assert "Anna" not in elsewhere.get(address(application)).text


def test_look_asks_again_for_the_second_factor(support: Client, application: Application) -> None:
    with later(minutes=6):
        page = look(support, application)
        assert any(template.name == "admin/door/prove.html" for template in page.templates)
    assert revealed() == []


# --- what is refused --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"case": ""}, "case"), ({"case": "ab"}, "case"), ({"case": "Anna Bērziņa"}, "case"),
        ({"case": "321234-56789"}, "case"), ({"case": "32123456789"}, "case"), ({"case": "21234567"}, "case"),
        ({"case": "a@b.lv"}, "case"), ({"case": "x" * 41}, "case"), ({"purpose": ""}, "purpose"),
        ({"purpose": "inform_authorities"}, "purpose"), ({"purpose": "pass_to_lenders"}, "purpose"),
        ({"categories": []}, "categories"), ({"categories": ["images"]}, "categories"),
    ],
)  # fmt: skip
def test_form_without_a_sound_reason_shows_nobody(
    support: Client, application: Application, changes: dict[str, Any], field: str
) -> None:
    page = look(support, application, **changes)
    assert page.context["form"].errors[field]
    assert "anna@piemers.lv" not in page.text
    assert revealed() == []


@pytest.mark.parametrize(
    "case",
    ["Anna.Berzina", "anna-berzina", "0102.90-12342", "010290.12342", "010290/12342", "3-2-1-2-3-4-5-6-7-8-9",
     "T-321234-56789", "21.234.567", "2123-4567", "371-21234567", "371.21.234.567", "67-12-34-56",
     "5/21234567"],
)  # fmt: skip
def test_number_that_could_be_somebodys_is_refused_however_it_is_grouped(case: str) -> None:
    with pytest.raises(CaseRefused):
        check_case(case)


@pytest.mark.parametrize(
    "case",
    ["CASE-17", "2026/0117", "T.8", "JB-7K2M9-QRT4X", " 12-3456 ", "2026-000123", "LV-2026/11-0042"],
)
def test_number_of_a_case_is_taken(case: str) -> None:
    assert check_case(case) == case.strip()


def test_service_itself_refuses_what_the_form_would(agent: StaffUser, application: Application) -> None:
    sound = {"purpose": Purpose.SERVE_CUSTOMERS, "case": "T-17", "categories": (Category.LOAN,)}
    for changes, error in (
        ({"purpose": Purpose.INFORM_AUTHORITIES}, ReasonRefused), ({"case": "Anna Bērziņa"}, CaseRefused),
    ):  # fmt: skip
        with pytest.raises(error):
            reveal(application=application, look=Look(**(sound | changes)), reader=agent)  # type: ignore[arg-type]
    assert revealed() == []


def test_refused_reason_is_written_down(agent: StaffUser, application: Application) -> None:
    what = Look(Purpose.INFORM_AUTHORITIES, "T-17", (Category.LOAN,))
    with pytest.raises(ReasonRefused):
        reveal(application=application, look=what, reader=agent)
    entry = AuditEntry.objects.using(ASIDE).get(action="application.reveal_refused")
    assert (entry.subject_id, entry.detail["why"]) == (application.subject_id, "reason_refused")


def test_draft_is_shown_to_nobody(support: Client) -> None:
    draft = factories.complete_draft(factories.subject())
    assert look(support, draft).status_code == 404


@pytest.mark.parametrize("role", [Role.LENDER_MANAGER, Role.AUDITOR, Role.ADMINISTRATOR])
def test_role_without_the_right_is_refused(role: Role, application: Application) -> None:
    client = factories.sign_in_staff(Client(), factories.staff(role))
    assert client.get(address(application)).status_code in {403, 404}
    assert look(client, application).status_code in {403, 404}
    assert revealed() == []


# --- the person's rights ----------------------------------------------------------------------------------
def restricted(application: Application) -> None:
    restrict(
        subject_id=application.subject_id, ground=RestrictionGround.ACCURACY,
        actor=Actor.consumer(application.subject_id),
    )  # fmt: skip


def test_restricted_person_is_not_shown_to_support(support: Client, application: Application) -> None:
    restricted(application)
    page = look(support, application)
    assert page.status_code == 403
    assert "tikai glabā" in page.text
    assert "Anna" not in page.text


def test_refusal_by_a_right_is_written_down_on_every_way(support: Client, application: Application) -> None:
    """Before the form, by the form, and when the right comes in between."""
    look(support, application)
    restricted(application)
    for ask in (support.get, support.get, lambda page: support.post(page, {"case": "CASE-17"})):
        assert ask(address(application)).status_code == 403
    entries = AuditEntry.objects.using(ASIDE).filter(action="application.reveal_refused").order_by("pk")
    assert [(one.subject_id, one.detail) for one in entries] == [
        (application.subject_id, {"purpose": purpose, "why": "processing_restricted"})
        for purpose in ("serve_customers", None, None)
    ]


def test_restriction_that_comes_in_between_hides_the_person(
    support: Client, application: Application
) -> None:
    look(support, application)
    restricted(application)
    page = support.get(address(application))
    assert page.status_code == 403
    assert "Anna" not in page.text


def test_role_that_ends_takes_its_reason_along(application: Application) -> None:
    reader = factories.staff(Role.SUPPORT, Role.DPO, name="both")
    client = factories.sign_in_staff(Client(), reader)
    assert "Anna" in look(client, application, purpose=Purpose.INFORMATION_SECURITY).text
    reader.groups.remove(Group.objects.get(name=Role.DPO))
    page = client.get(address(application))
    assert page.status_code == 403
    assert "Anna" not in page.text


def test_officer_is_led_to_the_reasons_that_a_restriction_leaves(application: Application) -> None:
    restricted(application)
    officer = dpo.dpo()
    page = officer.get(reverse("admin:applications_application_change", args=[application.pk]))
    assert page.status_code == 403
    assert address(application) in page.text
    form = officer.get(address(application)).context["form"]
    assert {value for value, _label in form.fields["purpose"].choices} == {
        "data_subject_rights", "legal_claims", "inform_authorities",
    }  # fmt: skip
    assert "Anna" in look(officer, application, purpose=Purpose.DATA_SUBJECT_RIGHTS).text
    seen = AuditEntry.objects.get(action="application.revealed")
    assert seen.detail["while_restricted"] == Purpose.DATA_SUBJECT_RIGHTS


def test_reason_that_was_objected_to_is_not_offered(application: Application) -> None:
    object_to(
        subject_id=application.subject_id, purpose=Purpose.INFORMATION_SECURITY,
        actor=Actor.consumer(application.subject_id),
    )  # fmt: skip
    page = dpo.dpo().get(address(application))
    assert "information_security" not in dict(page.context["form"].fields["purpose"].choices)
    assert page.context["stopped"]


def test_erased_person_is_shown_to_nobody_and_the_page_says_why(
    support: Client, application: Application
) -> None:
    look(support, application)
    for door in doors():
        door.erase(application.subject)
    page = support.get(address(application))
    assert "Anna" not in page.text
    assert page.status_code in {403, 404}


# --- partners ---------------------------------------------------------------------------------------------
def test_what_a_partner_sees_is_disclosed_to_the_partners_company(application: Application) -> None:
    mandate = dpo.mandate(application)
    client = factories.sign_in_staff(Client(), mandate.user)
    assert "Anna" in look(client, application, purpose=Purpose.LEGAL_CLAIMS).text
    row = Disclosure.objects.get(recipient_kind="partner")
    assert (row.recipient, row.purpose, row.status) == (mandate.recipient.slug, "legal_claims", "made")
    assert "identification.personal_code" in row.fields
    assert "financial.employer" not in row.fields
    sights = who_saw(application.subject_id, purpose=Purpose.DATA_SUBJECT_RIGHTS)
    names = [one.who for one in sights if one.purpose == str(Purpose.LEGAL_CLAIMS.label)]
    assert names == [mandate.recipient.name]


def test_partner_is_refused_outside_the_mandate(application: Application) -> None:
    other = factories.complete_draft(factories.subject())
    factories.send(other, factories.lender("beta").slug)
    reader = dpo.mandate(application).user
    what = Look(Purpose.LEGAL_CLAIMS, "T-17", (Category.LOAN,))
    with pytest.raises(OutsideMandate):
        reveal(application=other, look=what, reader=reader)
    assert not Disclosure.objects.filter(recipient_kind="partner").exists()


def test_look_under_one_mandate_is_no_look_under_another(application: Application) -> None:
    mandate = dpo.mandate(application)
    client = factories.sign_in_staff(Client(), mandate.user)
    look(client, application, purpose=Purpose.LEGAL_CLAIMS)
    office = dpo.recipient("other-office", kind="partner")
    dpo.mandate(application, user=mandate.user, recipient=office)
    mandate.delete()
    page = client.get(address(application))
    assert page.status_code == 403
    assert "Anna" not in page.text
