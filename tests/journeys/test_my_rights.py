"""From a wish on one's own pages to its proof: correction, restriction, objection, papers for a complaint."""

import io
import zipfile
from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from tests.journeys.own_pages import (
    ANSWERS_WHEN_IT_LIKES,
    SLOWEST_MS,
    looked_at_until,
    number_of,
    open_request,
    own_pages,
)
from tests.journeys.product import Product, until
from tests.journeys.staff import log_in
from tests.journeys.test_letters import link_mailed_to
from tests.journeys.visitor import ANSWERS, Visitor

OLD, NEW = ANSWERS["name"]["surname"], "Kalniņa-Jaunā"
ASKED = "section[aria-labelledby=asked]"


def officer_at(new_visitor: Any, number: str) -> Visitor:
    officer: Visitor = new_visitor()
    log_in(officer, "dpo")
    open_request(officer, number)
    return officer


def decide(officer: Visitor, deed: str) -> None:
    """Open the page of a deed."""
    officer.page.locator(f".buttons a[href$='/{deed}/']").click()


def press_and_return(officer: Visitor) -> None:
    officer.page.locator("#content form button[type=submit]").last.click()
    officer.page.wait_for_url("**/change/**")


def test_correction_from_the_wrong_name_to_the_letter(new_visitor: Any, product: Product) -> None:
    visitor: Visitor = new_visitor()
    visitor.with_offers(leave_out=ANSWERS_WHEN_IT_LIKES)
    own_pages(visitor)
    visitor.page.locator("a[href='/lv/my-data/correction/']").click()
    found = visitor.obstacles()
    visitor.shot("corrections")
    visitor.page.locator("a[href$='/name/']").click()
    expect(visitor.page.locator("main dl")).to_contain_text(OLD)
    visitor.press("main form button[type=submit]")
    expect(visitor.page.locator(".error-summary")).to_be_visible()
    visitor.page.fill("[name=surname]", NEW)
    visitor.page.fill("[name=statement]", "Uzvārdu mainīju pēc laulībām.")
    found += visitor.obstacles()
    visitor.shot("correction")
    visitor.press("main form button[type=submit]")
    row = visitor.page.locator(f"{ASKED} tbody tr").first
    expect(row).to_contain_text(OLD)
    expect(row).to_contain_text(NEW)
    found += visitor.obstacles()

    officer = officer_at(new_visitor, number_of(visitor))
    assert NEW not in officer.page.locator("#content").inner_text()
    decide(officer, "approve")
    found += officer.obstacles()
    officer.shot("correction-approve")
    press_and_return(officer)
    looked_at_until(officer, "#content", "Izpildīts")
    visitor.open(link_mailed_to(product, visitor.email))
    expect(visitor.page.locator("h1")).to_have_text("Jūsu dati ir izlaboti")
    visitor.open("/lv/my-data/correction/")
    expect(visitor.page.locator("main")).to_contain_text(NEW)
    assert found == []


def test_another_address_from_the_page_to_the_next_sign_in(new_visitor: Any, product: Product) -> None:
    visitor: Visitor = new_visitor()
    visitor.with_offers(leave_out=ANSWERS_WHEN_IT_LIKES)
    number = visitor.reference
    own_pages(visitor)
    visitor.page.locator("a[href='/lv/my-data/correction/']").click()
    visitor.page.locator("a[href='/lv/my-data/correction/address/']").click()
    old, new = visitor.email, f"jauna-{visitor.email}"
    visitor.page.fill("[name=email]", old)
    visitor.press("main form button[type=submit]")
    expect(visitor.page.locator(".error-summary")).to_be_visible()
    found = visitor.obstacles()
    visitor.shot("address")
    visitor.page.fill("[name=email]", new)
    visitor.press("main form button[type=submit]")
    found += visitor.obstacles()
    visitor.shot("address-code")
    code = product.code_for(new)
    visitor.page.fill("[name=code]", code)
    visitor.press("main form button[type=submit]")
    looked_at_until(visitor, ASKED, "izlabots")
    visitor.shot("address-changed")
    found += visitor.obstacles()
    until(lambda: "Jūsu kontam ir cita e-pasta adrese" in product.get("/dev/mail/"))

    elsewhere: Visitor = new_visitor()
    elsewhere.sign_in(new, other_than=code)
    elsewhere.open("/lv/account/")
    expect(elsewhere.page.locator("main")).to_contain_text(number)
    assert found == []


