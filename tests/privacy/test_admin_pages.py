"""The DPO's pages in the admin: for the DPO alone, and they do what they say."""

import io
import json
from datetime import timedelta

import pytest
from django.contrib import admin
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from applications.actors import SYSTEM
from applications.crypto.keyring import data_key_scope
from applications.models import (
    AgreementKind,
    AuditEntry,
    Contact,
    ContactRole,
    Milestone,
    MilestoneReached,
    NoticeVersion,
    Recipient,
    RestrictionGround,
    StaffUser,
)
from applications.personal import Purpose, RecipientKind
from applications.services.processing import restrict
from applications.services.statistics import reached
from applications.staff_site import AdminPage
from privacy.models import Assessment, Breach
from privacy.notices import publish_texts
from tests import factories
from tests.applications.pages import Elements
from tests.privacy import dpo

pytestmark = pytest.mark.django_db(databases=["default", "keys", "aside"])
ENGLISH = {"Accept-Language": "en"}
ATTENTION = reverse("admin:privacy_attention")
EXPLAIN = reverse("admin:privacy_explain")
PAGES = [page for page in admin.site.pages if page.app_label == "privacy"]


@pytest.fixture
def officer() -> Client:
    return dpo.dpo()


def submitted(client: Client, address: str, **changes: object) -> dict[str, object]:
    """What a browser posts when the form at this address is sent back with these changes."""
    page = client.get(address).context["adminform"].form
    data: dict[str, object] = {}
    for bound in page:
        value = bound.value()
        name = bound.html_name
        if bound.field.__class__.__name__ == "SplitDateTimeField" and value is not None:
            local = timezone.localtime(value)
            data |= {f"{name}_0": f"{local:%Y-%m-%d}", f"{name}_1": f"{local:%H:%M:%S}"}
        elif value not in (None, False):
            data[name] = value
    return data | changes


# --- who may open them ----------------------------------------------------------------------------------
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_page_is_open_to_the_dpo_and_closed_to_support(page: AdminPage) -> None:
    assert dpo.dpo().get(page.url).status_code == 200
    assert dpo.support().get(page.url).status_code == 403


def test_index_lists_the_pages_for_whom_they_are_open(officer: Client) -> None:
    listed = [page.url for page in PAGES if page.listed]
    links = {attributes.get("href") for _tag, attributes in Elements(_index(officer)).found}
    assert set(listed) <= links
    others = {attributes.get("href") for _tag, attributes in Elements(_index(dpo.support())).found}
    assert not set(listed) & others


def test_index_of_one_floor_lists_its_pages(officer: Client) -> None:
    text = officer.get(reverse("admin:app_list", args=["privacy"])).text
    assert ATTENTION in text
    assert ATTENTION not in officer.get(reverse("admin:app_list", args=["lenders"])).text.split("</nav>")[-1]


def test_page_is_listed_though_no_row_of_its_floor_may_be_seen() -> None:
    client = dpo.staff("auditor", ["view_flow"])
    assert reverse("admin:privacy_flow") in _index(client)


def test_index_counts_what_waits_for_the_dpo_alone(officer: Client) -> None:
    dpo.breach(80)
    response = officer.get(reverse("admin:index"), headers=ENGLISH)
    [waiting] = [one for one in response.context["waiting"] if one["page"].url == ATTENTION]
    assert f'<span class="number">{len(waiting["flags"])}</span>' in response.text
    assert "Overdue" in response.text
    others = dpo.support().get(reverse("admin:index")).context["waiting"]
    assert ATTENTION not in [one["page"].url for one in others]


def _index(client: Client) -> str:
    return client.get(reverse("admin:index")).text


# --- what needs attention ---------------------------------------------------------------------------------
def test_button_publishes_the_notices_in_the_name_of_the_dpo(officer: Client) -> None:
    assert officer.get(ATTENTION).context["can_publish"]
    response = officer.post(ATTENTION, follow=True)
    assert response.redirect_chain == [(ATTENTION, 302)]
    assert not response.context["can_publish"]
    entries = AuditEntry.objects.filter(action="notice.published", actor_kind="staff")
    assert entries.count() == NoticeVersion.objects.count() > 0


