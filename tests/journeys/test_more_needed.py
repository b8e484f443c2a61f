"""A lender needs more: asked for on the page, given or not, and only this lender gets it."""

from typing import Any

from playwright.sync_api import expect

from tests.journeys.product import Product, until
from tests.journeys.visitor import Visitor

PAPER = {"name": "alga.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7\nalga\n%%EOF\n"}
PAGE = {"name": "alga.html", "mimeType": "application/pdf", "buffer": b"<html>alga</html>"}
LEJA = "Lejas Kredīts"
SLOWEST_LENDER_MS = 30_000


def supplements(product: Product) -> list[dict[str, Any]]:
    return [one for one in product.lenders_log()["requests"] if one["path"].endswith("/supplement")]


def test_lender_asks_gets_it_and_offers_without_a_reload(visitor: Visitor, product: Product) -> None:
    page = visitor.page
    product.fault("leja", "needs_more", needs=["identification.phone", "document.income"])
    visitor.with_offers()
    page.evaluate("window.stayed = true")
    expect(page.locator(".asks")).to_contain_text(LEJA, timeout=SLOWEST_LENDER_MS)
    assert page.evaluate("window.stayed"), "the page was loaded again"
    visitor.shot("asks")
    page.locator(".asks a.button").click()
    assert page.input_value("[name=phone]") == "+371 20 000 123".replace(" ", "")
    visitor.shot("more")

    page.fill("[name=phone]", "12")
    page.set_input_files("[name=document_income]", PAGE)
    visitor.press()
    expect(page.locator(".error-summary")).to_be_focused()
    for name in ("phone", "document_income"):
        expect(page.locator(f"#id_{name}_error")).to_be_visible()
    assert page.input_value("[name=phone]") == "12"
    visitor.shot("more-errors")

    session = [one for one in visitor.context.cookies() if one["name"] == "consumer"]
    visitor.context.clear_cookies(name="consumer")
    page.fill("[name=phone]", "20000456")
    visitor.press()
    expect(page.locator("[role=alert]")).to_contain_text("sesija ir beigusies")
    assert page.input_value("[name=phone]") == "20000456"
    assert visitor.obstacles() == []
    visitor.shot("more-kept")
    visitor.context.add_cookies(session)  # signed in again, in another tab

    page.set_input_files("[name=document_income]", PAPER)
    given_before = len(supplements(product))
    visitor.press()
    page.evaluate("window.stayed = true")
    expect(page.locator("li.offer", has_text=LEJA)).to_be_visible(timeout=SLOWEST_LENDER_MS)
    assert page.evaluate("window.stayed"), "the page was loaded again"
    (given,) = supplements(product)[given_before:]
    assert given["fields"] == ["contact.phone", "document.income"]

    visitor.open("/lv/account/seen/")
    seen = page.locator(".sight", has_text=LEJA).first
    expect(seen).to_contain_text("Tālruņa numurs")
    expect(seen).to_contain_text("Dokuments par ienākumiem")
    assert seen.locator("li").count() == 2
    visitor.shot("seen")


def test_income_is_to_be_shown_for_a_large_loan_and_nothing_of_it_needs_scripts(new_visitor: Any) -> None:
    visitor: Visitor = new_visitor(java_script_enabled=False)
    page = visitor.page
    visitor.sign_in()
    visitor.answer(amount_cents="9000")
    visitor.answer_all()
    visitor.open("/lv/send/")
    visitor.agree_and_send()
    offers = page.url

    def there(what: str) -> bool:
        page.goto(offers)
        return page.locator(what).count() > 0

    until(lambda: there(".asks"), seconds=SLOWEST_LENDER_MS / 1000)
    visitor.open("/lv/account/")
    page.locator("a.button[href*='/more/']").click()
    page.set_input_files("[name=document_income]", PAPER)
    visitor.press()
    assert page.url == offers
    until(lambda: there(f"li.offer:has-text('{LEJA}')"), seconds=SLOWEST_LENDER_MS / 1000)


def test_nobody_need_give_it(visitor: Visitor, product: Product) -> None:
    page = visitor.page
    product.fault("leja", "needs_more", needs=["document.identity"])
    visitor.with_offers()
    page.locator(".asks a.button").click(timeout=SLOWEST_LENDER_MS)
    found = visitor.obstacles()
    visitor.press()  # nothing is chosen yet
    found += visitor.obstacles()
    visitor.press("button[name=refuse]")
    expect(page.locator(".asks")).to_have_count(0)
    expect(page.locator(".lender-states")).to_contain_text("Vēl varat pārdomāt")
    page.locator("a[id^=more-of-]").click()
    expect(page.locator("button[name=refuse]")).to_have_count(0)
    found += visitor.obstacles()
    assert found == []
