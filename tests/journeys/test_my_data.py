"""From the button on one's own page to the proof: a copy of one's data, and their erasure."""

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
from tests.journeys.product import Product
from tests.journeys.staff import log_in
from tests.journeys.test_letters import link_mailed_to
from tests.journeys.visitor import ANSWERS, Visitor

SURNAME = ANSWERS["name"]["surname"]


def test_copy_from_the_button_to_the_file_and_the_proof(new_visitor: Any, product: Product) -> None:
    visitor: Visitor = new_visitor()
    visitor.with_offers()
    own_pages(visitor)
    found = visitor.obstacles()
    visitor.press("section[aria-labelledby=copy] button")
    expect(visitor.page.locator("a", has_text="Atvērt manu kopiju")).to_be_visible(timeout=SLOWEST_MS)
    number = number_of(visitor)
    found += visitor.obstacles()
    visitor.page.locator("a", has_text="Atvērt manu kopiju").click()
    expect(visitor.page.locator("main")).to_contain_text(SURNAME)
    found += visitor.obstacles()

    with visitor.page.expect_download() as saved:
        visitor.page.locator("main a", has_text="ZIP").click()
    with zipfile.ZipFile(io.BytesIO(Path(saved.value.path()).read_bytes())) as everything:
        assert {"data.html", "data.json", "data.csv"} <= set(everything.namelist())
        kept = Path(saved.value.path()).with_suffix(".html")
        kept.write_bytes(everything.read("data.html"))
    visitor.page.goto(f"file://{kept}")
    expect(visitor.page.locator("main")).to_contain_text(SURNAME)
    found += visitor.too_wide()
    visitor.shot("kept-copy")

    visitor.open(link_mailed_to(product, visitor.email))
    expect(visitor.page.locator("h1")).to_have_text("Jūsu dati ir sagatavoti")

    officer: Visitor = new_visitor()
    log_in(officer, "dpo")
    open_request(officer, number)
    expect(officer.page.locator("#content")).to_contain_text("Izpildīts")
    assert SURNAME not in officer.page.locator("#content").inner_text()
    assert found == []


def test_erasure_from_the_button_to_the_certificate(new_visitor: Any, product: Product) -> None:
    visitor: Visitor = new_visitor()
    visitor.with_offers(leave_out=ANSWERS_WHEN_IT_LIKES)
    expect(visitor.page.locator("li.offer").first).to_be_visible(timeout=SLOWEST_MS)
    application = visitor.reference
    own_pages(visitor)
    visitor.page.locator("a[href='/lv/my-data/erasure/']").click()
    found = visitor.obstacles()
    visitor.press("main form button[type=submit]")
    expect(visitor.page.locator(".error-summary")).to_be_visible()
    visitor.tick("[name=understood]")
    visitor.press("main form button[type=submit]")
    expect(visitor.page.locator("h1")).to_have_text("Mani dati")
    number = number_of(visitor)

    officer: Visitor = new_visitor()
    log_in(officer, "dpo")
    open_request(officer, number)
    found += officer.obstacles()
    officer.page.locator(".buttons a[href$='/approve/']").click()
    officer.page.locator("button.final").click()
    officer.page.wait_for_url("**/change/**")
    looked_at_until(officer, "#content", "Atslēga iznīcināta")
    looked_at_until(officer, "#content", "Izpildīts")
    found += officer.obstacles()
    officer.shot("certificate")

    letter = link_mailed_to(product, visitor.email)
    visitor.open("/lv/my-data/")
    assert "/start/" in visitor.page.url, "an erased person is signed out"
    visitor.open(letter)
    expect(visitor.page.locator("h1")).to_have_text("Jūsu dati ir dzēsti")
    expect(visitor.page.locator("main table")).to_be_visible()
    found += visitor.obstacles()
    visitor.shot("letter")
    left = product.in_its_shell(
        "from applications.models import Application; "
        f"print('left', Application.objects.filter(reference='{application}').count())"
    )
    assert "left 0" in left
    assert found == []
