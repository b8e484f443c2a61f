"""How notices are read from files and published, and that every version stays public."""

import re
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from applications.actors import SYSTEM
from applications.errors import NoticeChanged
from applications.models import Contact, NoticeKind, NoticeVersion
from privacy.notices import NoticeTextError, fill, publish_texts, read, texts
from tests import factories
from tests.privacy import dpo
from tests.privacy.first_contacts import CONTACTS


def write(root: Path, name: str, content: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")


@pytest.fixture
def own_texts(tmp_path: Path) -> Path:
    write(tmp_path, "terms/1.lv.html", "<h1>Noteikumi</h1>\n<p>Pirmie.</p>\n")
    write(tmp_path, "terms/1.en.html", "<h1>Terms</h1>\n<p>The first.</p>\n")
    return tmp_path


# --- reading the files ----------------------------------------------------------------------------------
def test_unknown_placeholder_is_refused() -> None:
    with pytest.raises(NoticeTextError, match="nothing is known"):
        fill("<p>{{ controller.shoe_size }}</p>", CONTACTS)


def test_filled_values_are_escaped() -> None:
    contacts = {"controller": Contact(name="A & <b>")}
    assert fill("<p>{{ controller.name }}</p>", contacts) == "<p>A &amp; &lt;b&gt;</p>"


@pytest.mark.parametrize("name", ["terms/one.lv.html", "terms/1.xx.html", "rules/1.lv.html"])
def test_misnamed_file_is_refused(tmp_path: Path, name: str) -> None:
    write(tmp_path, name, "<h1>Noteikumi</h1>\n")
    with pytest.raises(NoticeTextError):
        read(tmp_path / name, CONTACTS)


def test_file_without_a_title_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "terms/1.lv.html", "<p>Noteikumi</p>\n")
    with pytest.raises(NoticeTextError, match="first line"):
        read(tmp_path / "terms/1.lv.html", CONTACTS)


def test_number_without_a_latvian_text_is_refused(own_texts: Path) -> None:
    (own_texts / "terms/1.lv.html").unlink()
    with pytest.raises(NoticeTextError, match="terms 1"):
        texts(CONTACTS, own_texts)


# --- publishing -----------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_publishing_again_publishes_nothing() -> None:
    first = publish_texts(actor=SYSTEM)
    assert len(first) == len(texts(CONTACTS))
    assert publish_texts(actor=SYSTEM) == []
    assert NoticeVersion.objects.count() == len(first)


@pytest.mark.django_db
def test_changed_text_is_refused_by_name(own_texts: Path) -> None:
    publish_texts(actor=SYSTEM, root=own_texts)
    write(own_texts, "terms/1.lv.html", "<h1>Noteikumi</h1>\n<p>Pārlaboti.</p>\n")
    with pytest.raises(NoticeChanged) as refused:
        publish_texts(actor=SYSTEM, root=own_texts)
    assert str(refused.value.sentence).startswith("terms/1.lv.html")


@pytest.mark.django_db
def test_refused_change_keeps_new_texts_back_as_well(own_texts: Path) -> None:
    publish_texts(actor=SYSTEM, root=own_texts)
    write(own_texts, "terms/1.lv.html", "<h1>Noteikumi</h1>\n<p>Pārlaboti.</p>\n")
    write(own_texts, "cookies/1.lv.html", "<h1>Sīkdatnes</h1>\n<p>Nav.</p>\n")
    with pytest.raises(NoticeChanged):
        publish_texts(actor=SYSTEM, root=own_texts)
    assert not NoticeVersion.objects.filter(kind=NoticeKind.COOKIES).exists()


@pytest.mark.django_db
def test_check_fails_until_the_texts_are_published() -> None:
    with pytest.raises(CommandError, match=r"privacy 1 lv: not published"):
        call_command("publish_notices", "--check")
    assert not NoticeVersion.objects.exists()
    call_command("publish_notices")
    call_command("publish_notices", "--check")


