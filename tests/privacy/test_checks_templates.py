"""manage.py check names each template that shows more of a person than it says."""

import os
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from applications.data_uses import TEMPLATES, Use
from applications.personal import Category, Purpose
from privacy import checks
from privacy.checks.personal_names import OTHER_MEANINGS, personal_names

NEW = "applications/new.html"
LOAN_ONLY = Use(Purpose.HANDLE_APPLICATIONS, Category.LOAN)


def found() -> list[str]:
    return [str(message.msg) for message in checks.check_templates(app_configs=None)]


@pytest.fixture
def write(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Add a template to the product, and what it says of itself."""

    def add(content: str, use: Use | None = LOAN_ONLY, name: str = NEW) -> None:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        folders = [*settings.TEMPLATES[0]["DIRS"], tmp_path]
        settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": folders}]
        monkeypatch.setattr("applications.data_uses.TEMPLATES", {**TEMPLATES, name: use})

    return add


@pytest.mark.parametrize("name", [NEW, "new.html", "includes/new.html", "admin/new.html", "django/new.html"])
def test_template_that_says_nothing_of_itself_is_named(
    name: str, write: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("<p></p>", name=name)
    monkeypatch.setattr("applications.data_uses.TEMPLATES", TEMPLATES)
    assert found() == [f"The template {name} does not say what it shows of a person."]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("{{ person.personal_code }}", "personal_code"),
        ("{{ personal_code }}", "personal_code"),
        ("{{ Person.personal_code }}", "personal_code"),
        ("{{ row2.personal_code }}", "personal_code"),
        ("{{ rows.0.personal_code }}", "personal_code"),
        ("{{ form.instance.personal_code }}", "personal_code"),
        ("{{ form.personal_code.value }}", "personal_code"),
        ("{{ site.consumer.subject.email }}", "email"),
        ("{% with x=person.surname %}{{ x }}{% endwith %}", "surname"),
        ("{% with surname=1 %}{{ surname }}{% endwith %}{{ surname }}", "surname"),
        ("{% with surname=surname %}{{ surname }}{% endwith %}", "surname"),
        ("{% for name, value in answers.items %}{{ value }}{% endfor %}", "answers"),
        ("{% if person.pep_status == 'yes' %}{% endif %}", "pep_status"),
        ("{% if a and not b or person.employer %}{% endif %}", "employer"),
        ("{{ a|default:person.surname }}", "surname"),
        ("{% firstof a person.city %}", "city"),
        ("{% include 'includes/day.html' with moment=person.birth_date %}", "birth_date"),
        ("{% load i18n %}{% blocktranslate %}Hello {{ given_name }}{% endblocktranslate %}", "given_name"),
        ("{% load i18n %}{% blocktranslate with a=x.phone %}{{ a }}{% endblocktranslate %}", "phone"),
        ("{% extends 'base.html' %}{% block content %}{{ x.postcode }}{% endblock %}", "postcode"),
        ("{{ submission.decline_reason }}", "decline_reason"),
        ("{{ visit.ip_address }}", "ip_address"),
        ("{{ complaint.text }}", "text"),
        ("{{ note.text }}", "text"),
        ("{{ offer.apr }}", "apr"),
        ("{% for row in offer.schedule %}{{ row.month }}{% endfor %}", "schedule"),
        ("{{ subject.account_number }}", "account_number"),
    ],
)  # fmt: skip
def test_template_that_shows_more_than_it_says_is_named(content: str, name: str, write: Any) -> None:
    write(content)
    assert found() == [f"The template {NEW} shows {name} and does not say so."]


def test_template_that_says_it_shows_nothing_may_show_nothing(write: Any) -> None:
    write("{{ loan.amount_cents }}", use=None)
    assert found() == [f"The template {NEW} shows amount_cents and does not say so."]


@pytest.mark.parametrize(
    "content",
    [
        "{{ loan.loan_purpose }}",
        "{{ site.controller.email }}",
        "{% with text=heading %}{{ text }}{% endwith %}",
        "{% for text in headings %}{{ text }}{% endfor %}",
        "{% with email=site.controller.email %}{{ email }}{% endwith %}",
        "{% load i18n %}{% blocktranslate with text=heading %}{{ text }}{% endblocktranslate %}",
        "{# {{ person.surname }} #}{% comment %}{{ person.surname }}{% endcomment %}person.surname",
    ],
)
def test_template_that_shows_what_it_says_is_not_named(content: str, write: Any) -> None:
    write(content)
    assert found() == []


def test_template_that_changed_is_read_anew(write: Any, tmp_path: Path) -> None:
    write("<p></p>")
    assert found() == []
    (tmp_path / NEW).write_text("{{ person.surname }}", encoding="utf-8")
    os.utime(tmp_path / NEW, (1, 1))
    assert found() == [f"The template {NEW} shows surname and does not say so."]


def test_template_that_does_not_compile_is_named(write: Any) -> None:
    write("{% nonsense %}")
    assert any(f"The template {NEW} cannot be read" in one for one in found())


@pytest.fixture
def app_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder of templates inside an app."""
    folder = tmp_path / "templates"
    folder.mkdir()
    monkeypatch.setattr("django.template.loaders.app_directories.get_app_template_dirs", lambda _: (folder,))
    return folder


def test_template_in_the_folder_of_an_app_is_looked_at(app_folder: Path, settings: Any) -> None:
    (app_folder / "hidden.html").write_text("{{ person.surname }}", encoding="utf-8")
    with override_settings(TEMPLATES=[{**settings.TEMPLATES[0]}]):
        assert found() == ["The template hidden.html does not say what it shows of a person."]


def test_template_of_a_library_is_not_looked_at(app_folder: Path, settings: Any, tmp_path: Path) -> None:
    library = tmp_path / "site-packages"
    library.mkdir()
    (library / "theirs.html").write_text("{{ person.surname }}", encoding="utf-8")
    folders = [*settings.TEMPLATES[0]["DIRS"], library]
    with override_settings(TEMPLATES=[{**settings.TEMPLATES[0], "DIRS": folders}]):
        assert found() == []


def test_template_that_another_loader_finds_is_looked_at(tmp_path: Path, settings: Any) -> None:
    (tmp_path / "hidden.html").write_text("<p></p>", encoding="utf-8")
    loaders = [("django.template.loaders.filesystem.Loader", [*settings.TEMPLATES[0]["DIRS"], tmp_path])]
    engine = {**settings.TEMPLATES[0], "APP_DIRS": False, "OPTIONS": {"loaders": loaders}}
    with override_settings(TEMPLATES=[engine]):
        assert found() == ["The template hidden.html does not say what it shows of a person."]


def test_template_that_uses_a_category_against_the_map_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "applications/account.html"
    use = Use(Purpose.PASS_TO_LENDERS, *TEMPLATES[name].categories, Category.INTERESTS)  # type: ignore[union-attr]
    monkeypatch.setattr("applications.data_uses.TEMPLATES", {**TEMPLATES, name: use})
    assert found() == [
        "applications/account.html uses interests for pass_to_lenders, which the map does not give."
    ]


def test_declared_template_that_is_gone_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("applications.data_uses.TEMPLATES", {**TEMPLATES, "applications/gone.html": None})
    assert found() == ["data_uses names the template applications/gone.html, which is not there."]


def test_every_other_meaning_is_of_a_name_that_is_personal_elsewhere() -> None:
    last = {lookup.split(".")[-1] for lookups in OTHER_MEANINGS.values() for lookup in lookups}
    assert last <= personal_names().keys()
