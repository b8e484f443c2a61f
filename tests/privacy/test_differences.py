"""The difference between two texts: nothing of either is missing, and what changed is marked as such."""

from html import escape

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from applications.actors import SYSTEM
from applications.models import NoticeVersion
from applications.services.notices import publish_notice
from privacy.differences import Block, Change, blocks_of, difference
from privacy.notices import publish_texts
from tests.applications.pages import Elements

WORDS = st.lists(
    st.sampled_from(["dati", "lauks", "jūra", "smiltis", "dzintars", "vējš"]), min_size=1, max_size=6
)
TEXTS = st.lists(WORDS.map(" ".join), max_size=6)


def html(blocks: list[str]) -> str:
    return "".join(f"<p>{escape(block)}</p>" for block in blocks)


def side(found: list[Block], *changes: Change) -> list[str]:
    texts = ("".join(piece.text for piece in block.pieces if piece.change in changes) for block in found)
    return [" ".join(text.split()) for text in texts if text.strip()]


@given(TEXTS, TEXTS)
def test_what_stayed_and_what_was_added_is_the_newer_text(older: list[str], newer: list[str]) -> None:
    found = difference(html(older), html(newer))
    assert side(found, Change.SAME, Change.ADDED) == newer


@given(TEXTS, TEXTS)
def test_what_stayed_and_what_was_removed_is_the_older_text(older: list[str], newer: list[str]) -> None:
    found = difference(html(older), html(newer))
    assert sorted(side(found, Change.SAME, Change.REMOVED)) == sorted(older)


@given(TEXTS)
def test_text_does_not_differ_from_itself(text: list[str]) -> None:
    assert not any(block.changed for block in difference(html(text), html(text)))


def test_one_changed_word_is_marked_alone() -> None:
    (block,) = difference("<p>Kept for six months after.</p>", "<p>Kept for nine months after.</p>")
    assert [(piece.change, piece.text.strip()) for piece in block.pieces] == [
        (Change.SAME, "Kept for"),
        (Change.REMOVED, "six"),
        (Change.ADDED, "nine"),
        (Change.SAME, "months after."),
    ]


def test_tables_lists_and_headings_are_blocks() -> None:
    text = "<h2>A</h2><ul><li>b</li></ul><table><tr><th>c</th><td>d</td></tr></table>"
    text += "<dl><dt>e</dt><dd>f</dd></dl>"
    assert blocks_of(text) == ["A", "b", "c · d", "e", "f"]


def test_text_after_a_nested_list_and_outside_of_blocks_is_compared() -> None:
    assert blocks_of("<ul><li>a<ul><li>b</li></ul>c</li></ul><div>d</div>e") == ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize(
    ("before", "after"), [("/a/", "/b/"), ("#a", "#b"), ("mailto:a@a.lv", "mailto:b@a.lv")]
)
def test_link_that_leads_elsewhere_is_a_change(before: str, after: str) -> None:
    (block,) = difference(f'<p><a href="{before}">here</a>.</p>', f'<p><a href="{after}">here</a>.</p>')
    assert side([block], Change.REMOVED) == [f"⟨{before}⟩."]
    assert side([block], Change.ADDED) == [f"⟨{after}⟩."]


def test_link_that_stayed_is_read_without_its_address() -> None:
    text = '<p>See <a href="/a/">here</a>.</p>'
    assert side(difference(text, text), Change.SAME) == ["See here."]


@pytest.mark.parametrize(
    ("address", "words"),
    [("mailto:a@a.lv", "a@a.lv"), ("https://a.lv/", "a.lv"), ("https://a.lv/b/", "a.lv/b"), ("/a/", "/a")],
)
def test_link_whose_words_are_its_address_says_it_once(address: str, words: str) -> None:
    assert blocks_of(f'<p>Write to <a href="{address}">{words}</a>.</p>') == [f"Write to {words}."]


# --- the page -------------------------------------------------------------------------------------------
@pytest.fixture
def _published(db: None) -> None:
    publish_texts(actor=SYSTEM)


def newest() -> int:
    """The number of the newest edition of the privacy notice."""
    number: int = NoticeVersion.objects.filter(kind="privacy").latest("number").number
    return number


@pytest.mark.usefixtures("_published")
def test_product_comes_with_versions_of_its_privacy_notice_and_their_difference(client: Client) -> None:
    numbers = set(NoticeVersion.objects.filter(kind="privacy").values_list("number", flat=True))
    assert numbers == set(range(1, newest() + 1))
    assert newest() > 1
    page = client.get("/lv/notices/privacy/1-2/")
    assert page.status_code == 200
    assert "<ins>" in page.text
    assert "<del>" in page.text


@pytest.mark.usefixtures("_published")
def test_notice_and_index_lead_to_the_difference(client: Client) -> None:
    for address in ("/lv/notices/", "/lv/notices/privacy/"):
        assert f"/lv/notices/privacy/{newest() - 1}-{newest()}/" in client.get(address).text


@pytest.mark.usefixtures("_published")
def test_versions_asked_for_the_wrong_way_round_are_put_right(client: Client) -> None:
    assert client.get("/en/notices/privacy/2-1/")["Location"] == "/en/notices/privacy/1-2/"


@pytest.mark.usefixtures("_published")
@pytest.mark.parametrize("path", ["privacy/1-1/", "privacy/1-99/", "shoes/1-2/"])
def test_difference_of_what_is_not_there_is_not_found(client: Client, path: str) -> None:
    assert client.get(f"/lv/notices/{path}").status_code == 404


@pytest.mark.django_db
def test_pages_of_other_pairs_are_named_and_this_one_is_marked(client: Client) -> None:
    for number in (1, 2, 3):
        publish_notice(
            kind="terms", number=number, language="lv", title="T", body=f"<p>{number}</p>", actor=SYSTEM
        )
    page = Elements(client.get("/lv/notices/terms/2-3/").text)
    links = {one["href"]: one for tag, one in page.found if tag == "a" and "href" in one}
    assert links["/lv/notices/terms/2-3/"]["aria-current"] == "page"
    assert "aria-current" not in links["/lv/notices/terms/1-3/"]
    assert "1. versija" in client.get("/lv/notices/terms/2-3/").text


@pytest.mark.django_db
def test_versions_are_compared_in_a_language_that_both_have(client: Client) -> None:
    for number, language, title in ((1, "lv", "Vecais"), (2, "lv", "Jaunais"), (2, "en", "The new one")):
        publish_notice(
            kind="terms",
            number=number,
            language=language,
            title=title,
            body=f"<p>{language}</p>",
            actor=SYSTEM,
        )
    page = client.get("/en/notices/terms/1-2/")
    assert (page.context["before"].language, page.context["after"].language) == ("lv", "lv")
    assert "<del>Vecais</del>" in page.text
