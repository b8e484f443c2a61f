"""Small charts for pages of the admin: inline SVG from plain numbers. Pure.

No style attribute and no script: colours come from joinbaltic/work.css by class. Widths are percent and
heights pixels, without a viewBox, so that letters keep their size on a phone and at a desk. The same numbers
stand in a table behind each chart (templates/admin/chart.html): whoever cannot see it loses nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from applications.formats import number_text

MOST_SERIES = 5  # as many as work.css has colours that can be told apart
# Columns, from the top: the number of the line, the columns, the labels.
ABOVE, PLOT, BELOW = 18, 160, 24
FEWEST_SLOTS = 6  # fewer columns stay as narrow as that
FILLED = 0.72  # of a slot; the rest is the gap between columns
LABELS_ON_A_PHONE, LABELS_AT_A_DESK = 5, 12
# Bars: a line of words, the bar, a gap.
ROW, BAR_AT, BAR = 46, 18, 14
LONGEST_LABEL = 34
SUM = '<text x="100%" y="{}" text-anchor="end" class="scale">{}</text>'
BED = '<rect class="bed" x="0" y="{}" width="100%" height="{}"/>'


class Shape(Enum):
    """Columns stand beside each other along a time; bars lie below each other, one for each name."""

    COLUMNS = "columns"
    BARS = "bars"


@dataclass(frozen=True)
class Series:
    """One number for each label of the chart."""

    label: str
    values: Sequence[int]


@dataclass(frozen=True)
class Chart:
    """What is drawn, and what the table says. `name` begins the ids of its elements: one chart of a name a
    page. `heading` is what the labels are called. Raises ValueError for what cannot be drawn."""

    name: str
    title: str
    description: str
    heading: str
    labels: Sequence[str]
    series: Sequence[Series]
    shape: Shape = Shape.COLUMNS

    def __post_init__(self) -> None:
        if not 1 <= len(self.series) <= MOST_SERIES:
            raise ValueError(f"a chart has one to {MOST_SERIES} series")
        for one in self.series:
            if len(one.values) != len(self.labels):
                raise ValueError("every label has one number in every series")
            if any(value < 0 for value in one.values):
                raise ValueError("what is counted is not negative")

    @property
    def empty(self) -> bool:
        """Whether there is nothing but zeros."""
        return not any(value for one in self.series for value in one.values)

    @property
    def rows(self) -> list[tuple[str, list[str]]]:
        """The table: a label with its numbers as text, in the order of the series."""
        return [
            (label, [number_text(one.values[place]) for one in self.series])
            for place, label in enumerate(self.labels)
        ]

    @property
    def drawing(self) -> SafeString:
        """The SVG element."""
        return _columns(self) if self.shape is Shape.COLUMNS else _bars(self)


def ceiling(number: int) -> int:
    """The least of 1, 2, 5, 10, 20, 50 … that is not below `number`."""
    power: int = 10 ** max(0, len(str(number)) - 1)
    return next(step * power for step in (1, 2, 5, 10) if step * power >= number)


# --- columns ----------------------------------------------------------------------------------------------
def _columns(chart: Chart) -> SafeString:
    top = ceiling(max((value for one in chart.series for value in one.values), default=0))
    floor = ABOVE + PLOT
    parts = [
        format_html('<line x1="0" x2="100%" y1="{}" y2="{}" class="line"/>', ABOVE, ABOVE),
        format_html('<text x="0" y="{}" class="scale">{}</text>', ABOVE - 5, number_text(top)),
        *_standing(chart, top),
        format_html('<line x1="0" x2="100%" y1="{}" y2="{}" class="floor"/>', floor, floor),
        *_below(chart.labels),
    ]
    return _svg(chart, floor + BELOW, parts)


def _standing(chart: Chart, top: int) -> Iterable[SafeString]:
    """The columns of a label stand side by side in its slot."""
    slot = 100 / max(FEWEST_SLOTS, len(chart.labels))
    width = slot * FILLED / len(chart.series)
    for place, label in enumerate(chart.labels):
        left = slot * (place + (1 - FILLED) / 2)
        for number, one in enumerate(chart.series):
            height = one.values[place] * PLOT / top
            yield format_html(
                '<rect class="series-{}" x="{}%" y="{}" width="{}%" height="{}"><title>{}</title></rect>',
                number + 1, _short(left + width * number), _short(ABOVE + PLOT - height), _short(width),
                _short(height), _said(label, one, place),
            )  # fmt: skip


def _below(labels: Sequence[str]) -> Iterable[SafeString]:
    """As many labels as there is room for, counted back from the last; fewer of them on a phone."""
    slot = 100 / max(FEWEST_SLOTS, len(labels))
    desk = max(1, -(-len(labels) // LABELS_AT_A_DESK))
    phone = desk * max(1, -(-len(labels) // (desk * LABELS_ON_A_PHONE)))
    for place, label in enumerate(labels):
        back = len(labels) - 1 - place
        if back % desk == 0:
            yield format_html(
                '<text x="{}%" y="{}" text-anchor="middle"{}>{}</text>',
                _short(slot * (place + 0.5)), ABOVE + PLOT + 16,
                SafeString(' class="desk"') if back % phone else "", _cut(label),
            )  # fmt: skip


# --- bars -------------------------------------------------------------------------------------------------
def _bars(chart: Chart) -> SafeString:
    """Each label over its bar, and the sum at the other end; the series follow each other in the bar."""
    sums = [sum(one.values[place] for one in chart.series) for place in range(len(chart.labels))]
    top = max(sums, default=0) or 1
    parts: list[SafeString] = []
    for place, label in enumerate(chart.labels):
        y = ROW * place
        parts += [
            format_html('<text x="0" y="{}">{}</text>', y + 12, _cut(label)),
            format_html(SUM, y + 12, number_text(sums[place])),
            format_html(BED, y + BAR_AT, BAR),
        ]
        parts += _lying(chart, place, label, y + BAR_AT, top)
    return _svg(chart, ROW * len(chart.labels), parts)


def _lying(chart: Chart, place: int, label: str, y: int, top: int) -> Iterable[SafeString]:
    passed = 0
    for number, one in enumerate(chart.series):
        value = one.values[place]
        if value:
            yield format_html(
                '<rect class="series-{}" x="{}%" y="{}" width="{}%" height="{}"><title>{}</title></rect>',
                number + 1, _short(passed * 100 / top), y, _short(value * 100 / top), BAR,
                _said(label, one, place),
            )  # fmt: skip
        passed += value


# --- both -------------------------------------------------------------------------------------------------
def _svg(chart: Chart, height: int, parts: Iterable[SafeString]) -> SafeString:
    return format_html(
        '<svg class="chart {0}" role="img" aria-labelledby="{1}-title {1}-description" '
        'xmlns="http://www.w3.org/2000/svg" width="100%" height="{2}">\n'
        '<title id="{1}-title">{3}</title>\n<desc id="{1}-description">{4}</desc>\n{5}\n</svg>',
        chart.shape.value, chart.name, height, chart.title, chart.description,
        format_html_join("\n", "{}", ((part,) for part in parts)),
    )  # fmt: skip


def _said(label: str, one: Series, place: int) -> str:
    """What a pointer over a column or bar is told."""
    return f"{label}, {one.label}: {number_text(one.values[place])}"


def _cut(label: str) -> str:
    return label if len(label) <= LONGEST_LABEL else f"{label[: LONGEST_LABEL - 1]}…"


def _short(length: float) -> str:
    return f"{round(length, 3):.7g}"
