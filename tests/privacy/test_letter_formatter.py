"""Properties of the letters' formatter: whatever is written, it passes whole or is refused by name."""

import pytest
from django.core.exceptions import ValidationError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from applications.contacts import FIRST_CONTACTS
from applications.models import Contact, ContactRole
from privacy import letters
from privacy.letter_examples import invented_facts
from privacy.letters import Parties, Piece
from privacy.models import LetterKind

ROLES = (ContactRole.CONTROLLER, ContactRole.AUTHORITY)
PARTIES = Parties(*(Contact(role=role, **FIRST_CONTACTS[role]) for role in ROLES))
BRACED = [f"{{{name}}}" for name in (*letters.NAMES, "nobody", "reference.pk", "reference!r", "0", "")]
joined = st.lists(st.text(max_size=9) | st.sampled_from([*BRACED, "{", "}", "77", "79", "\n\n"]))
texts = st.text() | joined.map("".join)


def passes(kind: LetterKind, title: str, body: str) -> bool:
    try:
        letters.check(kind=kind, title=title, body=body)
    except ValidationError:
        return False
    return True


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(kind=st.sampled_from(LetterKind), title=texts, body=texts)
def test_any_text_is_refused_in_words_or_can_be_read(kind: LetterKind, title: str, body: str) -> None:
    """What passes is rendered whole, and no brace is left in it but one that a fact would bring."""
    needed = " ".join(f"{{{name}}}" for name in letters.required(kind))
    for whole in (body, f"{needed} 77 79 {body}"):
        if passes(kind, title, whole):
            found = letters.render(
                kind=kind, language="lv", title=title, body=whole, reference="R-1",
                facts=invented_facts(kind), parties=PARTIES,
            )  # fmt: skip
            said = "".join(piece.text for paragraph in found.paragraphs for piece in paragraph)
            assert not set("{}") & set(said + found.title)


@given(st.text(st.characters(exclude_characters="{}")))
def test_text_without_braces_stays_as_it_is(text: str) -> None:
    assert letters._filled(text, {}) == ([Piece(text)] if text else [])


@given(st.text(), st.text(st.characters(exclude_characters="{}.")))
def test_value_is_never_read_as_a_text(value: str, around: str) -> None:
    """Braces that a fact brings stand for nothing."""
    pieces = letters._filled(f"{around}{{reference}}{around}", {"reference": [Piece(value)]})
    assert "".join(piece.text for piece in pieces) == f"{around}{value}{around}"


@pytest.mark.parametrize("text", ["{reference}", "a {reference}. b"])
def test_fact_that_is_not_there_is_named_and_nothing_else(text: str) -> None:
    with pytest.raises(ValueError, match=r"^reference$"):
        letters._filled(text, {"reference": None})
