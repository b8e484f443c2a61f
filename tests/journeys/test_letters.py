"""A letter from the desk where its text is written to the page that its link opens."""

import html
import re

from playwright.sync_api import expect

from tests.journeys.product import Product, until
from tests.journeys.staff import log_in

SEND = """
from django.db import transaction
from applications.actors import SYSTEM
from privacy.models import *
from privacy.services.letters import send_letter
from privacy.services.receiving import receive
request = receive(right=Right.ACCESS, way=Way.OFFICER, language="lv", actor=SYSTEM, contact="{address}")
with transaction.atomic():
    send_letter(request=request, kind=LetterKind.REFUSED, actor=SYSTEM, facts={{"why": Refusal.UNFOUNDED}},
        words="Uz to pašu jautājumu atbildējām martā.")
"""


def link_mailed_to(product: Product, address: str) -> str:
    """The address of the letter, as the development mailbox shows its mail."""

    def find() -> str | None:
        for article in re.findall(r"<article.*?</article>", product.get("/dev/mail/"), re.DOTALL):
            found = re.search(r"/lv/letters/[\w-]+/", html.unescape(article))
            if address in article and found:
                return found[0]
        return None

    return str(until(find))


def test_letter_is_read_by_whoever_has_its_link(visitor):
    visitor.product.in_its_shell(SEND.format(address=visitor.email))
    visitor.open(link_mailed_to(visitor.product, visitor.email))
    expect(visitor.page.locator("h1")).to_have_text("Jūsu pieprasījumu neizpildām")
    expect(visitor.page.locator(".letter-words")).to_contain_text("atbildējām martā")
    assert visitor.obstacles() == []


def test_officer_looks_at_a_text_before_it_is_used(visitor):
    log_in(visitor, "dpo")
    visitor.open("/admin/privacy/lettertemplate/?kind__exact=received&language=en")
    visitor.page.locator("#result_list tbody th a").click()
    visitor.page.locator(".object-tools a").first.click()
    preview = visitor.page.locator(".letter-preview")
    expect(preview.locator("h3")).to_have_text("We have received your request")
    found = visitor.obstacles()
    visitor.page.fill("#id_title", "Request {reference} is here")
    visitor.press("button[name=preview]")
    expect(preview.locator("h3")).to_have_text("Request R-7K2M9-QRT4X is here")
    visitor.page.fill("#id_body", "{nobody}")
    visitor.press("button[name=preview]")
    expect(visitor.page.locator(".errorlist")).to_contain_text("{nobody}")
    found += visitor.obstacles()
    assert found == []
