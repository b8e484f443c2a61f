"""What holds for every page: nothing inline, nothing kept by caches, headers that browsers act on."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.template import loader
from django.test import Client
from django.urls import reverse

from applications.models import NoticeKind
from applications.views import pages as pages_view
from tests import factories
from tests.applications.pages import Elements, Page, Walk, headers_are_strict, nothing_is_inline

pytestmark = pytest.mark.django_db(databases=["default", "keys", "aside"])
PLANTED = "Bērziņa-Canary"


@pytest.fixture(params=["lv", "ru"])
def walked(client: Client, request: pytest.FixtureRequest) -> list[Page]:
    return Walk(client, language=request.param, surname=PLANTED).all()


# --- every page of the walk -----------------------------------------------------------------------------
def test_pages_are_sound(walked: list[Page]) -> None:
    """One walk, many looks: walking anew for each would take minutes."""
    assert {page.response.status_code for page in walked} <= {200, 302, 403, 409}
    for page in walked:
        nothing_is_inline(page)
        headers_are_strict(page)
        if page.personal:
            assert "no-store" in page.response["Cache-Control"], page.name
        assert PLANTED not in page.response.headers.get("Location", ""), page.name
        # A consumer never gets a session of Django's: that is for staff.
        assert settings.SESSION_COOKIE_NAME not in page.response.cookies, page.name
    assert any(PLANTED in page.text for page in walked)


def test_first_page_says_that_giving_data_is_voluntary_and_what_follows_without(client: Client) -> None:
    page = " ".join(client.get("/en/").content.decode().split())
    assert "Giving your data is voluntary. Without it, lenders cannot" in page
    assert "section 8 (4¹)" in page


@pytest.mark.parametrize("path", ["/static/joinbaltic/app.css", "/livez", "/lv/no/such/page/"])
def test_no_other_site_may_use_what_we_serve(client: Client, path: str) -> None:
    response = client.get(path)
    assert response["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in response


def test_visitor_who_only_looks_gets_no_cookie(client: Client) -> None:
    for name in ("applications:home", "notices:index"):
        assert client.get(reverse(name)).cookies == {}, name


def test_every_link_within_the_walk_leads_somewhere(client: Client) -> None:
    walk = Walk(client)
    for kind in NoticeKind:
        factories.notice(kind)
    walk.sign_in()
    walk.get("applications:account")
    links = {
        attributes["href"]
        for page in walk.pages
        for tag, attributes in Elements(page.text).found
        if tag == "a" and attributes.get("href", "").startswith("/")
    }
    assert links
    assert {link: client.get(link).status_code for link in links if client.get(link).status_code >= 400} == {}


# --- error pages ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "name", ["400.html", "403.html", "403_csrf.html", "404.html", "500.html", "503.html"]
)
def test_error_page_renders_without_any_context(name: str) -> None:
    page = loader.get_template(name).render()
    assert "<h1" in page
    assert re.search(r'<a class="button[^"]*" href="/', page), "it shows a way on"
    nothing_is_inline(Page(name, _Answer(page), personal=False))


class _Answer:
    def __init__(self, page: str) -> None:
        self.content = page.encode()


def test_unknown_address_is_answered_in_the_language_of_the_path(client: Client) -> None:
    response = client.get("/lv/no/such/page/")
    assert response.status_code == 404
    assert reverse("applications:home") in response.content.decode()


def test_form_without_its_token_is_refused_with_a_way_on() -> None:
    strict = Client(enforce_csrf_checks=True)
    response = strict.post(reverse("applications:start"), {"email": factories.address()})
    assert response.status_code == 403
    assert "403_csrf.html" in [template.name for template in response.templates]
    assert reverse("applications:start") in response.content.decode()


@pytest.mark.parametrize("name", ["start", "code", "sign_out", "begin"])
def test_every_posted_form_needs_its_token(name: str) -> None:
    assert Client(enforce_csrf_checks=True).post(reverse(f"applications:{name}")).status_code == 403


def test_sending_needs_the_token_as_well() -> None:
    strict = Client(enforce_csrf_checks=True)
    factories.complete_draft(factories.sign_in(strict))
    response = strict.post(reverse("lenders:send"), {"surname": PLANTED})
    assert response.status_code == 403
    assert PLANTED not in response.content.decode()


def test_unknown_host_is_a_bad_request(client: Client) -> None:
    response = client.get("/lv/", headers={"host": "evil.example"})
    assert response.status_code == 400
    assert "evil.example" not in response.content.decode()
    assert "/static/joinbaltic/app.css" in response.content.decode()


def test_fault_of_ours_shows_nothing_of_the_request_or_the_error(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError(PLANTED)

    monkeypatch.setattr(pages_view, "render", fail)
    client.raise_request_exception = False
    response = client.get(reverse("applications:home"), {"q": PLANTED})
    page = response.content.decode()
    assert response.status_code == 500
    assert PLANTED not in page
    assert "Traceback" not in page
    assert 'href="/lv/"' in page


def test_form_with_too_many_fields_is_refused_politely(client: Client) -> None:
    factories.sign_in(client)
    data = {f"field{number}": "" for number in range(1100)}
    assert client.post(reverse("applications:step", args=["name"]), data).status_code == 400


# --- templates ------------------------------------------------------------------------------------------
TEMPLATES = sorted(Path(settings.BASE_DIR, "templates").rglob("*.html"))
# A file that people keep: it is never served as a page, and opens without anything of ours beside it.
KEPT_FILES = {"kept_file.html"}
PAGES = [path for path in TEMPLATES if path.name not in KEPT_FILES]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_template_has_nothing_inline(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\sstyle\s*=", text)
    assert not re.search(r"<style", text)
    assert not re.search(r"\son[a-z]+\s*=\s*[\"']", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_template_escapes_what_it_shows(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if "|safe" in text or "autoescape off" in text:
        # Published notices and the help texts of fields are our own words; nothing else is trusted.
        assert path.name in {"notice.html", "field_help.html"}


def test_typed_markup_is_shown_as_text(client: Client) -> None:
    owner = factories.sign_in(client)
    factories.complete_draft(owner, street_address="<script>alert(1)</script> 1", employer='"><img src=x>')
    for address in (reverse("applications:check"), reverse("applications:step", args=["address"])):
        page = client.get(address).content.decode()
        assert "<script>alert" not in page
        assert "<img src=x>" not in page
