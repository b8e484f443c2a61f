"""Support finds an application by its number, sees nobody's data, and sends again what failed."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, expect

from lenders.sandbox.secrets import SANDBOX_LENDERS
from tests.journeys.conftest import CONTEXT
from tests.journeys.product import OFFERS, Product, until
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


def sent_in_part(consumer: Visitor) -> Visitor:
    """Sent to everybody; `atra` turned it away for good, `vetra` fails as it always does."""
    consumer.product.forget_failures()
    consumer.product.fault("atra", "redirect")
    consumer.with_offers()
    expect(consumer.page.locator("[data-waiting=false]")).to_be_visible(timeout=40_000)
    return consumer


@pytest.fixture
def application(new_visitor) -> Visitor:
    return sent_in_part(new_visitor())


@pytest.fixture(scope="module")
def case_to_look_at(browser: Browser, product: Product) -> Iterator[Visitor]:
    """One for all who change nothing of it."""
    context = browser.new_context(**CONTEXT)
    yield sent_in_part(Visitor(context, product, name="case_to_look_at"))
    context.close()


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
    expect(page.locator(".panel-table tbody tr")).to_have_count(len(SANDBOX_LENDERS))
    expect(page.locator(".panel-table tbody tr", has_text="Vētras").locator("ol.attempts li")).to_have_count(
        3
    )
    assert_nobody_is_shown(staff, email)
    staff.shot("application")

    staff.open(f"/admin/lenders/submission/?q={reference}")
    expect(page.locator("#result_list tbody tr")).to_have_count(len(SANDBOX_LENDERS))
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
    expect(application.page.locator("li.offer")).to_have_count(OFFERS, timeout=20_000)

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


@pytest.mark.parametrize("path", ["queues", "waiting", "answers", "health", "pausing"])
def test_work_page_has_no_obstacles(new_visitor, case_to_look_at, path):
    staff = new_visitor()
    log_in(staff)
    staff.open(f"/admin/lenders/{path}/")
    assert staff.obstacles() == []
    assert_nobody_is_shown(staff, case_to_look_at.email)


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


def test_phone_shows_what_matters_first_and_scrolls_what_is_wide(new_visitor):
    staff = new_visitor()
    log_in(staff, "dpo")
    page, width = staff.page, 390
    page.set_viewport_size({"width": width, "height": 844})
    for path, column in (
        ("privacy/assessment", "up_to_date"),
        ("applications/recipient", "receives"),
        ("applications/auditentry", "action"),
    ):
        staff.open(f"/admin/{path}/")
        box = page.locator(f"#result_list tbody .field-{column}").first.bounding_box()
        assert box["x"] + box["width"] <= width, path
        assert page.evaluate("document.documentElement.scrollWidth") == width
        staff.shot(f"phone-{column}")
    staff.open("/admin/privacy/flow/")
    drawing, letters = page.locator(".wide:has(svg)"), page.locator("svg.flow tspan").first
    assert drawing.evaluate("box => box.scrollWidth > box.clientWidth")
    assert letters.bounding_box()["height"] >= 13
    assert page.evaluate("document.documentElement.scrollWidth") == width
    staff.shot("phone-flow")


def test_draft_is_not_found_by_staff(new_visitor):
    consumer = new_visitor()
    consumer.sign_in()
    consumer.answer()
    staff = new_visitor()
    log_in(staff, "dpo")
    staff.open("/admin/applications/application/?status__exact=draft")
    expect(staff.page.locator("#result_list tbody tr")).to_have_count(0)


@pytest.mark.parametrize(("role", "least"), [("dpo", 15), ("manager", 4), ("auditor", 3), ("admin", 2)])
def test_every_admin_page_keeps_to_the_content_policy(new_visitor, role, least):
    """The crawl of the site's own index: lists, first rows, and forms. Complaints fail the visitor's end."""
    staff = new_visitor()
    log_in(staff, role)
    page = staff.page
    lists = page.locator("#content-main a[href^='/admin/']").evaluate_all(
        "links => links.map(link => link.getAttribute('href'))"
    )
    assert len(lists) >= least
    for path in sorted(set(lists)):
        staff.open(path)
        if path.endswith("/add/"):
            continue
        first = page.locator("#result_list tbody tr th a, #result_list tbody tr td a").first
        if first.count():
            first.click()
            expect(page.locator("#content")).to_be_visible()


def test_support_finds_a_person_has_them_shown_and_the_person_learns_of_it(new_visitor):
    """Log in with the app's code, search, give a reason, see; the audit and the person's page tell of it."""
    consumer = new_visitor().with_offers()
    reference, given = consumer.reference, ANSWERS["name"]["given_name"]
    found = []
    staff = new_visitor()
    log_in(staff)
    page = staff.page

    staff.open("/admin/applications/find/")
    found += staff.obstacles()
    page.fill("[name=known_by]", "nobody@piemers.lv")
    staff.press("form.ask button")
    expect(page.locator(".errorlist")).to_be_visible()
    page.fill("[name=known_by]", consumer.email)
    staff.press("form.ask button")
    assert_nobody_is_shown(staff, consumer.email)
    found += staff.obstacles()
    staff.shot("found")
    page.get_by_role("link", name=reference).click()

    page.locator("a[href$='/reveal/']").click()
    found += staff.obstacles()
    assert_nobody_is_shown(staff, consumer.email)
    staff.shot("reason")
    page.check("[name=purpose][value=handle_complaints]")
    page.fill("[name=case]", "SŪDZ 17")
    staff.press("form.look button")
    expect(page.locator(".errorlist")).to_be_visible()
    page.fill("[name=case]", "SUDZ-17")
    staff.press("form.look button")
    expect(page.locator(".revealed")).to_contain_text(given)
    expect(page.locator(".revealed")).to_contain_text(consumer.email)
    assert ANSWERS["employer"]["employer"] not in page.content()
    found += staff.obstacles()
    staff.shot("shown")
    staff.press("[name=hide]")
    expect(page.locator(".messagelist .success")).to_be_visible()
    assert_nobody_is_shown(staff, consumer.email)

    officer = new_visitor()
    log_in(officer, "dpo")
    officer.open("/admin/applications/auditentry/")
    entry = officer.page.locator("#result_list tbody tr", has_text="application.revealed").first
    entry.locator("th a").click()
    expect(officer.page.locator("#content")).to_contain_text("SUDZ-17")
    assert_nobody_is_shown(officer, consumer.email)

    consumer.open("/account/seen/")
    sight = consumer.page.locator(".sight", has_text="SUDZ-17")
    expect(sight).to_contain_text("Sūdzību")
    consumer.shot("who-saw")
    assert found == []


MANY_ENTRIES = """
from applications.actors import SYSTEM
from applications.services import audit
for number in range(60):
    audit.record(actor=SYSTEM, action="list.filled", number=number)
"""


def test_older_rows_and_back_by_keyboard(new_visitor, product):
    product.in_its_shell(MANY_ENTRIES)
    staff = new_visitor()
    log_in(staff, "dpo")
    staff.open("/admin/applications/auditentry/")
    rows = staff.page.locator("#result_list tbody")
    newest = rows.inner_text()
    pager = staff.page.get_by_role("navigation", name="Šī saraksta lapas")
    follow(pager.get_by_role("link", name="Vecākas"))
    assert "/?p=after." in staff.page.url
    assert rows.inner_text() != newest
    follow(pager.get_by_role("link", name="Jaunākas", exact=True))
    assert "/?p=before." in staff.page.url
    assert rows.inner_text() == newest


def follow(link: Locator) -> None:
    """As somebody without a mouse does."""
    link.focus()
    with link.page.expect_navigation():
        link.page.keyboard.press("Enter")