def test_who_may_only_look_cannot_publish() -> None:
    client = dpo.staff("auditor", ["view_attention"])
    assert not client.get(ATTENTION).context["can_publish"]
    assert client.post(ATTENTION).status_code == 403
    assert not NoticeVersion.objects.exists()


def test_changed_contact_says_that_the_notices_are_to_be_published_anew(officer: Client) -> None:
    publish_texts(actor=SYSTEM)
    row = Contact.objects.get(role=ContactRole.CONTROLLER)
    address = reverse("admin:applications_contact_change", args=[row.pk])
    response = officer.post(address, submitted(officer, address, name="SIA Cits"), follow=True)
    assert ATTENTION in "".join(map(str, response.context["messages"]))
    assert officer.get(ATTENTION).context["can_publish"]
    assert AuditEntry.objects.get(action="contact.changed").detail == {"fields": ["name"]}


def test_settled_doubt_needs_no_new_notice(officer: Client) -> None:
    publish_texts(actor=SYSTEM)
    row = Contact.objects.get(role=ContactRole.AUTHORITY)
    address = reverse("admin:applications_contact_change", args=[row.pk])
    response = officer.post(address, submitted(officer, address, doubt=""), follow=True)
    assert ATTENTION not in "".join(map(str, response.context["messages"]))
    assert Contact.objects.get(pk=row.pk).doubt == ""


def test_doubt_that_the_register_began_with_is_read_in_latvian(officer: Client) -> None:
    row = Contact.objects.get(role=ContactRole.AUTHORITY)
    page = officer.get(reverse("admin:applications_contact_change", args=[row.pk]))
    assert "The privacy policy prints" not in page.text
    assert "Privātuma politikā iespiesta" in page.text


# --- the registers ---------------------------------------------------------------------------------------
def test_list_says_why_a_recipient_receives_nothing(officer: Client) -> None:
    dpo.recipient(review_due_on=timezone.localdate() - timedelta(days=1))
    text = officer.get(reverse("admin:applications_recipient_changelist"), headers=ENGLISH).text
    assert "The review of its security is overdue." in text


@pytest.mark.parametrize("name", ["country", "hosting_country"])
def test_recipient_outside_the_eea_is_refused_with_the_sentence_of_the_constraint(
    officer: Client, name: str
) -> None:
    row = dpo.recipient()
    address = reverse("admin:applications_recipient_change", args=[row.pk])
    response = officer.post(address, submitted(officer, address, **{name: "US"}), headers=ENGLISH)
    assert response.context["errors"] == [["Personal data go to no country outside the EEA."]]
    assert getattr(Recipient.objects.get(pk=row.pk), name) == "LV"


def test_half_a_licence_is_refused_with_the_sentence_of_the_constraint(officer: Client) -> None:
    address = reverse("admin:applications_recipient_change", args=[dpo.recipient().pk])
    response = officer.post(address, submitted(officer, address, licence_number=""), headers=ENGLISH)
    assert ["A licence has a number, and an authority that issued it."] in response.context["errors"]


def test_lender_receives_from_the_day_on_which_its_licence_is_entered(officer: Client) -> None:
    row = dpo.recipient(
        kind=RecipientKind.LENDER,
        agreement=AgreementKind.COOPERATION,
        licence_number="",
        licence_authority="",
    )
    address = reverse("admin:applications_recipient_change", args=[row.pk])
    licence = {"licence_number": "NK-1", "licence_authority": "PTAC", "licence_until": "2099-01-01"}
    officer.post(address, submitted(officer, address, **licence))
    assert AuditEntry.objects.get(action="recipient.changed").detail == {"fields": list(licence)}
    assert Recipient.objects.get(pk=row.pk).lapsed(timezone.localdate()) is None


def test_renewed_assessment_of_a_recipient_is_written_by_the_service(officer: Client) -> None:
    row = dpo.recipient(review_due_on=timezone.localdate() - timedelta(days=1))
    address = reverse("admin:applications_recipient_change", args=[row.pk])
    officer.post(address, submitted(officer, address, review_due_on="2099-01-01"))
    entry = AuditEntry.objects.get(action="recipient.changed")
    assert (entry.actor_kind, entry.detail) == ("staff", {"fields": ["review_due_on"]})
    assert Recipient.objects.get(pk=row.pk).lapsed(timezone.localdate()) is None


