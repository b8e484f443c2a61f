"""A person's own pages about their data, and the officer's page of what was asked for there."""

from playwright.sync_api import expect

from tests.journeys.product import until
from tests.journeys.visitor import Visitor

SLOWEST_MS = 60_000
ANSWERS_WHEN_IT_LIKES = "vetra"  # a request waits for whom it tells


def own_pages(visitor: Visitor) -> None:
    """By the link in the account; the code was given minutes ago."""
    visitor.open("/lv/account/")
    visitor.page.locator("main a[href='/lv/my-data/']").click()
    expect(visitor.page.locator("h1")).to_have_text("Mani dati")


def number_of(visitor: Visitor) -> str:
    return visitor.page.locator("section[aria-labelledby=asked] .reference").first.inner_text()


def open_request(officer: Visitor, number: str) -> None:
    officer.open(f"/admin/privacy/rightsrequest/?q={number}")
    officer.page.locator("#result_list tbody th a").first.click()
    officer.page.wait_for_url("**/change/**")


def looked_at_until(visitor: Visitor, what: str, text: str) -> None:
    """Load the page again until it says so."""

    def says() -> bool:
        visitor.page.wait_for_load_state()  # a button was pressed just now
        visitor.page.reload()
        return text in visitor.page.locator(what).inner_text()

    until(says, seconds=SLOWEST_MS / 1000, pause=1)
