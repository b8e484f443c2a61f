"""Support finds an application by its number, sees nobody's data, and sends again what failed."""

import pytest
from playwright.sync_api import expect

from tests.journeys.product import Product, until
from tests.journeys.staff import log_in
from tests.journeys.visitor import ANSWERS, Visitor

PLANTED = (
    ANSWERS["name"]["given_name"],
    ANSWERS["name"]["surname"],
    ANSWERS["personal-code"]["personal_code"],
    ANSWERS["document"]["document_number"],
    ANSWERS["phone"]["phone"],
    ANSWERS["address"]["street_address"],
    ANSWERS["employer"]["employer"],
    ANSWERS["repayment"]["keyword"],
)


def assert_nobody_is_shown(visitor: Visitor, email: str) -> None:
    source = visitor.page.content()
    shown = [value for value in (*PLANTED, email) if value in source]
    assert shown == [], visitor.page.url


def find_submission(visitor: Visitor, reference: str, lender: str) -> None:
    visitor.open(f"/admin/lenders/submission/?q={reference}")
    visitor.page.locator("#result_list tbody tr", has_text=lender).locator("th a").click()


def state_of(visitor: Visitor) -> str:
    visitor.page.reload()
    return visitor.page.locator(".field-status .readonly").first.inner_text()


def send_again(visitor: Visitor, reference: str, lender: str) -> None:
    visitor.open(f"/admin/lenders/submission/?q={reference}")
    row = visitor.page.locator("#result_list tbody tr", has_text=lender)
    row.locator("input.action-select").check()
    visitor.page.select_option("select[name=action]", "send_again")
    visitor.page.locator("button[name=index]").click()
    expect(visitor.page.locator(".messagelist .success")).to_be_visible()


@pytest.fixture
def application(new_visitor, product: Product) -> Visitor:
    """Sent to everybody; `atra` turned it away for good, `vetra` fails as it always does."""
    product.fault("atra", "redirect")
    consumer = new_visitor().with_offers()
    expect(consumer.page.locator("[data-waiting=false]")).to_be_visible(timeout=40_000)
    return consumer


def test_support_sees_the_case_and_not_the_person_and_sends_again_what_failed(
    new_visitor, application, product
):
    reference, email = application.reference, application.email
    staff = new_visitor()
    log_in(staff)
    page = staff.page

    staff.open(f"/admin/applications/application/?q={reference}")
    expect(page.locator("#result_list tbody tr")).to_have_count(1)
    assert_nobody_is_shown(staff, email)
    page.locator("#result_list tbody tr th a").click()
    assert_nobody_is_shown(staff, email)
    expect(page.locator(".field-masked_name")).to_contain_text("S•••••")
    expect(page.locator(".field-masked_email")).to_contain_text("@•••••.lv")
    expect(page.locator(".panel-table tbody tr")).to_have_count(5)
    expect(page.locator(".panel-table tbody tr", has_text="Vētras").locator("ol.attempts li")).to_have_count(
        3
    )
    assert_nobody_is_shown(staff, email)
    staff.shot("application")

    staff.open(f"/admin/lenders/submission/?q={reference}")
    expect(page.locator("#result_list tbody tr")).to_have_count(5)
    staff.shot("submissions")
    find_submission(staff, reference, "Vētras")
    expect(page.locator("main, #content").first).to_contain_text("unavailable")
    assert_nobody_is_shown(staff, email)
    staff.shot("submission")
    page.locator("a.inlineviewlink").first.click()
    expect(page.locator(".inline-related .field-outcome, td.field-outcome")).to_have_count(3)
    assert_nobody_is_shown(staff, email)
    staff.shot("attempts")

    send_again(staff, reference, "Ātrā")
    find_submission(staff, reference, "Ātrā")
    until(lambda: page.locator("td.field-price_personalised").count() or not state_of(staff), seconds=30)
    expect(application.page.locator("li.offer")).to_have_count(3, timeout=20_000)

    send_again(staff, reference, "Vētras")
    find_submission(staff, reference, "Vētras")
    until(lambda: page.reload() and page.locator("tr.has_original").count() >= 2, seconds=30)
    assert_nobody_is_shown(staff, email)


def test_what_waits_is_found_on_the_first_page_and_sent_again_from_there(new_visitor, application):
    staff = new_visitor()
    log_in(staff)
    page, reference = staff.page, application.reference
    page.locator("section.waiting a[href='/admin/lenders/waiting/']").click()
    assert_nobody_is_shown(staff, application.email)
    row = page.locator("tbody tr", has_text=reference).filter(has_text="Ātrā")
    row.locator("input[type=checkbox]").check()
    page.locator("form", has=row).locator("button[type=submit]:not([name])").click()
    expect(page.locator(".messagelist .success")).to_be_visible()
    expect(row).to_have_count(0)


@pytest.mark.parametrize("path", ["queues", "waiting", "answers"])
def test_work_page_has_no_obstacles(new_visitor, application, path):
    staff = new_visitor()
    log_in(staff)
    staff.open(f"/admin/lenders/{path}/")
    assert staff.obstacles() == []
    assert_nobody_is_shown(staff, application.email)


def test_support_has_no_door_to_people_codes_or_keys(new_visitor):
    staff = new_visitor()
    log_in(staff)
    for path in (
        "datasubject",
        "identification",
        "emailchallenge",
        "outboundmail",
        "staffuser",
        "auditentry",
    ):
        answer = staff.page.goto(f"{staff.product.url}/admin/applications/{path}/")
        assert answer.status in (403, 404), path


def test_draft_is_not_found_by_staff(new_visitor):
    consumer = new_visitor()
    consumer.sign_in()
    consumer.answer()
    staff = new_visitor()
    log_in(staff, "admin")
    staff.open("/admin/applications/application/?status__exact=draft")
    expect(staff.page.locator("#result_list tbody tr")).to_have_count(0)


def test_every_admin_page_keeps_to_the_content_policy(new_visitor):
    """The crawl of the site's own index: lists, first rows, and forms. Complaints fail the visitor's end."""
    staff = new_visitor()
    log_in(staff, "admin")
    page = staff.page
    lists = page.locator("#content-main a[href^='/admin/']").evaluate_all(
        "links => links.map(link => link.getAttribute('href'))"
    )
    assert len(lists) >= 5
    for path in sorted(set(lists)):
        staff.open(path)
        if path.endswith("/add/"):
            continue
        first = page.locator("#result_list tbody tr th a, #result_list tbody tr td a").first
        if first.count():
            first.click()
            expect(page.locator("#content")).to_be_visible()