def test_breach_is_documented_with_its_clock(officer: Client) -> None:
    add = reverse("admin:privacy_breach_add")
    data = {
        "noticed_at_0": f"{timezone.localdate():%Y-%m-%d}",
        "noticed_at_1": "00:00",
        "what_happened": "A list was sent to the wrong office.",
        "categories": ["loan", "family"],
    }
    assert officer.post(add, data).status_code == 302
    row = Breach.objects.get()
    assert row.categories == ["loan", "family"]
    page = officer.get(reverse("admin:privacy_breach_change", args=[row.pk]), headers=ENGLISH).text
    assert "The clock is running" in page
    assert AuditEntry.objects.get(action="breach.entered").detail["fields"] == [
        "noticed_at", "what_happened", "categories",
    ]  # fmt: skip


@pytest.mark.parametrize("written", ["{:%d.%m.%Y.}", "{:%d.%m.%Y}", "{:%Y-%m-%d}"])
def test_date_is_taken_as_the_product_writes_it(officer: Client, written: str) -> None:
    today = timezone.localdate()
    data = {
        "noticed_at_0": written.format(today),
        "noticed_at_1": "00:00",
        "what_happened": "A list was sent to the wrong office.",
        "categories": ["loan"],
    }
    officer.post(reverse("admin:privacy_breach_add"), data)
    assert timezone.localtime(Breach.objects.get().noticed_at).date() == today


@pytest.mark.parametrize("language", ["lv", "en", "ru"])
def test_form_that_is_saved_as_it_was_changes_nothing(officer: Client, language: str) -> None:
    row = dpo.breach(noticed_at=timezone.now().replace(microsecond=0) - timedelta(hours=2))
    address = reverse("admin:privacy_breach_change", args=[row.pk])
    own = {"Accept-Language": language}
    inputs = [
        found for tag, found in Elements(officer.get(address, headers=own).text).found if tag == "input"
    ]
    shown = {one["name"]: one["value"] for one in inputs if one.get("name", "").startswith("noticed_at")}
    assert officer.post(address, submitted(officer, address, **shown), headers=own).status_code == 302
    assert Breach.objects.get().noticed_at == row.noticed_at


def test_late_telling_is_refused_in_words(officer: Client) -> None:
    row = dpo.breach(100)
    address = reverse("admin:privacy_breach_change", args=[row.pk])
    now = timezone.localtime()
    told = {"authority_told_at_0": f"{now:%Y-%m-%d}", "authority_told_at_1": f"{now:%H:%M:%S}"}
    response = officer.post(address, submitted(officer, address, **told), headers=ENGLISH)
    assert "the reasons for the delay are needed" in response.text
    assert Breach.objects.get().authority_told_at is None


def test_assessment_is_entered_by_the_dpo(officer: Client) -> None:
    data = {
        "kind": "impact", "title": "The form", "purpose": "handle_applications", "weighed": "Risks.",
        "outcome": "Acceptable.", "assessed_on": "2026-11-01", "review_due_on": "2027-11-01",
    }  # fmt: skip
    assert officer.post(reverse("admin:privacy_assessment_add"), data).status_code == 302
    assert Assessment.objects.get().title == "The form"
    assert AuditEntry.objects.filter(action="assessment.entered", actor_kind="staff").exists()


def test_opening_a_restriction_is_written_down(officer: Client) -> None:
    subject = factories.subject()
    row = restrict(subject_id=subject.pk, ground=RestrictionGround.CLAIMS, actor=SYSTEM)
    officer.get(reverse("admin:applications_restriction_change", args=[row.pk]))
    assert AuditEntry.objects.get(action="restriction.seen").subject_id == subject.pk


