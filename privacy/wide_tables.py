"""Wide tables of a published text, for narrow screens. Pure.

A published text never changes, so the box around its tables is added when it is shown.
"""

import re
from html import escape, unescape

TABLE = re.compile(r"<table\b[^>]*>.*?</table>", re.DOTALL)
CAPTION = re.compile(r"<caption\b[^>]*>(?P<text>.*?)</caption>", re.DOTALL)
TAGS = re.compile(r"<[^>]*>")


def boxed(html: str) -> str:
    """The same HTML with every table in a box that scrolls by itself, also with the arrow keys.

    A box has the name of its table's caption; one without a caption is no landmark, only a box.
    """
    return TABLE.sub(lambda found: _box(found[0]), html)


def _box(table: str) -> str:
    caption = CAPTION.search(table)
    name = " ".join(unescape(TAGS.sub("", caption["text"])).split()) if caption else ""
    landmark = f' role="region" aria-label="{escape(name)}"' if name else ""
    return f'<div class="table-box" tabindex="0"{landmark}>{table}</div>'
