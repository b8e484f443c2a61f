"""Charts: sizes say what the numbers say, whatever the numbers and labels."""

from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from applications import charts
from applications.charts import Chart, Series, Shape, ceiling

pytestmark = pytest.mark.thorough

SVG = "{http://www.w3.org/2000/svg}"
HUGE = 10**400  # no float holds it
labels = st.text(min_size=1, max_size=50).filter(str.isprintable)
numbers = st.one_of(st.integers(0, 60), st.integers(0, HUGE))


@st.composite
def drawn(draw: st.DrawFn, shape: Shape = Shape.COLUMNS) -> Chart:
    places = draw(st.lists(labels, max_size=40))
    several = draw(st.integers(1, charts.MOST_SERIES))
    exactly = st.lists(numbers, min_size=len(places), max_size=len(places))
    return chart(places, *[Series(draw(labels), draw(exactly)) for _ in range(several)], shape=shape)


def chart(places: list[str], *series: Series, shape: Shape = Shape.COLUMNS, **changes: Any) -> Chart:
    facts: dict[str, Any] = {
        "name": "people", "title": "People", "description": "By month", "heading": "Month",
    }  # fmt: skip
    return Chart(labels=places, series=series, shape=shape, **(facts | changes))


def parsed(one: Chart) -> ElementTree.Element:
    return ElementTree.fromstring(one.drawing)  # noqa: S314


def rects(one: Chart, kind: str = "series") -> list[dict[str, float]]:
    """The columns or bars, their lengths as numbers."""
    found = [element.attrib for element in parsed(one).iter(f"{SVG}rect")]
    return [
        {name: float(shape[name].rstrip("%")) for name in ("x", "y", "width", "height")}
        for shape in found
        if shape["class"].startswith(kind)
    ]


def values(one: Chart) -> list[int]:
    return [line.values[place] for place in range(len(one.labels)) for line in one.series]


# --- columns ----------------------------------------------------------------------------------------------
@given(drawn())
def test_column_is_as_high_as_its_number(one: Chart) -> None:
    top = ceiling(max(values(one), default=0))
    heights = [shape["height"] for shape in rects(one)]
    assert heights == [pytest.approx(value * charts.PLOT / top, abs=0.001) for value in values(one)]


@given(drawn())
def test_columns_stand_on_the_floor_inside_the_drawing_and_do_not_overlap(one: Chart) -> None:
    found = rects(one)
    for shape in found:
        assert shape["y"] + shape["height"] == pytest.approx(charts.ABOVE + charts.PLOT, abs=0.002)
        assert min(shape["x"], shape["y"], shape["height"]) >= 0
        assert shape["width"] > 0
        assert shape["x"] + shape["width"] <= 100
    edges = [(shape["x"], shape["x"] + shape["width"]) for shape in found]
    assert all(end <= start + 0.002 for (_, end), (start, _) in pairwise(edges))


@pytest.mark.parametrize("shape", Shape)
def test_nothing_but_zeros_is_drawn_flat(shape: Shape) -> None:
    flat = chart(["May", "June"], Series("Sent", [0, 0]), shape=shape)
    assert flat.empty
    assert [rect for rect in rects(flat) if rect["height"] and shape is Shape.COLUMNS] == []
    assert shape is Shape.COLUMNS or rects(flat) == []


@pytest.mark.parametrize("shape", Shape)
def test_chart_without_labels_is_still_a_picture(shape: Shape) -> None:
    none = chart([], Series("Sent", []), shape=shape)
    assert none.empty
    assert rects(none) == []
    assert none.rows == []


@given(st.integers(0, HUGE))
def test_line_is_a_round_number_above_every_column(number: int) -> None:
    top = ceiling(number)
    assert number <= top <= max(1, number * 5 // 2)
    assert str(top).rstrip("0") in {"1", "2", "5"}


@given(st.integers(1, 400))
def test_last_column_is_labelled_and_no_more_labels_than_there_is_room_for(count: int) -> None:
    many = chart([f"day {n}" for n in range(count)], Series("Sent", [1] * count))
    words = [(text.text, text.attrib.get("class", "")) for text in parsed(many).iter(f"{SVG}text")]
    below = [one for one in words if one[1] != "scale"]
    assert below[-1] == (f"day {count - 1}", "")
    assert len(below) <= charts.LABELS_AT_A_DESK
    assert len([kind for _text, kind in below if not kind]) <= charts.LABELS_ON_A_PHONE


# --- bars -------------------------------------------------------------------------------------------------
@given(drawn(Shape.BARS))
def test_parts_of_a_bar_are_as_long_as_their_numbers(one: Chart) -> None:
    top = max((sum(line.values[n] for line in one.series) for n in range(len(one.labels))), default=0)
    widths = [shape["width"] for shape in rects(one)]
    assert widths == [pytest.approx(value * 100 / top, abs=0.001) for value in values(one) if value]


@given(drawn(Shape.BARS))
def test_parts_of_a_bar_follow_each_other_inside_the_drawing(one: Chart) -> None:
    ends: dict[float, float] = {}
    for shape in rects(one):
        assert shape["x"] == pytest.approx(ends.get(shape["y"], 0), abs=0.01)
        ends[shape["y"]] = shape["x"] + shape["width"]
    assert all(end <= 100.01 for end in ends.values())


def test_bars_say_their_sums() -> None:
    waiting = chart(["Ātrā"], Series("due", [2]), Series("later", [3]), shape=Shape.BARS)
    assert [text.text for text in parsed(waiting).iter(f"{SVG}text")] == ["Ātrā", "5"]


def test_label_that_is_too_long_is_cut_in_the_drawing_and_whole_in_the_table() -> None:
    name = "A lender with a name that goes on and on and on"
    one = chart([name], Series("due", [2]), shape=Shape.BARS)
    assert next(parsed(one).iter(f"{SVG}text")).text == name[:33] + "…"
    assert one.rows == [(name, ["2"])]


# --- both -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("shape", Shape)
def test_labels_are_words_and_no_markup(shape: Shape) -> None:
    one = chart(["<script>", 'a"b'], Series("<b>&", [1, 2]), shape=shape, title="<i>", description="&")
    assert "<script>" not in one.drawing
    svg = parsed(one)
    assert [text.text for text in svg.iter(f"{SVG}text") if text.text in one.labels] == list(one.labels)
    assert svg.find(f"{SVG}title").text == "<i>"  # type: ignore[union-attr]


@given(st.one_of(drawn(), drawn(Shape.BARS)))
def test_screen_reader_gets_title_and_description_and_nothing_is_inline(one: Chart) -> None:
    svg = parsed(one)
    assert svg.attrib["role"] == "img"
    named = {element.attrib["id"]: element.text for element in svg if "id" in element.attrib}
    assert [named[name] for name in svg.attrib["aria-labelledby"].split()] == ["People", "By month"]
    for element in svg.iter():
        assert "style" not in element.attrib
        assert element.tag != f"{SVG}script"


@given(drawn())
def test_table_has_every_number(one: Chart) -> None:
    digits = [int("".join(filter(str.isdigit, text))) for _label, row in one.rows for text in row]
    assert digits == values(one)


@pytest.mark.parametrize(
    "series", [[], [Series("a", [1])] * 6, [Series("a", [1, 2])], [Series("a", [-1])]], ids=str
)
def test_what_cannot_be_drawn_is_refused(series: list[Series]) -> None:
    with pytest.raises(ValueError):
        chart(["May"], *series)