# --- the pages ------------------------------------------------------------------------------------------
@pytest.fixture
def two_versions(own_texts: Path) -> None:
    write(own_texts, "terms/2.lv.html", "<h1>Noteikumi</h1>\n<p>Otrie.</p>\n")
    publish_texts(actor=SYSTEM, root=own_texts)


@pytest.mark.django_db
def test_current_page_shows_the_newest_version(client: Client, two_versions: None) -> None:
    assert client.get("/lv/notices/terms/").context["notice"].number == 2


@pytest.mark.django_db
def test_earlier_version_stays_public_and_points_to_the_newer(client: Client, two_versions: None) -> None:
    response = client.get("/lv/notices/terms/1/")
    assert "<p>Pirmie.</p>" in response.text
    assert response.context["newer"].number == 2


@pytest.mark.django_db
def test_untranslated_version_is_shown_in_latvian(client: Client, two_versions: None) -> None:
    response = client.get("/en/notices/terms/2/")
    assert (response.context["notice"].language, response.context["fallback"]) == ("lv", True)


@pytest.mark.django_db
def test_translated_version_is_shown_in_the_readers_language(client: Client, two_versions: None) -> None:
    response = client.get("/en/notices/terms/1/")
    assert (response.context["notice"].language, response.context["fallback"]) == ("en", False)


@pytest.mark.django_db
def test_index_lists_every_version(client: Client, two_versions: None) -> None:
    (terms,) = client.get("/en/notices/").context["kinds"]
    assert [version.number for version in terms["versions"]] == [2, 1]


@pytest.mark.django_db(databases=["default", "keys", "aside"])
def test_recipients_stand_by_the_latvian_alphabet(client: Client) -> None:
    for slug, name in (("zeta", "Zaļā Banka"), ("alfa", "Ātrā Banka"), ("beta", "Bērzu Banka")):
        factories.lender(slug, name=name)
    (lenders,) = client.get("/lv/notices/recipients/").context["kinds"]
    assert [one.name for one in lenders["recipients"]] == ["Ātrā Banka", "Bērzu Banka", "Zaļā Banka"]


@pytest.mark.django_db
def test_recipient_that_keeps_data_in_another_country_is_named_with_both(client: Client) -> None:
    dpo.recipient("here")
    dpo.recipient("there", hosting_country="EE")
    text = client.get("/en/notices/recipients/").text
    assert text.count("the data are kept in") == 1
    assert "the data are kept in: Estonia" in text


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["terms/3/", "terms/0/", "rules/", "rules/1/", "privacy/"])
def test_unknown_notice_is_not_found(client: Client, two_versions: None, path: str) -> None:
    assert client.get(f"/lv/notices/{path}").status_code == 404


@pytest.mark.django_db
def test_links_between_pages_lead_somewhere(client: Client) -> None:
    publish_texts(actor=SYSTEM)
    links = {link for text in texts(CONTACTS) for link in re.findall(r'href="(/[^"]*)"', text.body)}
    assert links
    assert {client.get(link).status_code for link in links} == {200}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("header", "condition"), [("ETag", "If-None-Match"), ("Last-Modified", "If-Modified-Since")]
)
def test_unchanged_page_is_not_sent_again(
    client: Client, two_versions: None, header: str, condition: str
) -> None:
    value = client.get("/lv/notices/terms/1/").headers[header]
    assert client.get("/lv/notices/terms/1/", headers={condition: value}).status_code == 304


@pytest.mark.django_db
def test_page_changes_when_a_newer_version_appears(client: Client, own_texts: Path) -> None:
    publish_texts(actor=SYSTEM, root=own_texts)
    before = client.get("/lv/notices/terms/1/").headers["ETag"]
    write(own_texts, "terms/2.lv.html", "<h1>Noteikumi</h1>\n<p>Otrie.</p>\n")
    publish_texts(actor=SYSTEM, root=own_texts)
    assert client.get("/lv/notices/terms/1/", headers={"If-None-Match": before}).status_code == 200


@pytest.mark.django_db
def test_stranger_gets_a_cacheable_page_without_cookies(client: Client, two_versions: None) -> None:
    response = client.get("/lv/notices/terms/")
    assert "public" in response.headers["Cache-Control"]
    assert not response.cookies
