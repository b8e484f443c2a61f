"""Members of staff with a browser: how they come in."""

import re
from collections.abc import Sequence
from typing import Any

from playwright.sync_api import expect

from tests.journeys.product import Product, until
from tests.journeys.visitor import Visitor

# Sessions that a journey has opened, by product and role: a code counts once, and the next one takes half a
# minute to come. Whoever logs out in a journey comes in with `through_the_door`.
_open: dict[tuple[str, str], Sequence[Any]] = {}
_used: dict[tuple[str, str], str] = {}


def log_in(visitor: Visitor, role: str = "support") -> None:
    """A demo account is in: through the door the first time, by its open session afterwards."""
    known = (visitor.product.url, role)
    if known in _open:
        visitor.context.add_cookies(_open[known])
        visitor.open("/admin/")
    else:
        through_the_door(visitor, role)
        _open[known] = visitor.context.cookies()
    expect(visitor.page.locator("#user-tools")).to_be_visible()


def through_the_door(visitor: Visitor, role: str) -> None:
    visitor.open("/admin/")
    give_password(visitor, role, f"demo-{role}-passphrase")
    give_code(visitor, fresh_code(visitor.product, role))
    visitor.page.wait_for_url("**/admin/")


def give_password(visitor: Visitor, name: str, password: str) -> None:
    visitor.page.fill("[name=username]", name)
    visitor.page.fill("[name=password]", password)
    visitor.press()


def give_code(visitor: Visitor, code: str) -> None:
    visitor.page.fill("#app_proof_code", code)
    visitor.press("form:has(#app_proof_code) button[type=submit]")


def fresh_code(product: Product, role: str) -> str:
    """What /dev/codes/ shows, once it is another one than this role has used."""

    def find() -> str | None:
        found = re.search(r"<code>(\d{6})</code>", product.get("/dev/codes/"))
        assert found
        return found[1] if found[1] != _used.get((product.url, role)) else None

    code = str(until(find, seconds=40))
    _used[product.url, role] = code
    return code
