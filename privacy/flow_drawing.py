"""The flow of data as a drawing: categories on the left, kinds of recipients on the right. Pure.

Inline SVG without a style attribute: colours come from joinbaltic/admin.css by class. Lengths are in the
drawing's own units, of which a letter of a label takes about seven.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

LETTER = 7.4
LINE = 16  # from one line of a label to the next
LONGEST = 28  # letters; a longer label stands on two lines, so that a phone shows more than labels
PADDING = 12  # beside a label
EDGE = 4  # around the whole
BOX = 26  # the height of a box with one line
BETWEEN = 320  # the width that the lines cross
STRAND = 7  # between two lines that arrive at the same recipient
BETWEEN_CATEGORIES, BETWEEN_RECIPIENTS = 8, 26  # at least


@dataclass(frozen=True)
class Node:
    """A category or a kind of recipients: a key for the class, and its label."""

    key: str
    label: str

    @property
    def lines(self) -> tuple[str, ...]:
        """The label, a long one broken at the space that is nearest to its middle."""
        spaces = [place for place, letter in enumerate(self.label) if letter == " "]
        if len(self.label) <= LONGEST or not spaces:
            return (self.label,)
        middle = min(spaces, key=lambda place: abs(2 * place - len(self.label)))
        return self.label[:middle], self.label[middle + 1 :]

    @property
    def height(self) -> float:
        return BOX + LINE * (len(self.lines) - 1)


@dataclass(frozen=True)
class Flow:
    """What is drawn: both sides from top to bottom, and which category may go to which recipients."""

    categories: Sequence[Node]
    recipients: Sequence[Node]
    lines: Mapping[str, Sequence[str]]  # the category's key → the recipients' keys

    def coming_to(self, recipient: Node) -> list[Node]:
        return [one for one in self.categories if recipient.key in self.lines.get(one.key, ())]


@dataclass(frozen=True)
class Place:
    """A box: the corner at the top left, width and height."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


@dataclass(frozen=True)
class Layout:
    """Where everything is, and how large the drawing is."""

    width: float
    height: float
    categories: Mapping[str, Place]
    recipients: Mapping[str, Place]


def laid_out(flow: Flow) -> Layout:
    """Each side in a column over the whole height; recipients as tall as their lines need."""
    left, right = _width(flow.categories), _width(flow.recipients)
    low = [one.height for one in flow.categories]
    tall = [max(one.height, STRAND * (len(flow.coming_to(one)) + 1)) for one in flow.recipients]
    inner = max(_needed(low, BETWEEN_CATEGORIES), _needed(tall, BETWEEN_RECIPIENTS))
    categories = _column(flow.categories, low, EDGE, left, inner)
    recipients = _column(flow.recipients, tall, EDGE + left + BETWEEN, right, inner)
    return Layout(left + BETWEEN + right + 2 * EDGE, inner + 2 * EDGE, categories, recipients)


def _needed(heights: Sequence[float], gap: float) -> float:
    return sum(heights) + gap * (len(heights) - 1)


def _column(
    nodes: Sequence[Node], heights: Sequence[float], x: float, width: float, inner: float
) -> dict[str, Place]:
    """The boxes of one side, from the top to the bottom with equal gaps."""
    gap = (inner - sum(heights)) / max(1, len(nodes) - 1)
    places, y = {}, float(EDGE)
    for node, height in zip(nodes, heights, strict=True):
        places[node.key] = Place(x, y, width, height)
        y += height + gap
    return places


def _width(nodes: Sequence[Node]) -> float:
    return 2 * PADDING + LETTER * max((len(line) for one in nodes for line in one.lines), default=0)


def drawing(flow: Flow, *, title: str, description: str) -> SafeString:
    """The SVG element. `title` and `description` are what a screen reader says of it."""
    layout = laid_out(flow)
    return format_html(
        '<svg class="flow" role="img" aria-labelledby="flow-title flow-description" '
        'xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}">\n'
        '<title id="flow-title">{}</title>\n<desc id="flow-description">{}</desc>\n{}\n{}\n{}\n</svg>',
        f"{layout.width:g}", f"{layout.height:g}", title, description,
        _joined(_lines(flow, layout, one) for one in flow.recipients),
        _joined(_box("category", one, layout.categories[one.key]) for one in flow.categories),
        _joined(_box("recipient", one, layout.recipients[one.key]) for one in flow.recipients),
    )  # fmt: skip


def _joined(parts: Iterable[SafeString]) -> SafeString:
    return format_html_join("\n", "{}", ((part,) for part in parts))


def _lines(flow: Flow, layout: Layout, recipient: Node) -> SafeString:
    """The curves that lead to one recipient: a group, and with it a colour."""
    place, coming = layout.recipients[recipient.key], flow.coming_to(recipient)
    first = place.middle - STRAND * (len(coming) - 1) / 2
    curves = (
        _curve(_leaving(flow, layout, category, recipient), (place.x, first + STRAND * number))
        for number, category in enumerate(coming)
    )
    return format_html('<g class="lines to-{}">\n{}\n</g>', recipient.key, _joined(curves))


def _leaving(flow: Flow, layout: Layout, category: Node, recipient: Node) -> tuple[float, float]:
    """Where a line leaves its category: spread over the edge in the order of the recipients."""
    place = layout.categories[category.key]
    going = [one.key for one in flow.recipients if one.key in flow.lines.get(category.key, ())]
    share = (going.index(recipient.key) + 1) / (len(going) + 1)
    return place.right, place.y + place.height * share


def _curve(start: tuple[float, float], end: tuple[float, float]) -> SafeString:
    (x1, y1), (x2, y2) = start, end
    bend = (x1 + x2) / 2
    way = f"M{x1:g} {y1:g}C{bend:g} {y1:g} {bend:g} {y2:g} {x2:g} {y2:g}"
    return format_html('<path d="{}"/>', way)


def _box(side: str, node: Node, place: Place) -> SafeString:
    return format_html(
        '<g class="{} {}-{}"><rect x="{}" y="{}" width="{}" height="{}" rx="5"/>'
        '<text dominant-baseline="central">{}</text></g>',
        side, side, node.key, *(f"{number:g}" for number in (place.x, place.y, place.width, place.height)),
        _label(node, place),
    )  # fmt: skip


def _label(node: Node, place: Place) -> SafeString:
    """The lines of a label, around the middle of its box."""
    x, first = place.x + PADDING, place.middle - LINE * (len(node.lines) - 1) / 2
    places = ((f"{x:g}", f"{first + LINE * number:g}", line) for number, line in enumerate(node.lines))
    return format_html_join("", '<tspan x="{}" y="{}">{}</tspan>', places)
