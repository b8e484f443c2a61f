"""The drawing of the flow: complete, well formed, and nothing overlaps."""

import string
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from applications.personal import Category, RecipientKind
from privacy.datamap import recipients_by_category
from privacy.flow import facts, flow_of_data
from privacy.flow_drawing import Flow, Node, drawing, laid_out

pytestmark = pytest.mark.thorough

SVG = "{http://www.w3.org/2000/svg}"
keys = st.lists(
    st.text(string.ascii_lowercase, min_size=1, max_size=12), min_size=1, max_size=20, unique=True
)


@st.composite
def flows(draw: st.DrawFn) -> Flow:
    categories, recipients = draw(keys), draw(keys)
    lines = {key: draw(st.lists(st.sampled_from(recipients), unique=True)) for key in categories}
    labels = st.text(min_size=1, max_size=40).filter(str.isprintable)
    return Flow(
        [Node(key, draw(labels)) for key in categories],
        [Node(key, draw(labels)) for key in recipients],
        lines,
    )


def parsed(flow: Flow) -> ElementTree.Element:
    return ElementTree.fromstring(drawing(flow, title="The flow", description="What goes where"))  # noqa: S314


def labels(svg: ElementTree.Element) -> list[str]:
    return [" ".join(text.itertext()) for text in svg.iter(f"{SVG}text")]


def test_every_category_and_every_kind_of_recipient_is_drawn() -> None:
    assert labels(parsed(flow_of_data())) == [
        *(str(one.label) for one in Category),
        *(str(one.label) for one in RecipientKind),
    ]


def test_there_is_a_line_for_each_pair_that_the_map_allows_and_no_other() -> None:
    groups = {
        group.attrib["class"].removeprefix("lines to-"): len(list(group))
        for group in parsed(flow_of_data()).iter(f"{SVG}g")
        if group.attrib["class"].startswith("lines")
    }
    allowed = recipients_by_category()
    assert groups == {kind.value: sum(kind in kinds for kinds in allowed.values()) for kind in RecipientKind}


def test_table_says_what_the_drawing_says() -> None:
    allowed = recipients_by_category()
    for row in facts()["rows"]:
        assert row["may"] == [kind in allowed[Category(row["category"].key)] for kind in RecipientKind]


def test_screen_reader_gets_a_title_and_a_description() -> None:
    svg = parsed(flow_of_data())
    assert svg.attrib["role"] == "img"
    named = {element.attrib["id"]: element.text for element in svg if "id" in element.attrib}
    assert [named[name] for name in svg.attrib["aria-labelledby"].split()] == ["The flow", "What goes where"]


@given(flows())
def test_drawing_is_well_formed_whatever_the_labels(flow: Flow) -> None:
    svg = parsed(flow)
    assert labels(svg) == [node.label for node in (*flow.categories, *flow.recipients)]
    assert len(list(svg.iter(f"{SVG}path"))) == sum(len(keys) for keys in flow.lines.values())
    assert not [element for element in svg.iter() if "style" in element.attrib]


def test_long_label_is_broken_in_its_middle_and_a_short_one_is_not() -> None:
    assert Node("a", "Interests, use of the service and lifestyle").lines == (
        "Interests, use of the", "service and lifestyle",
    )  # fmt: skip
    assert Node("b", "Identification and contact").lines == ("Identification and contact",)
    assert Node("c", "w" * 60).lines == ("w" * 60,)


@pytest.mark.parametrize("language", ["lv", "en"])
def test_labels_leave_room_for_lines_on_a_phone(language: str) -> None:
    with translation.override(language):
        layout = laid_out(flow_of_data())
    assert max(place.right for place in layout.categories.values()) < 260


@given(flows())
def test_boxes_of_a_side_do_not_overlap_and_stay_inside(flow: Flow) -> None:
    layout = laid_out(flow)
    for side in (layout.categories, layout.recipients):
        places = list(side.values())
        assert all(one.y + one.height < two.y for one, two in pairwise(places))
        assert all(one.y >= 0 and one.y + one.height <= layout.height for one in places)
        assert all(one.x >= 0 and one.right <= layout.width for one in places)
