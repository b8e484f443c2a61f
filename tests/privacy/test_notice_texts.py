"""What the texts of the notices say, and that they say it in sound HTML."""

import re
from datetime import timedelta
from decimal import Decimal
from html.parser import HTMLParser

import pytest
from django.conf import settings
from django.utils import translation
from django.utils.html import strip_tags

from applications.models import NoticeKind
from applications.personal import Category
from applications.retention_rules import RULES, Retention
from applications.services.accounts import CODE_LIFETIME, SESSION_IDLE, SESSION_LIFETIME
from lenders.selectors.offers_page import NOTICEABLE
from lenders.services.ingest import HIGHEST_APR
from privacy.notices import NoticeText, texts
from tests.privacy.first_contacts import CONTACTS

LANGUAGES = ("lv", "en")
AUTHORITY = CONTACTS["authority"]
RIGHTS = (*range(12, 23), 77)
VOID = {"br", "hr", "img", "wbr"}
CATEGORY_NAMES = {
    "lv": (
        "Identifikācijas dati un kontaktinformācija",
        "Lietotāja konts",
        "Personu apliecinošs dokuments",
        "Attēli",
        "Aizdevums",
        "Finanšu dati",
        "Darījumi un konta vēsture",
        "Intereses, pakalpojuma izmantošana un dzīvesveids",
        "Ģimene",
        "Saziņa",
        "Vietnes izmantošana",
        "Aptuvena atrašanās vieta",
        "Reklāma un tiešais mārketings",
        "Politiski nozīmīgas personas statuss",
    ),
    "en": (
        "Identification and contact details",
        "User account",
        "Identity document",
        "Images",
        "Loan",
        "Financial data",
        "Transactions and account history",
        "Interests, use of the service and lifestyle",
        "Family",
        "Communications",
        "Site usage",
        "General location",
        "Advertising and direct marketing",
        "Status of a politically exposed person",
    ),
}
ALL = [pytest.param(text, id=str(text)) for text in texts(CONTACTS)]
PRIVACY = [pytest.param(text, id=str(text)) for text in texts(CONTACTS) if text.kind == NoticeKind.PRIVACY]
COOKIES = [pytest.param(text, id=str(text)) for text in texts(CONTACTS) if text.kind == NoticeKind.COOKIES]


