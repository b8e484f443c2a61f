"""The texts of letters: what each kind must tell, what it may, and how it reads with its facts."""

from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import translation

from privacy import letters
from privacy.letter_examples import example, invented_facts
from privacy.letter_facts import DELAYS, EXCEPTIONS, GROUNDS, REFUSALS, RIGHTS, Delay, Facts
from privacy.letters import Parties, check
from privacy.models import Exception17, LetterKind, Refusal, Right
from privacy.services.letters import delivered_texts

pytestmark = pytest.mark.django_db(databases=["default", "keys", "aside"])
every_delivered = pytest.mark.parametrize(
    ("kind", "language", "title", "body"), delivered_texts(), ids=lambda word: word[:13].split("\n")[0]
)


# --- the delivered texts ---


def test_every_kind_has_a_text_in_each_language():
    there = {(kind, language) for kind, language, _title, _body in delivered_texts()}
    assert there == {(kind, code) for kind in LetterKind.values for code, _ in settings.LANGUAGES}


@every_delivered
def test_delivered_text_says_what_it_has_to(kind, language, title, body):
    check(kind=LetterKind(kind), title=title, body=body)
    letter = example(LetterKind(kind), language, title, body)
    words = "".join(piece.text for paragraph in letter.paragraphs for piece in paragraph)
    assert "{" not in words
    assert ".." not in words
    assert "R-7K2M9-QRT4X" in words


@every_delivered
def test_delivered_text_lies_as_it_is_stored(kind, language, title, body):
    text = (letters.TEXTS / f"{kind}.{language}.txt").read_text(encoding="utf-8")
    assert text == f"{title}\n\n{body}\n"


@pytest.mark.parametrize("kind", [K for K in LetterKind if K in letters.WITH_COMPLAINT])
@pytest.mark.parametrize("language", ["lv", "en", "ru"])
def test_letter_that_refuses_names_the_authority_and_how_to_reach_it(kind, language):
    template = letters.newest_template(kind, language)
    letter = example(kind, language, template.title, template.body)
    urls = {piece.url for paragraph in letter.paragraphs for piece in paragraph if piece.url}
    assert {"mailto:pasts@dvi.gov.lv", "https://www.dvi.gov.lv"} <= urls


def test_letters_that_refuse_are_known():
    assert {
        LetterKind.REFUSED, LetterKind.PARTLY_ERASED, LetterKind.EXTENDED, LetterKind.NOTHING_HELD
    } <= letters.WITH_COMPLAINT  # fmt: skip


@pytest.mark.parametrize("language", ["lv", "en", "ru"])
def test_every_code_has_a_sentence_of_its_own_in_each_language(language):
    for sentences, codes in (
        (REFUSALS, Refusal), (GROUNDS, Exception17), (RIGHTS, Right), (DELAYS, Delay), (EXCEPTIONS, Right),
    ):  # fmt: skip
        assert sentences.keys() == set(codes)
        with translation.override("en"):
            english = {str(sentence) for sentence in sentences.values()}
        with translation.override(language):
            found = {str(sentence) for sentence in sentences.values()}
        assert len(found) == len(codes)
        assert language == "en" or not found & english


# --- what a text may and must say ---


def told(*more: str, kind: LetterKind = LetterKind.RECEIVED) -> str:
    """A text with everything that its kind has to tell, and more."""
    names = " ".join(f"{{{name}}}" for name in letters.required(kind))
    return " ".join([names, *more])


def faults(kind: LetterKind, title: str, body: str) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as caught:
        check(kind=kind, title=title, body=body)
    return caught.value.message_dict


def test_text_with_what_it_has_to_tell_passes():
    check(kind=LetterKind.RECEIVED, title="T {reference}", body=told("{controller}"))
    check(kind=LetterKind.REFUSED, title="T", body=told("77 79", kind=LetterKind.REFUSED))


@pytest.mark.parametrize(
    ("title", "field"),
    [("", "title"), ("  ", "title"), ("two\nlines", "title"), ("x" * 121, "title"), ("{due_on}", "title")],
)
def test_title_is_one_short_line(title, field):
    assert field in faults(LetterKind.RECEIVED, title, told())


