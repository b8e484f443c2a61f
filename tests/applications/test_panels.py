"""The ground floor's pages show what the floors above registered, and nothing where those say nothing."""

import pytest
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse
from django.utils.html import format_html

from applications.models import DataSubject
from applications.panels import Panels, account_panels
from tests import factories


@pytest.fixture
def panel(monkeypatch: pytest.MonkeyPatch) -> None:
    def reference(request: HttpRequest, subject: DataSubject) -> str:
        return format_html("<p>{}</p>", subject.customer_reference)

    monkeypatch.setattr(account_panels, "_panels", [*account_panels._panels, reference])


def test_panels_stand_in_the_order_of_their_registration_and_empty_ones_nowhere() -> None:
    panels: Panels[str] = Panels()
    for html in ("first", "", "last"):
        panels.register(lambda request, about, html=html: html and f"{html} {about}")
    assert panels.rendered(HttpRequest(), "page") == ["first page", "last page"]


@pytest.mark.django_db(databases=["default", "keys", "aside"])
def test_panel_of_the_account_is_about_its_own_consumer(client: Client, panel: None) -> None:
    subject = factories.sign_in(client)
    factories.subject()
    page = client.get(reverse("applications:account")).content.decode()
    assert f"<p>{subject.customer_reference}</p>" in page