class Outline(HTMLParser):
    """The elements of a text in order, with its identifiers and links; fails on a tag out of balance."""

    def __init__(self, body: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.open: list[str] = []
        self.feed(body)
        self.close()
        assert not self.open, f"not closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def values(self, name: str) -> list[str]:
        return [value or "" for key, value in self.attributes if key == name]


def latest(kind: NoticeKind, language: str) -> NoticeText:
    return max(
        (text for text in texts(CONTACTS) if (text.kind, text.language) == (kind, language)),
        key=lambda text: text.edition,
    )


# --- the texts ------------------------------------------------------------------------------------------
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", NoticeKind)
def test_every_notice_is_written(kind: NoticeKind, language: str) -> None:
    assert len(strip_tags(latest(kind, language).body).split()) > 150


@pytest.mark.parametrize("kind", NoticeKind)
def test_both_languages_have_the_same_outline(kind: NoticeKind) -> None:
    latvian, english = (Outline(latest(kind, language).body) for language in LANGUAGES)
    assert latvian.elements == english.elements
    assert latvian.values("id") == english.values("id")


@pytest.mark.parametrize("text", ALL)
def test_text_is_well_formed(text: NoticeText) -> None:
    outline = Outline(text.body)
    assert "h1" not in outline.elements
    assert len(set(outline.values("id"))) == len(outline.values("id"))


@pytest.mark.parametrize("text", ALL)
def test_text_carries_no_style_or_script(text: NoticeText) -> None:
    outline = Outline(text.body)
    assert not {"style", "script", "iframe", "img", "form"} & set(outline.elements)
    assert not [name for name, _ in outline.attributes if name == "style" or name.startswith("on")]


@pytest.mark.parametrize("text", ALL)
def test_tables_have_captions_and_scoped_headings(text: NoticeText) -> None:
    outline = Outline(text.body)
    assert outline.elements.count("caption") == outline.elements.count("table")
    assert len(outline.values("scope")) == outline.elements.count("th")


@pytest.mark.parametrize("text", ALL)
def test_links_inside_a_text_lead_to_its_own_headings(text: NoticeText) -> None:
    outline = Outline(text.body)
    anchors = {link.removeprefix("#") for link in outline.values("href") if link.startswith("#")}
    assert anchors <= set(outline.values("id"))


@pytest.mark.parametrize("text", ALL)
def test_placeholders_are_filled(text: NoticeText) -> None:
    assert "{{" not in text.title + text.body
    assert CONTACTS["controller"].email in text.body


# --- what the texts must say ----------------------------------------------------------------------------
@pytest.mark.parametrize("text", PRIVACY)
def test_privacy_notice_names_all_fourteen_categories(text: NoticeText) -> None:
    rows = re.findall(r'<tr id="category-(\w+)"><th scope="row">([^<]+)</th>', text.body)
    assert [key for key, _ in rows] == Category.values
    with translation.override(text.language):
        named_by_the_map = tuple(str(category.label) for category in Category)
    names = CATEGORY_NAMES[text.language] if text.edition == 1 else named_by_the_map
    assert tuple(name for _, name in rows) == names


@pytest.mark.parametrize("article", RIGHTS)
@pytest.mark.parametrize("text", PRIVACY)
def test_privacy_notice_names_the_article_of_every_right(text: NoticeText, article: int) -> None:
    name = f"{article}. pants" if text.language == "lv" else f"Article {article}"
    assert f"<td>{name}</td>" in text.body


@pytest.mark.parametrize("text", PRIVACY)
def test_privacy_notice_says_where_to_complain(text: NoticeText) -> None:
    assert all(fact in text.body for fact in (AUTHORITY.name, AUTHORITY.address, AUTHORITY.email))


@pytest.mark.parametrize("text", PRIVACY)
def test_privacy_notice_gives_the_time_after_which_drafts_are_deleted(text: NoticeText) -> None:
    assert f"{RULES[Retention.DRAFT].days} {'dienas' if text.language == 'lv' else 'days'}" in text.body


@pytest.mark.parametrize(
    ("language", "tenth", "as_received"),
    [("lv", "0,1 procentpunktu", "kādus tos saņēmām;"), ("en", "0.1 percentage points", "received them;")],
)
def test_terms_say_whose_apr_is_shown_and_which_offers_are_not(
    language: str, tenth: str, as_received: str
) -> None:
    body = latest(NoticeKind.TERMS, language).body
    assert tenth in body
    assert Decimal(tenth.partition(" ")[0].replace(",", ".")) == NOTICEABLE
    assert f"{HIGHEST_APR} %" in body
    assert as_received not in body


@pytest.mark.parametrize("text", COOKIES)
def test_cookie_notice_names_every_cookie_with_its_lifetime(text: NoticeText) -> None:
    rows = dict(re.findall(r"<code>__Host-(\w+)</code></th><td>[^<]+</td><td>([^<]+)</td>", text.body))
    lifetimes = {
        settings.CONSUMER_COOKIE_NAME: (
            SESSION_LIFETIME / timedelta(hours=1),
            SESSION_IDLE / timedelta(hours=1),
        ),
        settings.CHALLENGE_COOKIE_NAME: (CODE_LIFETIME / timedelta(minutes=1),),
        settings.CSRF_COOKIE_NAME: (),  # CSRF_COOKIE_AGE is None: as long as the browser is open
        settings.SESSION_COOKIE_NAME: (settings.SESSION_COOKIE_AGE / 3600,),
    }
    expected = {name.removeprefix("__Host-"): list(numbers) for name, numbers in lifetimes.items()}
    assert {name: [int(n) for n in re.findall(r"\d+", row)] for name, row in rows.items()} == expected
    assert settings.CSRF_COOKIE_AGE is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_privacy_notice_says_how_long_each_category_is_kept_and_how_to_reach_the_dpo(language: str) -> None:
    body = latest(NoticeKind.PRIVACY, language).body
    table = body.partition('id="retention"')[2].partition("</table>")[0]
    with translation.override(language):
        assert [str(one.label) for one in Category if str(one.label) not in table] == []
    assert body.count(CONTACTS["dpo"].email) >= 2
