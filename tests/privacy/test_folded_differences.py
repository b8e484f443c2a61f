"""What changed between two versions of a notice, laid out for a person to read."""

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from applications.actors import SYSTEM
from applications.models import NoticeKind
from applications.services.notices import publish_notice
from privacy.differences import LONG_STRETCH, Block, Change, Piece, difference, runs

SAME = Block((Piece(Change.SAME, "as before"),))
ADDED = Block((Piece(Change.ADDED, "new"),))


@given(st.lists(st.sampled_from([SAME, ADDED])))
def test_no_block_is_lost_or_moved(blocks: list[Block]) -> None:
    assert [block for run in runs(blocks) for block in run.blocks] == blocks


@given(st.lists(st.sampled_from([SAME, ADDED])))
def test_no_change_is_folded_away(blocks: list[Block]) -> None:
    assert not [block for run in runs(blocks) if run.folded for block in run.blocks if block.changed]


@pytest.mark.parametrize(("number", "folded"), [(LONG_STRETCH - 1, False), (LONG_STRETCH, True)])
def test_only_long_stretches_without_changes_are_folded(number: int, folded: bool) -> None:
    assert [run.folded for run in runs([ADDED, *[SAME] * number, ADDED])] == [False, folded, False]


def test_changed_words_are_marked_one_by_one() -> None:
    (block,) = difference("<p>We keep data for two years here</p>", "<p>We keep data for ten years here</p>")
    assert [(piece.change, piece.text.strip()) for piece in block.pieces] == [
        (Change.SAME, "We keep data for"),
        (Change.REMOVED, "two"),
        (Change.ADDED, "ten"),
        (Change.SAME, "years here"),
    ]


@pytest.mark.django_db
def test_page_of_changes_folds_what_stayed_the_same(client: Client) -> None:
    same = "".join(f"<p>Paragraph {number} stays.</p>" for number in range(LONG_STRETCH))
    for number, body in ((1, f"{same}<p>Old words.</p>"), (2, f"{same}<p>Entirely different text.</p>")):
        publish_notice(
            kind=NoticeKind.TERMS, number=number, language="lv", title="T", body=body, actor=SYSTEM
        )  # fmt: skip
    page = client.get("/lv/notices/terms/1-2/").text.partition("<main")[2]
    folded = page.partition("<details>")[2].partition("</details>")[0]
    assert folded.count("stays.") == LONG_STRETCH
    assert "<ins>" not in folded
    assert "<ins>Entirely different text.</ins>" in page
