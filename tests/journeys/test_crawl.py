"""Every page a consumer can reach: no obstacle for anybody, nothing wider than a phone, no page left out."""

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from playwright.sync_api import expect

from tests.journeys.product import until
from tests.journeys.visitor import Visitor

CONSUMERS = {"applications", "lenders", "notices", "letters", "my_data"}
# How the crawl below reaches each page; or why there is no page to reach.
CRAWL = {
    "applications:home": "public",
    "applications:start": "public",
    "applications:code": "signing in",
    "applications:sign_out": "only a POST, which leads to the first page",
    "applications:resume": "only redirects",
    "applications:begin": "only a POST, which leads to the first step",
    "applications:step": "steps",
    "applications:check": "after the steps",
    "applications:account": "after sending",
    "applications:fresh_code": "after sending",
    "applications:seen": "after sending",
    "applications:withdraw": "only a POST, which leads to the account",
    "lenders:send": "after the steps",
    "lenders:offers": "after sending",
    "lenders:fragment": "the middle of lenders:offers",
    "lenders:events": "a stream of numbers for a script",
    "lenders:choose": "after sending",
    "lenders:more": "what a lender needs",
    "letters:letter": "a letter in test_letters.py; of a link that is no good, public",
    "my_data:index": "test_my_data.py",
    "my_data:copy": "only a POST, which leads to my_data:index",
    "my_data:erasure": "test_my_data.py",
    "my_data:package": "test_my_data.py",
    "my_data:download": "a file, in test_my_data.py",
    "my_data:attachment": "a file",
    "my_data:withdraw": "only a POST, which leads to my_data:index",
    "my_data:answer": "only a POST, which leads to my_data:index",
    **dict.fromkeys(
        (
            "my_data:corrections",
            "my_data:correction",
            "my_data:address",
            "my_data:address_code",
            "my_data:restriction",
            "my_data:objection",
            "my_data:review",
            "my_data:papers",
        ),
        "test_my_rights.py",
    ),
    "my_data:end_restriction": "only a POST, which leads to my_data:restriction",
    "my_data:take_objection_back": "only a POST, which leads to my_data:objection",
    "my_data:complain": "only a POST, which leads to my_data:index",
    "my_data:papers_file": "a file, in test_my_rights.py",
    **dict.fromkeys(("my_data:elsewhere", "my_data:file", "my_data:arrival"), "test_elsewhere.py"),
    "my_data:pass_on": "only a POST, which leads to my_data:index",
    "my_data:download_file": "a file, in test_elsewhere.py",
    "notices:index": "public",
    "notices:current": "public",
    "notices:version": "public",
    "notices:compare": "public",
    "notices:recipients": "public",
}


def names(resolver: URLResolver, namespace: str = "") -> set[str]:
    found = set()
    for entry in resolver.url_patterns:
        if isinstance(entry, URLPattern):
            found.add(f"{namespace}:{entry.name}")
        else:
            found |= names(entry, entry.namespace or namespace)
    return found


def test_no_page_of_a_consumer_is_left_out_of_the_crawl():
    ours = {name for name in names(get_resolver()) if name.partition(":")[0] in CONSUMERS}
    assert ours == set(CRAWL)


PUBLIC = [
    "/lv/",
    "/en/",
    "/ru/",
    "/lv/start/",
    "/lv/start/code/",
    "/lv/notices/",
    "/lv/notices/privacy/",
    "/lv/notices/terms/1/",
    "/ru/notices/privacy/1/",
    "/lv/notices/privacy/1-2/",
    "/lv/notices/privacy/2-3/",
    "/lv/notices/terms/1-2/",
    "/lv/notices/recipients/",
    "/lv/letters/no-such-letter/",
    "/lv/there-is-no-such-page/",
]


def test_crawl_sees_what_is_wrong_with_a_page(visitor):
    """A net with no fish in it must not be a net with a hole in it."""
    visitor.open("/lv/")
    visitor.page.evaluate(
        """() => {
          const main = document.querySelector("main");
          document.querySelector("img").removeAttribute("alt");
          main.append(document.createElement("input"));
          const grey = document.createElement("p");
          grey.textContent = "w".repeat(200);
          grey.style.width = "900px";
          grey.style.color = "rgb(119, 119, 119)";
          grey.style.background = "rgb(130, 130, 130)";
          main.append(grey);
        }"""
    )
    found = "".join(visitor.obstacles())
    for wrong in ("image-alt", "color-contrast", "label", "wide on a phone"):
        assert wrong in found