@pytest.mark.parametrize(
    "more",
    [
        "{nobody}", "{why}", "{reference.pk}", "{reference!r}", "{0}", "{}", "{{reference}}", "{", "}",
        "{reference:>9}", "{ reference }", "{Reference}", "\0", "anna@piemers.lv", "010190-12345",
        "32123456789",
    ],
)  # fmt: skip
def test_nothing_but_known_facts_stands_in_a_text(more):
    assert faults(LetterKind.RECEIVED, "T", told(more)).keys() == {"body"}


@pytest.mark.parametrize("kind", LetterKind)
def test_text_without_a_fact_that_it_has_to_tell_is_refused_by_its_name(kind):
    for name in letters.required(kind):
        body = told("77 79", kind=kind).replace(f"{{{name}}}", "")
        assert any(f"{{{name}}}" in sentence for sentence in faults(kind, "T", body)["body"])


@pytest.mark.parametrize("articles", ["", "77", "79", "177 and 179"])
def test_refusal_without_both_ways_to_complain_is_refused(articles):
    assert "body" in faults(LetterKind.REFUSED, "T", told(articles, kind=LetterKind.REFUSED))


def test_text_of_any_length_is_not_taken():
    assert "body" in faults(LetterKind.RECEIVED, "T", told("x" * letters.LONGEST_BODY))


# --- rendering ---


def rendered(body: str, kind: LetterKind = LetterKind.RECEIVED, **facts: Any) -> list[str]:
    found = letters.render(
        kind=kind, language=facts.pop("language", "lv"), title="T", body=body, reference="R-1",
        facts=Facts.of(invented_facts(kind).as_stored() | facts), parties=Parties.now(),
    )  # fmt: skip
    return ["".join(piece.text for piece in paragraph) for paragraph in found.paragraphs]


def test_blank_lines_part_paragraphs_and_line_ends_stay():
    assert rendered("a\r\nb\r\n \r\n\r\nc") == ["a\nb", "c"]


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("lv", "Līdz 01.03.2027. Tad"),
        ("en", "Līdz 1 March 2027. Tad"),
        ("ru", "Līdz 01.03.2027. Tad"),
    ],
)
def test_sentence_that_ends_with_a_day_ends_with_one_point(language, sentence):
    assert rendered("Līdz {due_on}. Tad", language=language) == [sentence]


def test_paragraph_of_what_there_is_not_is_left_out():
    text = "a\n\n{withheld}\n\nb"
    assert len(rendered(text, LetterKind.ACCESS, withheld=False)) == 2
    assert len(rendered(text, LetterKind.ACCESS, withheld=True)) == 3


def test_what_stays_is_told_ground_by_ground():
    kept = [{"ground": "duty", "until": "2032-02-01"}, {"ground": "claims", "until": None}]
    (text,) = rendered("{kept}", LetterKind.PARTLY_ERASED, kept=kept, language="en")
    assert text.split("\n") == [
        "– A law obliges us to keep the data (GDPR Article 17(3)(b)): until 1 February 2032.",
        "– The data are needed to establish, exercise or defend legal claims (GDPR Article 17(3)(e)): for as "
        "long as that holds.",
    ]


def test_exception_is_told_with_its_ground_or_else_with_its_article():
    with_ground = rendered("{why}", LetterKind.REFUSED, grounds=["expression"], language="en")
    assert "17(3)(a)" in with_ground[0]
    without = rendered("{why}", LetterKind.REFUSED, grounds=[], right="access", language="en")
    assert "15(4)" in without[0]


@pytest.mark.parametrize(
    "facts",
    [{"why": "Anna"}, {"due_on": "rīt"}, {"name": "Anna"}, {"kept": [{"until": None}]}, {"grounds": ["x"]}],
)
def test_facts_are_codes_and_days(facts):
    with pytest.raises((KeyError, TypeError, ValueError)):
        Facts.of(invented_facts(LetterKind.RECEIVED).as_stored() | facts)


@pytest.mark.parametrize("kind", LetterKind)
def test_facts_are_read_as_they_were_stored(kind):
    facts = invented_facts(kind)
    assert Facts.of(facts.as_stored()) == facts
