"""One running product and one browser for all journeys.

Both end with this folder: the browser's driver keeps an event loop running in the thread of the tests, beside
which no other test could start one.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from joinbaltic.embedded import free_port
from tests.journeys.product import Product
from tests.journeys.visitor import DESK, Visitor

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-quic",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
]


# What moves without end is drawn without end, by the processor that the product needs as well.
CONTEXT = {"viewport": DESK, "locale": "lv-LV", "reduced_motion": "reduce"}


@pytest.fixture(scope="package")
def port_of_another() -> int:
    """Where a second product may be started, which the first one may speak to."""
    return free_port()


@pytest.fixture(scope="package")
def product(tmp_path_factory: pytest.TempPathFactory, port_of_another: int) -> Iterator[Product]:
    running = Product(tmp_path_factory.mktemp("product") / "var", knows=port_of_another)
    try:
        running.wait_until_ready()
        yield running
    finally:
        running.end()


@pytest.fixture(scope="package")
def browser(chromium: Path, product: Product) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture
def new_visitor(
    browser: Browser, product: Product, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Visitor]]:
    """Makes visitors, each in a browser of their own; afterwards no console may have complained."""
    visitors: list[Visitor] = []

    def make(**options: Any) -> Visitor:
        where = options.pop("product", product)
        context = browser.new_context(**CONTEXT | options)
        visitors.append(Visitor(context, where, name=request.node.name.removeprefix("test_")[:40]))
        return visitors[-1]

    yield make
    complaints = [complaint for visitor in visitors for complaint in visitor.complaints]
    for visitor in visitors:
        visitor.context.close()
    assert complaints == []


@pytest.fixture
def visitor(new_visitor: Callable[..., Visitor]) -> Visitor:
    return new_visitor()
