"""Two copies of the product, each with databases of its own: one passes a person on, one takes them in."""

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from privacy.portability import jws, schema
from privacy.portability.document import FILE_TYPE
from tests.journeys.product import Product, until
from tests.journeys.staff import log_in
from tests.journeys.test_letters import link_mailed_to
from tests.journeys.test_my_data import SLOWEST_MS, number_of, open_request, own_pages
from tests.journeys.visitor import ANSWERS, Visitor

pytestmark = pytest.mark.slow
SURNAME = ANSWERS["name"]["surname"]
REGISTER = """
from applications.actors import SYSTEM
from applications.models import Recipient
from applications.services.recipients import save_recipient
from privacy.models import OtherController
from privacy.services.registers import save_other_controller
recipient = Recipient(slug="{slug}", name="{name}", kind="controller", country="LV", hosting_country="LV",
    agreement="cooperation", agreement_signed_on="2026-01-01", assessed_on="2026-01-01",
    review_due_on="2099-01-01")
recipient.full_clean()
save_recipient(recipient=recipient, changed=[], actor=SYSTEM)
row = OtherController(recipient=recipient, endpoint="{url}/portability/v1/transfers", keys={keys})
save_other_controller(controller=row, changed=[], actor=SYSTEM)
print("registered")
"""
ARRIVED = "from privacy.models import Arrival; print('arrivals', Arrival.objects.count())"


def published(product: Product) -> dict[str, Any]:
    return dict(json.loads(product.get("/.well-known/jwks.json")))


def introduce(product: Product, other: Product, slug: str, name: str) -> None:
    """The DPO of one enters the other."""
    code = REGISTER.format(slug=slug, name=name, url=other.url, keys=published(other))
    assert "registered" in product.in_its_shell(code)


@pytest.fixture(scope="module")
def another(
    tmp_path_factory: pytest.TempPathFactory, product: Product, port_of_another: int
) -> Iterator[Product]:
    """The second product; each is in the other's register."""
    running = Product(tmp_path_factory.mktemp("another") / "var", port=port_of_another, knows=product.port)
    try:
        running.wait_until_ready()
        introduce(product, running, "another", "SIA Otrs")
        introduce(running, product, "first", "SIA Pirmais")
        yield running
    finally:
        running.end()


def test_file_is_fetched_and_verifies(new_visitor: Any, product: Product) -> None:
    visitor: Visitor = new_visitor()
    visitor.sign_in()
    visitor.answer_all()
    own_pages(visitor)
    visitor.page.locator("main a[href='/lv/my-data/elsewhere/']").click()
    found = visitor.obstacles()
    visitor.shot("elsewhere")
    visitor.press("section[aria-labelledby=download] button")
    visitor.page.locator("main a[href$='/file/']").click(timeout=SLOWEST_MS)
    found += visitor.obstacles()
    visitor.shot("file")
    content = {}
    for ending in ("json", "jws"):
        with visitor.page.expect_download() as saved:
            visitor.page.locator(f"main a[href$='/data.{ending}']").click()
        content[ending] = Path(saved.value.path()).read_bytes()
    document = json.loads(content["json"])
    schema.check(document)
    assert SURNAME in content["json"].decode()
    head, _, tail = content["jws"].partition(b"..")
    whole = b".".join([head, jws.encode(content["json"]).encode(), tail])
    assert jws.payload_of(jws.read(whole, typ=FILE_TYPE), published(product)["keys"]) == content["json"]
    with urllib.request.urlopen(document["$schema"], timeout=10) as answer:
        assert json.load(answer) == schema.schema()
    visitor.open(link_mailed_to(product, visitor.email))
    expect(visitor.page.locator("h1")).to_have_count(1)
    assert found == []


def test_person_is_passed_on_and_goes_on_at_the_other(
    new_visitor: Any, product: Product, another: Product
) -> None:
    here: Visitor = new_visitor()
    here.sign_in()
    here.answer_all()
    own_pages(here)
    here.page.locator("main a[href='/lv/my-data/elsewhere/']").click()
    found = here.obstacles()
    here.press("section[aria-labelledby=pass-on] form button")
    expect(here.page.locator(".error-summary")).to_be_visible()
    here.page.locator("label", has_text="SIA Otrs").click()
    here.tick("[name=instructed]")
    here.shot("pass-on")
    here.press("section[aria-labelledby=pass-on] form button")
    expect(here.page.locator("section[aria-labelledby=asked]")).to_contain_text("SIA Otrs")
    until(lambda: "arrivals 1" in another.in_its_shell(ARRIVED), seconds=SLOWEST_MS / 1000, pause=1)
    number = number_of(here)

    there: Visitor = new_visitor(product=another)
    there.sign_in(here.email)
    assert there.slug() == "amount", "nothing is used before the person accepts it"
    expect(there.page.locator("main")).to_contain_text("SIA Pirmais")
    found += there.obstacles()
    there.shot("arrived")
    there.page.locator("main a[href*='/my-data/brought/']").click()
    expect(there.page.locator("main")).to_contain_text(SURNAME)
    found += there.obstacles()
    there.shot("arrival")
    there.press("button[name=take][value=yes]")
    there.page.wait_for_url("**/check/")
    expect(there.page.locator("main")).to_contain_text(SURNAME)
    there.shot("taken")

    there.open("/lv/my-data/")
    assert "brought" not in there.page.content()
    here.open("/lv/account/seen/")
    expect(here.page.locator("main")).to_contain_text("SIA Otrs")
    officer: Visitor = new_visitor()
    log_in(officer, "dpo")
    open_request(officer, number)
    expect(officer.page.locator("#content")).to_contain_text("SIA Otrs")
    assert SURNAME not in officer.page.locator("#content").inner_text()
    assert found == []
