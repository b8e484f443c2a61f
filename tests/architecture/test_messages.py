"""Nothing is left in English: the catalogues are complete, usable, and kept in step by one command."""

import html
import re
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import polib
import pytest
from django.contrib import admin
from django.core.management import CommandError, call_command
from django.template.loader import render_to_string
from django.test import Client, override_settings
from django.utils import translation

from applications.flow import STEPS, Step
from joinbaltic import catalogues

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = ("lv", "ru")
# Texts that are rightly the same in another language as in English.
SAME = {"Malta"}
# The switch on every page names each language in its own words.
OWN_NAMES = {"English"}
PAGES = ("", "start/", "start/code/", "notices/", "nothing-is-here/")

TEMPLATE = """{% load i18n %}<p>
    {% translate "100 % sure" %} {% translate "May" context "month" %} {{ offer|yesno:_("Yes,No") }}
  {% blocktranslate trimmed with rate=offer.rate %}
      A rate of {{ rate }} %,
      it isn't low.
  {% endblocktranslate %}
  {% blocktranslate count n=number %}{{ n }} offer{% plural %}{{ n }} offers{% endblocktranslate %}
  {% comment %}{% translate "Not a text" %}{% endcomment %}
"""
MODULE = """
SENTENCE = _(
    "One sentence "
    "in two strings."
)
SHOUTED = pgettext("greeting", "Hello")
COUNTED = ngettext("%(n)s page", "%(n)s pages", 3)
"""


def lv(root: Path) -> Path:
    return catalogues.catalogue_path(root, "lv")


def update(root: Path) -> None:
    """What `messages update` does for Latvian."""
    lv(root).parent.mkdir(parents=True, exist_ok=True)
    lv(root).write_text(catalogues.updated(lv(root), "lv", catalogues.collect(root)), encoding="utf-8")


def problems(root: Path, *, complete: bool = True) -> list[str]:
    return catalogues.problems(lv(root), catalogues.collect(root), complete=complete)


