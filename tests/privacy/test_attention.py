"""What waits for the DPO: each kind of flag comes, leads somewhere, and goes."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from applications.actors import SYSTEM
from applications.data_policy import bases_of
from applications.errors import NoticeChanged
from applications.formats import date_text
from applications.models import AgreementKind, Contact, ContactRole, Recipient
from applications.personal import Basis, Purpose, RecipientKind
from applications.selectors.periods import forget_known
from applications.services.contacts import save_contact
from applications.staff_site import Flag
from privacy import attention
from privacy.models import AssessmentKind
from privacy.notices import publish_texts
from privacy.services.registers import save_breach
from tests.privacy import dpo

pytestmark = pytest.mark.django_db(databases=["default", "keys", "aside"])
LONG_AGO = date(2026, 2, 1)


@pytest.fixture(autouse=True)
def _english() -> None:
    translation.activate("en")


@pytest.fixture
def quiet() -> Iterator[None]:
    """Nothing waits."""
    Contact.objects.update(doubt="")
    publish_texts(actor=SYSTEM)
    for purpose in Purpose:
        if Basis.LEGITIMATE_INTERESTS in bases_of(purpose):
            dpo.assessment(purpose=purpose)
    dpo.confirmed_periods()
    yield
    forget_known()


def unweighed() -> list[Flag]:
    return list(attention.unweighed_interests(timezone.now()))


def sentences() -> list[str]:
    return [flag.sentence for flag in attention.flags()]


@pytest.mark.usefixtures("quiet")
def test_nothing_waits_when_everything_is_in_order() -> None:
    dpo.recipient()
    assert sentences() == []


@pytest.mark.usefixtures("quiet")
def test_running_breach_waits_with_its_hours_until_the_authority_is_told() -> None:
    breach = dpo.breach(2)
    [flag] = attention.flags()
    assert "69 hours left" in flag.sentence
    assert flag.url == reverse("admin:privacy_breach_change", args=[breach.pk])
    breach.authority_told_at = timezone.now()
    save_breach(breach=breach, changed=["authority_told_at"], actor=SYSTEM)
    assert sentences() == []


@pytest.mark.usefixtures("quiet")
def test_breach_of_which_the_authority_is_to_be_told_later_still_waits() -> None:
    dpo.breach(2, authority_told_at=timezone.now() + timedelta(hours=1))
    assert "69 hours left" in sentences()[0]


@pytest.mark.usefixtures("quiet")
def test_overdue_breach_waits_first() -> None:
    dpo.breach(2)
    dpo.breach(80)
    assert ["Overdue" in sentence for sentence in sentences()] == [True, False]


@pytest.mark.usefixtures("quiet")
def test_breach_that_need_not_be_told_does_not_wait() -> None:
    dpo.breach(80, need_not_tell=True, reason="The list was encrypted.")
    assert sentences() == []


def test_authority_whose_address_is_in_doubt_waits() -> None:
    doubtful = Contact.objects.get(role=ContactRole.AUTHORITY)
    links = {flag.url: flag.sentence for flag in attention.flags()}
    assert "Blaumaņa" in links[reverse("admin:applications_contact_change", args=[doubtful.pk])]


@pytest.mark.usefixtures("quiet")
def test_changed_contact_makes_the_notices_wait() -> None:
    row = Contact.objects.get(role=ContactRole.CONTROLLER)
    row.address = "Republikas laukums 3, Rīga, LV-1010"
    save_contact(contact=row, changed=["address"], actor=SYSTEM)
    waiting = attention.flags()
    assert waiting
    assert {flag.url for flag in waiting} == {reverse("admin:privacy_attention")}
    assert any("Privacy notice" in flag.sentence for flag in waiting)
    publish_texts(actor=SYSTEM)
    assert sentences() == []


@pytest.mark.usefixtures("quiet")
def test_edition_that_was_changed_after_publishing_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise NoticeChanged("terms/1.lv.html is not what was published from it.")

    monkeypatch.setattr(attention, "to_publish", refuse)
    assert "terms/1.lv.html" in sentences()[0]


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"review_due_on": LONG_AGO}, "overdue"),
        ({"agreement_until": LONG_AGO}, "ended"),
        ({"assessed_on": None}, "not assessed"),
        ({"agreement_signed_on": None}, "no signed agreement"),
    ],
)
def test_lapsed_recipient_waits_with_the_reason(changes: dict[str, date | None], why: str) -> None:
    row = dpo.recipient(**changes)
    [flag] = attention.flags()
    assert row.name in flag.sentence
    assert why in flag.sentence
    assert flag.url == reverse("admin:applications_recipient_change", args=[row.pk])


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("name", ["licence_until", "agreement_until", "review_due_on"])
@pytest.mark.parametrize(("days", "waits"), [(0, True), (30, True), (31, False)])
def test_paper_that_ends_within_a_month_waits(name: str, days: int, waits: bool) -> None:
    day = timezone.localdate() + timedelta(days=days)
    row = dpo.recipient(kind=RecipientKind.LENDER, agreement=AgreementKind.COOPERATION, **{name: day})
    found = [(flag.sentence, flag.url) for flag in attention.flags()]
    if not waits:
        assert found == []
        return
    [(sentence, url)] = found
    assert row.name in sentence
    assert f"{Recipient._meta.get_field(name).verbose_name} {date_text(day)}" in sentence
    assert url == reverse("admin:applications_recipient_change", args=[row.pk])


@pytest.mark.usefixtures("quiet")
def test_lender_without_a_licence_waits() -> None:
    dpo.recipient(
        kind=RecipientKind.LENDER,
        agreement=AgreementKind.COOPERATION,
        licence_number="",
        licence_authority="",
    )
    [sentence] = sentences()
    assert "no licence" in sentence


@pytest.mark.usefixtures("quiet")
def test_recipient_that_is_not_in_use_does_not_wait() -> None:
    dpo.recipient(active=False, review_due_on=LONG_AGO)
    assert sentences() == []


@pytest.mark.usefixtures("quiet")
def test_assessment_waits_from_the_day_of_its_review() -> None:
    today = timezone.localdate()
    dpo.assessment(title="Tomorrow", review_due_on=today + timedelta(days=1))
    due = dpo.assessment(title="Today", review_due_on=today)
    [flag] = attention.flags()
    assert flag.sentence.endswith("Today")
    assert flag.url == reverse("admin:privacy_assessment_change", args=[due.pk])


def test_purposes_whose_interests_nobody_weighed_wait() -> None:
    dpo.assessment(purpose=Purpose.SYSTEM_SECURITY)
    waiting = {flag.sentence for flag in unweighed()}
    assert str(Purpose.INFORMATION_SECURITY.label) in waiting
    assert str(Purpose.SYSTEM_SECURITY.label) not in waiting


@pytest.mark.django_db(databases=["default", "keys", "aside"])
def test_purpose_that_nobody_weighed_leads_to_an_assessment_begun_for_it() -> None:
    officer = dpo.dpo()
    flag = next(one for one in unweighed() if one.sentence == str(Purpose.INFORMATION_SECURITY.label))
    form = officer.get(flag.url).context["adminform"].form
    begun = {name: form[name].value() for name in ("kind", "purpose")}
    assert begun == {
        "kind": AssessmentKind.LEGITIMATE_INTERESTS, "purpose": Purpose.INFORMATION_SECURITY,
    }  # fmt: skip
    given = {
        "title": "Security", "weighed": "Interests and risks.", "outcome": "Fair.",
        "assessed_on": "2026-02-01", "review_due_on": "2099-02-01",
    }  # fmt: skip
    assert officer.post(flag.url, begun | given).status_code == 302
    assert flag not in list(unweighed())
