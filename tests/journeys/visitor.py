"""Somebody with a browser, who fills in the form and notices what a person would stumble on."""

import os
from itertools import count
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, Response

from tests.journeys.product import Product

DESK, PHONE = {"width": 1280, "height": 900}, {"width": 320, "height": 640}
AXE = Axe()
REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`CSP: ${event.violatedDirective} ${event.blockedURI}`));
"""
# A page that is meant to be refused is reported by the browser as well.
REFUSED_PAGE = "Failed to load resource: the server responded with a status of 4"

FIND_OBSTACLES = """
axe.run(document, { resultTypes: ["violations"] }).then((results) => results.violations.map(
  (one) => `${one.id} (${one.impact}) ${one.nodes.slice(0, 3).map((node) => node.target)}`))
"""

Answers = dict[str, dict[str, Any]]
_numbers = count(1)


def personal_code(born: str) -> str:
    """A code of the old kind for a day written DDMMYY in the last century, with the right check digit."""
    weights, digits = (1, 6, 3, 7, 9, 10, 5, 8, 4, 2), f"{born}1234"
    check = (1101 - sum(w * int(d) for w, d in zip(weights, digits, strict=True))) % 11
    return f"{digits[:6]}-{digits[6:]}{check % 10}"


ANSWERS: Answers = {
    "amount": {"amount_cents": "3000", "term_months": "36", "loan_purpose": "vehicle"},
    "repayment": {"repayment_day": "15", "keyword": "dzērvene"},
    "name": {"given_name": "Slavamāra", "surname": "Plūškalne"},
    "personal-code": {"birth_date": ("1", "2", "1990"), "personal_code": personal_code("010290")},
    "document": {
        "document_type": "passport",
        "document_number": "LV7654321",
        "valid_until": ("1", "2", "2049"),
    },
    "phone": {"phone": "20000123"},
    "address": {"street_address": "Plūškalna iela 1-2", "city": "Rīga", "postcode": "1010"},
    "family": {"marital_status": "married", "dependants": "2"},
    "income": {"income_type": "employment", "monthly_income_cents": "1800"},
    "employer": {"employer": "SIA Plūškoks"},
    "expenses": {"monthly_expenses_cents": "600", "monthly_obligations_cents": "0"},
    "pep": {"pep_status": "none"},
    "pep-details": {"pep_relation": "parent", "pep_office": "Saeimas deputāts"},
}


class Visitor:
    """One browser context with one page. Whatever its console says is kept."""

    def __init__(self, context: BrowserContext, product: Product, *, name: str = "") -> None:
        self.product, self.context, self.name = product, context, name
        self.email = f"slavamara{os.getpid()}x{next(_numbers)}@example.lv"
        self.complaints: list[str] = []
        context.add_init_script(REPORT_VIOLATIONS)
        context.set_default_timeout(10_000)
        self.page = context.new_page()
        self.watch(self.page)

    def watch(self, page: Page) -> None:
        page.on("console", lambda said: self._note(said.type, said.text, page))
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        page.on("response", self._note_fault)

    def _note(self, kind: str, text: str, page: Page) -> None:
        if kind in {"error", "warning"} and not text.startswith(REFUSED_PAGE):
            self.complaints.append(f"{page.url}: {text}")

    def _note_fault(self, answer: Response) -> None:
        if answer.status >= 500:
            self.complaints.append(f"{answer.url}: {answer.status}")

    # --- going about ---

    def open(self, path: str) -> None:
        self.page.goto(f"{self.product.url}{path}")

    def press(self, where: str = "main form button[type=submit]") -> None:
        self.page.locator(where).first.click()

    def slug(self) -> str:
        """Where in the form we are."""
        return self.page.url.partition("?")[0].rstrip("/").rpartition("/")[2]

    def sign_in(self, email: str | None = None, *, language: str = "lv", other_than: str = "") -> str:
        """From the first page to the first step, with a mailed code; the code."""
        self.email = email or self.email
        self.open(f"/{language}/")
        self.press("main a.button, main form button[type=submit]")
        self.page.fill("[name=email]", self.email)
        self.press()
        code = self.product.code_for(self.email, other_than=other_than)
        self.page.fill("[name=code]", code)
        self.press()
        # A click returns before the page that it leads to is there: a key pressed now would fall on this one.
        self.page.wait_for_url(lambda url: not url.endswith("/start/code/"))
        return code

    def write(self, name: str, value: Any) -> None:
        """Answer one question as a person would: by typing, or by a click on the words beside a button."""
        if isinstance(value, tuple):
            for part, text in zip(("day", "month", "year"), value, strict=True):
                self.page.fill(f"[name={name}_{part}]", text)
            return
        inputs = self.page.locator(f"main [name={name}]")
        if inputs.first.get_attribute("type") == "radio":
            self.tick(f"main [name={name}][value={value}]")
        else:
            inputs.fill(value)

    def tick(self, where: str) -> None:
        """Click the label of a radio button or box."""
        identifier = self.page.locator(where).get_attribute("id")
        self.page.locator(f"label[for={identifier}]").click()

    def answer(self, **changes: Any) -> None:
        """Fill in the step that is open, and save it."""
        for name, value in (ANSWERS[self.slug()] | changes).items():
            if self.page.locator(f"main [name^={name}]").count():
                self.write(name, value)
        self.press()

    def answer_all(self, until: str = "check") -> list[str]:
        """Step after step until the wanted one is open; those that were passed."""
        passed: list[str] = []
        while (slug := self.slug()) != until:
            assert slug not in passed, f"{slug} stays: {self.page.inner_text('main')[:600]}"
            passed.append(slug)
            self.shot(f"step-{slug}")
            self.answer()
        return passed

    def agree_and_send(self) -> None:
        self.tick("[name=pass_on]")
        self.tick("[name=accept_terms]")
        self.press()

    def with_offers(self, *, leave_out: str = "") -> "Visitor":
        """All of it, up to the page on which offers arrive; every lender is asked but this one."""
        self.sign_in()
        self.answer_all()
        self.open("/lv/send/")
        if leave_out:
            self.tick(f"[name=lenders][value={leave_out}]")
        self.agree_and_send()
        return self

    @property
    def reference(self) -> str:
        return self.page.locator(".reference").first.inner_text()

    # --- noticing ---

    def shot(self, name: str) -> None:
        """A picture for people, where JOURNEY_SCREENSHOTS names a folder."""
        folder = os.environ.get("JOURNEY_SCREENSHOTS")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=Path(folder) / f"{self.name}-{name}.png", full_page=True)

    def obstacles(self) -> list[str]:
        """What axe finds on the page as it stands, light at a desk and dark on a phone; and a page that is
        wider than a phone. Colours depend on the scheme alone, the layout on the width: each is seen once.
        """
        found = []
        self.page.evaluate(AXE.axe_script)
        for size, scheme in ((DESK, "light"), (PHONE, "dark")):
            self.page.set_viewport_size(size)
            self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            for one in self.page.evaluate(FIND_OBSTACLES):
                found.append(f"{self.page.url} {size['width']} {scheme}: {one}")
            self.shot(f"{self.slug() or 'root'}-{size['width']}")
        found += self.too_wide()
        self.page.emulate_media(color_scheme="light")
        self.page.set_viewport_size(DESK)
        return found

    def too_wide(self) -> list[str]:
        self.page.set_viewport_size(PHONE)
        width = self.page.evaluate("document.documentElement.scrollWidth")
        self.page.set_viewport_size(DESK)
        return [f"{self.page.url}: {width} px wide on a phone"] if width > PHONE["width"] else []