def test_public_pages(visitor):
    found = []
    for path in PUBLIC:
        visitor.open(path)
        expect(visitor.page.locator("h1")).to_have_count(1)
        found += visitor.obstacles()
    assert found == []


def test_signing_in_and_every_step(visitor):
    """Each step as it opens, and the first once more with its errors."""
    found = []
    visitor.open("/lv/start/")
    visitor.page.fill("[name=email]", "nobody")
    visitor.press()
    found += visitor.obstacles()
    visitor.page.fill("[name=email]", visitor.email)
    visitor.press()
    found += visitor.obstacles()
    visitor.page.fill("[name=code]", visitor.product.code_for(visitor.email))
    visitor.press()
    visitor.press()
    found += visitor.obstacles()
    visited = []
    while (slug := visitor.slug()) != "check":
        visited.append(slug)
        found += visitor.obstacles()
        if slug == "pep":
            visitor.answer(pep_status="family_member")
        elif slug == "document":
            visitor.press()
            found += visitor.obstacles()
            visitor.answer()
        else:
            visitor.answer()
    assert "pep-details" in visited
    found += visitor.obstacles()
    visitor.open("/lv/send/")
    found += visitor.obstacles()
    visitor.press()
    found += visitor.obstacles()
    assert found == []


def test_pages_after_sending(visitor, new_visitor: Callable[..., Visitor]):
    found: list[str] = []
    visitor.with_offers()
    found += visitor.obstacles()
    until(lambda: visitor.page.locator("[data-waiting=false]").count(), seconds=40)
    found += visitor.obstacles()
    offers = visitor.page.url
    visitor.page.locator("li.offer a.button").first.click()
    found += visitor.obstacles()
    visitor.press()
    found += visitor.obstacles()
    visitor.open("/lv/account/")
    found += visitor.obstacles()
    visitor.open("/lv/account/seen/")
    found += visitor.obstacles()
    visitor.open("/lv/account/code/")
    found += visitor.obstacles()
    page: Any = visitor.page
    page.goto(offers)
    visitor.context.clear_cookies(name="consumer")
    page.goto(offers)
    assert visitor.slug() == "start"
    assert found == []


def test_answer_typed_after_the_session_ended_stays_on_the_page(visitor):
    visitor.sign_in()
    visitor.write("term_months", "36")
    visitor.context.clear_cookies(name="consumer")
    visitor.press()
    expect(visitor.page.locator("[role=alert]").first).to_be_visible()
    assert visitor.page.input_value("[name=term_months]") == "36"
    assert visitor.obstacles() == []


@pytest.mark.parametrize("path", ["/lv/account/", "/lv/send/", "/lv/apply/check/"])
def test_page_of_a_consumer_leads_a_stranger_to_the_way_in(visitor, path):
    visitor.open(path)
    assert visitor.slug() == "start"


def test_offers_page_is_spoken_as_it_changes(visitor):
    """What arrives is announced in the live region, in words."""
    visitor.with_offers()
    visitor.page.evaluate(
        """() => {
          window.spoken = [];
          const status = document.querySelector("[data-live-status]");
          const keep = () => window.spoken.push(status.textContent);
          new MutationObserver(keep).observe(status, { childList: true, characterData: true, subtree: true });
        }"""
    )
    # Not the quick lender's: its offer may stand on the page already when the page opens.
    said = "() => window.spoken.some((text) => text.includes('Jauns piedāvājums no aizdevēja Dzintara'))"
    visitor.page.wait_for_function(said, timeout=30_000)


def test_whole_way_can_be_walked_with_the_keyboard(visitor):
    visitor.sign_in()
    page = visitor.page
    page.keyboard.press("Tab")
    expect(page.locator("a.skip")).to_be_focused()
    page.locator("#id_amount_cents").focus()
    page.keyboard.type("3000")
    page.keyboard.press("Tab")
    expect(page.locator("details.why summary").first).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.type("36")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.wait_for_url("**/apply/repayment/")