def test_month_of_statistics_shows_numbers_and_no_pseudonym(officer: Client) -> None:
    for person in (factories.subject(), factories.subject()):
        with data_key_scope():
            reached(subject_id=person.pk, milestone=Milestone.STARTED)
    page = officer.get(reverse("admin:applications_statisticsmonth_changelist"))
    [month] = page.context["cl"].result_list
    assert (month.started, month.chose) == (2, 0)
    pseudonyms = [bytes(one.pseudonym).hex() for one in MilestoneReached.objects.all()]
    assert [one for one in pseudonyms if one in page.text] == []


# --- the record and the flow ------------------------------------------------------------------------------
def test_record_names_recipients_from_the_register(officer: Client) -> None:
    dpo.recipient(hosting_country="EE", licence_number="NK-7")
    text = officer.get(reverse("admin:privacy_record_of_processing"), headers=ENGLISH).text
    assert [one for one in ("Company hosting", "Estonia", "NK-7, PTAC") if one not in text] == []


def test_record_downloads_as_csv_and_json(officer: Client) -> None:
    dpo.recipient()
    table = officer.get(reverse("admin:privacy_record_of_processing_csv"))
    assert table["Content-Type"].startswith("text/csv")
    assert table.content.decode("utf-8-sig").count("30(1)(g)") > 5
    data = officer.get(reverse("admin:privacy_record_of_processing_json"))
    assert "attachment" in data["Content-Disposition"]
    assert "Company hosting" in json.dumps(json.loads(data.content))


def test_flow_is_a_drawing_and_a_table(officer: Client) -> None:
    text = officer.get(reverse("admin:privacy_flow")).text
    assert '<svg class="flow" role="img"' in text
    assert text.count('<th scope="row">') == 14


# --- one person's rows --------------------------------------------------------------------------------------
def test_explanation_shows_kinds_counts_and_grounds_and_no_values(officer: Client) -> None:
    application = factories.sent_application(factories.subject("kadri@example.lv"))
    subject = application.subject
    numbers = (subject.customer_reference, subject.account_number, application.reference.lower())
    for number in numbers:
        response = officer.post(EXPLAIN, {"number": f" {number} "}, headers=ENGLISH)
        assert response.context["customer"] == subject.customer_reference
    held = {one.model.__name__: one.count for one in response.context["held"]}
    assert held["Application"] == held["Identification"] == 1
    assert "Contract (Art. 6(1)(b))" in response.text
    assert not [value for value in ("kadri@example.lv", "Bērziņa", "saulīte") if value in response.text]


def test_explanation_is_in_the_audit_under_the_name_of_who_asked(officer: Client) -> None:
    subject = factories.subject()
    officer.post(EXPLAIN, {"number": subject.customer_reference})
    entry = AuditEntry.objects.get(action="subject.explained")
    user = StaffUser.objects.get(username="dpo")
    assert (entry.actor_kind, entry.actor_identifier) == ("staff", str(user.pk))
    assert entry.subject_id == subject.pk


def test_explanation_of_somebody_restricted_says_for_which_purpose(officer: Client) -> None:
    subject = factories.subject()
    restrict(subject_id=subject.pk, ground=RestrictionGround.CLAIMS, actor=SYSTEM)
    officer.post(EXPLAIN, {"number": subject.customer_reference})
    entry = AuditEntry.objects.get(action="subject.explained")
    assert entry.detail == {"while_restricted": Purpose.DATA_SUBJECT_RIGHTS}


def test_unknown_number_explains_nobody(officer: Client) -> None:
    response = officer.post(EXPLAIN, {"number": "C-AAAAA-BBBBB"}, headers=ENGLISH)
    assert "Nobody is known by this number." in response.text
    assert not AuditEntry.objects.filter(action="subject.explained").exists()


def test_command_explains_and_audits_as_the_page_does() -> None:
    subject, said = factories.subject(), io.StringIO()
    call_command("datamap", "--explain", subject.customer_reference, stdout=said)
    assert said.getvalue().startswith(f"# What is held about {subject}")
    assert AuditEntry.objects.get(action="subject.explained").actor_kind == "system"


def test_number_in_the_address_explains_nobody(officer: Client) -> None:
    subject = factories.subject()
    response = officer.get(EXPLAIN, {"number": subject.customer_reference})
    assert "held" not in response.context