def change(root: Path, text: str, **changes: object) -> None:
    """Edit one entry of the Latvian catalogue by hand."""
    catalogue = polib.pofile(str(lv(root)))
    for name, value in changes.items():
        setattr(next(entry for entry in catalogue if entry.msgid == text), name, value)
    catalogue.save()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small project whose Latvian shouts, which keeps placeholders as they are."""
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates/page.html").write_text(TEMPLATE, encoding="utf-8")
    (tmp_path / "applications/migrations").mkdir(parents=True)
    (tmp_path / "applications/texts.py").write_text(MODULE, encoding="utf-8")
    (tmp_path / "applications/migrations/0001_initial.py").write_text('_("Frozen")', encoding="utf-8")
    update(tmp_path)
    for entry in polib.pofile(str(lv(tmp_path))):
        plural = dict.fromkeys(entry.msgstr_plural, f"{entry.msgid_plural}!")
        change(tmp_path, entry.msgid, msgstr="" if plural else f"{entry.msgid}!", msgstr_plural=plural)
    return tmp_path


@pytest.fixture(scope="module")
def compiled_catalogues(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("compiled")
    for language in LANGUAGES:
        copy = catalogues.catalogue_path(root, language)
        copy.parent.mkdir(parents=True)
        shutil.copy(catalogues.catalogue_path(ROOT, language), copy)
        catalogues.compile_catalogue(copy)
    return root / "locale"


@pytest.fixture
def compiled(compiled_catalogues: Path) -> Iterator[None]:
    """The catalogues as they stand now, whether or not anybody compiled them."""
    with override_settings(LOCALE_PATHS=[compiled_catalogues]), translation.override("lv"):
        yield


def english_in(page: str) -> set[str]:
    """Which texts of the product stand in a page or a mail untranslated, between tags or as an attribute."""
    pieces = re.findall(r'(?:>|^)([^<>]+)|(?:content|label|announce)="([^"]*)"', page, re.M)
    seen = {" ".join(html.unescape(between or value).split()) for between, value in pieces}
    return english() & seen - SAME - OWN_NAMES


@cache
def english() -> frozenset[str]:
    return frozenset(text for _context, text in catalogues.collect(ROOT))


# --- the product's own texts ----------------------------------------------------------------------------
def test_catalogues_are_in_step_and_latvian_is_complete() -> None:
    call_command("messages", "check")


@pytest.mark.parametrize("language", LANGUAGES)
def test_update_would_change_nothing(language: str) -> None:
    path = catalogues.catalogue_path(ROOT, language)
    assert catalogues.updated(path, language, catalogues.collect(ROOT)) == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_translation_repeats_the_english(language: str) -> None:
    catalogue = polib.pofile(str(catalogues.catalogue_path(ROOT, language)))
    same = {
        entry.msgid for entry in catalogue if entry.msgid in (entry.msgstr, *entry.msgstr_plural.values())
    }
    assert same <= SAME


@pytest.mark.parametrize(("language", "opening", "closing"), [("lv", "„", "”"), ("ru", "«", "»")])
def test_quotation_marks_are_those_of_the_language(language: str, opening: str, closing: str) -> None:
    wrong = set('“”„«»"') - {opening, closing}
    for entry in polib.pofile(str(catalogues.catalogue_path(ROOT, language))):
        for said in (entry.msgstr, *entry.msgstr_plural.values()):
            words = re.sub(r"<[^>]*>", "", said)
            assert not wrong & set(words), words
            assert words.count(opening) == words.count(closing), words


def test_sentences_of_django_that_we_overrule_are_still_djangos() -> None:
    path = Path(admin.__file__).parent / "locale/lv/LC_MESSAGES/django.mo"
    djangos = {entry.msgid for entry in polib.mofile(str(path))}
    source = "joinbaltic/django_sentences.py"
    ours = {message.text for message in catalogues.collect(ROOT).values() if source in message.sources}
    assert ours
    assert ours <= djangos


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 mēnešu"), (1, "1 mēnesis"), (2, "2 mēneši"), (11, "11 mēneši"), (21, "21 mēnesis")],
)
@pytest.mark.usefixtures("compiled")
def test_number_takes_its_latvian_form(number: int, text: str) -> None:
    form = translation.ngettext("%(months)s month", "%(months)s months", number)
    assert form % {"months": number} == text


@pytest.mark.django_db(databases=["default", "keys", "aside"])
@pytest.mark.parametrize("path", PAGES)
@pytest.mark.usefixtures("compiled")
def test_public_page_has_no_english(client: Client, path: str) -> None:
    page = client.get(f"/lv/{path}", follow=True).content.decode()
    assert "Pāriet uz galveno saturu" in page
    assert english_in(page) == set()


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.slug)
@pytest.mark.usefixtures("compiled")
def test_step_has_no_english(step: Step) -> None:
    form = step.form(data={}, answers={"pep_status": "family_member"})
    page = f"<h1>{step.title}</h1><p>{step.lead}</p>{form}"
    assert form.errors
    assert english_in(page) == set()


@pytest.mark.parametrize("mail", sorted(path.name for path in (ROOT / "templates").rglob("mail/*.txt")))
@pytest.mark.usefixtures("compiled")
def test_mail_has_no_english(mail: str) -> None:
    assert english_in(render_to_string(f"applications/mail/{mail}", {"minutes": 10})) == set()


# --- collecting -----------------------------------------------------------------------------------------
def test_texts_are_found_in_python_and_in_templates(project: Path) -> None:
    assert {(text.context, text.text, text.plural) for text in catalogues.collect(project).values()} == {
        ("", "One sentence in two strings.", ""),
        ("greeting", "Hello", ""),
        ("", "%(n)s page", "%(n)s pages"),
        ("", "100 %% sure", ""),
        ("month", "May", ""),
        ("", "Yes,No", ""),
        ("", "A rate of %(rate)s %%, it isn't low.", ""),
        ("", "%(n)s offer", "%(n)s offers"),
    }


def test_one_text_with_two_plurals_is_refused(project: Path) -> None:
    (project / "applications/more.py").write_text(
        'ngettext("%(n)s page", "%(n)s sheets", 2)', encoding="utf-8"
    )
    with pytest.raises(catalogues.CatalogueError, match="another plural"):
        catalogues.collect(project)


def test_broken_file_is_refused_rather_than_forgotten(project: Path) -> None:
    (project / "applications/texts.py").write_text('_("One sentence', encoding="utf-8")
    with pytest.raises(catalogues.CatalogueError, match=r"texts\.py"):
        catalogues.collect(project)


# --- updating -------------------------------------------------------------------------------------------
def test_update_keeps_translations_and_deletes_what_is_gone(project: Path) -> None:
    (project / "templates/page.html").write_text('{% translate "New" %}', encoding="utf-8")
    update(project)
    kept = {entry.msgid: entry.msgstr for entry in polib.pofile(str(lv(project)))}
    assert kept["New"] == ""
    assert kept["Hello"] == "Hello!"
    assert "Yes,No" not in kept


def test_changed_text_is_offered_its_old_translation(project: Path) -> None:
    module = MODULE.replace("in two strings", "in three strings")
    (project / "applications/texts.py").write_text(module, encoding="utf-8")
    update(project)
    assert problems(project) == ["fuzzy: 'One sentence in three strings.'"]
    update(project)
    assert problems(project) == ["fuzzy: 'One sentence in three strings.'"]


def test_catalogue_has_nothing_that_changes_by_itself(project: Path) -> None:
    text = lv(project).read_text(encoding="utf-8")
    update(project)
    assert lv(project).read_text(encoding="utf-8") == text
    assert "texts.py:" not in text
    assert "Date" not in text


# --- checking -------------------------------------------------------------------------------------------
def test_complete_catalogue_has_no_problems(project: Path) -> None:
    assert problems(project) == []


def test_missing_translation_counts_only_where_all_are_needed(project: Path) -> None:
    change(project, "Hello", msgstr="")
    assert problems(project) == ["not translated: 'Hello'"]
    assert problems(project, complete=False) == []


@pytest.mark.parametrize(
    ("text", "translation"),
    [
        ("100 %% sure", "simtprocentīgi, 100 %"),
        ("A rate of %(rate)s %%, it isn't low.", "Likme %(likme)s %%."),
        ("A rate of %(rate)s %%, it isn't low.", "<b>Likme</b> %(rate)s %%."),
        ("Hello", "Sveiki\n"),
    ],
)
def test_translation_that_would_break_is_named(project: Path, text: str, translation: str) -> None:
    change(project, text, msgstr=translation)
    assert [text in problem and "differ" in problem for problem in problems(project, complete=False)] == [
        True
    ]


def test_plural_form_that_drops_the_number_is_named(project: Path) -> None:
    change(project, "%(n)s page", msgstr_plural={0: "viena lapa", 1: "%(n)s lapas", 2: "%(n)s lapu"})
    assert len(problems(project)) == 1


def test_missing_plural_form_is_named(project: Path) -> None:
    change(project, "%(n)s page", msgstr_plural={0: "%(n)s lapa", 1: "%(n)s lapas"})
    assert problems(project) == ["plural forms are not those of the language: '%(n)s page'"]


def test_texts_without_entry_and_entries_without_text_are_named(project: Path) -> None:
    (project / "templates/page.html").write_text(TEMPLATE.replace("Yes,No", "Yea,Nay"), encoding="utf-8")
    assert problems(project) == ["not in the catalogue: 'Yea,Nay'", "obsolete: 'Yes,No'"]


def test_check_fails_with_what_is_amiss(project: Path) -> None:
    change(project, "Hello", msgstr="")
    with pytest.raises(CommandError, match=r"lv: not translated: 'Hello'"):
        call_command("messages", "check", root=project)