def test_restriction_from_the_wish_to_its_end(new_visitor: Any, product: Product) -> None:
    visitor: Visitor = new_visitor()
    visitor.with_offers(leave_out=ANSWERS_WHEN_IT_LIKES)
    own_pages(visitor)
    visitor.page.locator("a[href='/lv/my-data/restriction/']").click()
    visitor.press("main form button[type=submit]")
    expect(visitor.page.locator(".error-summary")).to_be_visible()
    found = visitor.obstacles()
    visitor.tick("[name=about][value=accuracy]")
    visitor.shot("restriction")
    visitor.press("main form button[type=submit]")
    looked_at_until(visitor, ASKED, "Izpildīts.")
    number = number_of(visitor)
    visitor.open("/lv/account/")
    visitor.shot("restricted-account")
    found += visitor.obstacles()

    officer = officer_at(new_visitor, number)
    decide(officer, "end")
    found += officer.obstacles()
    officer.page.fill("[name=on]", "2099-01-01")
    officer.page.fill("[name=reasons]", "Dati ir pārbaudīti.")
    press_and_return(officer)
    visitor.open(link_mailed_to(product, visitor.email))
    expect(visitor.page.locator("main")).to_contain_text("Dati ir pārbaudīti.")

    visitor.open("/lv/my-data/restriction/")
    expect(visitor.page.locator("section[aria-labelledby=standing]")).to_contain_text("01.01.2099.")
    found += visitor.obstacles()
    visitor.shot("restriction-standing")
    visitor.press("section[aria-labelledby=standing] button")
    expect(visitor.page.locator("section[aria-labelledby=standing]")).to_have_count(0)
    assert found == []


def test_objection_from_the_wish_to_its_weighing(new_visitor: Any, product: Product) -> None:
    visitor: Visitor = new_visitor()
    visitor.sign_in()
    own_pages(visitor)
    visitor.page.locator("a[href='/lv/my-data/objection/']").click()
    found = visitor.obstacles()
    visitor.tick("[name=about][value=improve_service]")
    visitor.shot("objection")
    visitor.press("main form button[type=submit]")
    looked_at_until(visitor, ASKED, "Izmantošana ir pārtraukta")

    officer = officer_at(new_visitor, number_of(visitor))
    decide(officer, "weigh")
    officer.page.locator("[name=result][value=overruled]").check()
    officer.page.locator("#content form button[type=submit]").last.click()
    expect(officer.page.locator(".errorlist")).to_be_visible()
    found += officer.obstacles()
    officer.page.fill("[name=reasons]", "Bez tā sistēma nav droša.")
    press_and_return(officer)
    looked_at_until(officer, "#content", "Izpildīts")
    visitor.open(link_mailed_to(product, visitor.email))
    expect(visitor.page.locator("main")).to_contain_text("Bez tā sistēma nav droša.")
    assert found == []


def test_papers_for_a_complaint_from_the_button_to_the_file(new_visitor: Any) -> None:
    visitor: Visitor = new_visitor()
    visitor.sign_in()
    own_pages(visitor)
    visitor.page.locator("a[href='/lv/my-data/objection/']").click()
    visitor.tick("[name=about][value=inform_public]")
    visitor.press("main form button[type=submit]")
    number = number_of(visitor)
    visitor.page.locator(f"{ASKED} summary").first.click()
    found = visitor.obstacles()
    visitor.press(f"{ASKED} details button")
    papers = visitor.page.locator(f"{ASKED} a[href$='/papers/']")
    expect(papers).to_be_visible(timeout=SLOWEST_MS)
    visitor.shot("my-data")
    papers.click()
    expect(visitor.page.locator("main")).to_contain_text(number)
    found += visitor.obstacles()
    visitor.shot("papers")
    with visitor.page.expect_download() as saved:
        visitor.page.locator("main a[href$='.zip']").click()
    with zipfile.ZipFile(io.BytesIO(Path(saved.value.path()).read_bytes())) as everything:
        assert number in everything.read("papers.html").decode()
    assert found == []


def test_review_by_a_human_being_from_the_wish_to_the_lenders_answer(
    new_visitor: Any, product: Product
) -> None:
    """Piesardze refuses everybody; its people look at small amounts again."""
    visitor: Visitor = new_visitor()
    visitor.with_offers(leave_out=ANSWERS_WHEN_IT_LIKES)
    own_pages(visitor)
    visitor.page.locator("a[href='/lv/my-data/review/']").click()
    looked_at_until(visitor, "main", "Piesardzes")
    found = visitor.obstacles()
    visitor.page.locator(".choice label", has_text="Piesardzes").click()
    visitor.page.fill("[name=what]", "Ienākumi ir pieauguši.")
    visitor.shot("review")
    visitor.press("main form button[type=submit]")
    looked_at_until(visitor, ASKED, "Izpildīts.")
    visitor.open("/lv/my-data/review/")
    expect(visitor.page.locator("section[aria-labelledby=asked-lenders]")).to_contain_text("Piesardzes")
    found += visitor.obstacles()
    visitor.shot("review-answered")
    assert found == []
