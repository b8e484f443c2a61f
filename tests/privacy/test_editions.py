"""How sources become editions, and editions versions: what is published anew, what never again."""

from pathlib import Path
from typing import Any

import pytest

from applications.actors import SYSTEM
from applications.models import Contact, ContactRole, NoticeVersion
from privacy import notices
from privacy.notices import NoticeTextError, fill, publish_texts, read, write_editions
from tests.privacy.first_contacts import CONTACTS

EMAIL = "{{ controller.email }}"


def write(root: Path, name: str, content: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """One edition that names a contact in Latvian and nobody in English."""
    write(tmp_path, "terms/1.lv.html", f"<h1>Noteikumi</h1>\n<p>{EMAIL}</p>\n")
    write(tmp_path, "terms/1.en.html", "<h1>Terms</h1>\n<p>The first.</p>\n")
    return tmp_path


def published() -> list[str]:
    return [str(notice) for notice in NoticeVersion.objects.order_by("number", "language")]


def change_contact(email: str = "new@jo1n.com") -> None:
    Contact.objects.filter(role=ContactRole.CONTROLLER).update(email=email)


# --- reading --------------------------------------------------------------------------------------------
def test_contact_without_the_value_that_a_text_names_is_refused() -> None:
    with pytest.raises(NoticeTextError, match="nothing is known"):
        fill("<p>{{ controller.phone }}</p>", {"controller": Contact(name="SIA", phone="")})


def test_title_is_plain_text(tmp_path: Path) -> None:
    write(tmp_path, "terms/1.lv.html", "<h1>Noteikumi &amp; kārtība</h1>\n<p>Pirmie.</p>\n")
    assert read(tmp_path / "terms/1.lv.html", CONTACTS).title == "Noteikumi & kārtība"


# --- from source to edition -------------------------------------------------------------------------------
@pytest.mark.parametrize(("in_place", "number"), [(False, 2), (True, 1)])
def test_source_that_says_something_new_is_written_out(root: Path, in_place: bool, number: int) -> None:
    write(root, "terms/source.lv.html", "<h1>Noteikumi</h1>\n<p>Otrie.</p>\n")
    assert write_editions(root=root, in_place=in_place) == [root / f"terms/{number}.lv.html"]
    assert "Otrie." in (root / f"terms/{number}.lv.html").read_text(encoding="utf-8")
    assert (root / "terms/2.lv.html").exists() is not in_place


# --- from edition to version ------------------------------------------------------------------------------
@pytest.mark.django_db
def test_changed_contact_gives_every_language_the_next_number(root: Path) -> None:
    publish_texts(actor=SYSTEM, root=root)
    change_contact()
    publish_texts(actor=SYSTEM, root=root)
    assert published() == ["terms 1 en", "terms 1 lv", "terms 2 en", "terms 2 lv"]
    assert "new@jo1n.com" in NoticeVersion.objects.get(number=2, language="lv").body


@pytest.mark.django_db
def test_changed_contact_is_published_once(root: Path) -> None:
    publish_texts(actor=SYSTEM, root=root)
    change_contact()
    publish_texts(actor=SYSTEM, root=root)
    assert publish_texts(actor=SYSTEM, root=root) == []


@pytest.mark.django_db
def test_changed_contact_leaves_earlier_editions_as_they_were(root: Path) -> None:
    write(root, "terms/2.lv.html", f"<h1>Noteikumi</h1>\n<p>Otrie: {EMAIL}</p>\n")
    publish_texts(actor=SYSTEM, root=root)
    change_contact()
    (newest,) = publish_texts(actor=SYSTEM, root=root)
    assert (newest.number, newest.edition) == (3, 2)


@pytest.mark.django_db
def test_translation_that_comes_later_joins_the_version_in_force(root: Path) -> None:
    publish_texts(actor=SYSTEM, root=root)
    change_contact()
    publish_texts(actor=SYSTEM, root=root)
    write(root, "terms/1.ru.html", "<h1>Условия</h1>\n<p>Первые.</p>\n")
    assert [str(notice) for notice in publish_texts(actor=SYSTEM, root=root)] == ["terms 2 ru"]


@pytest.mark.django_db
def test_publishing_that_fails_halfway_publishes_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def only_latvian(*, language: str, **facts: Any) -> NoticeVersion:
        if language != "lv":
            raise RuntimeError
        return publish(language=language, **facts)

    publish = notices.publish_notice
    write(root, "terms/1.ru.html", "<h1>Условия</h1>\n<p>Первые.</p>\n")
    (root / "terms/1.en.html").unlink()
    monkeypatch.setattr(notices, "publish_notice", only_latvian)
    with pytest.raises(RuntimeError):
        publish_texts(actor=SYSTEM, root=root)
    assert published() == []
