"""Tables of a notice scroll by themselves on a narrow screen, for a keyboard too; the text stays whole."""

import re

from privacy.notices import TEXTS
from privacy.wide_tables import boxed

TABLE = "<table>\n  <caption>Who &amp; <b>what</b></caption>\n  <tr><td>1</td></tr>\n</table>"


def test_a_table_stands_in_a_box_with_the_name_of_its_caption() -> None:
    box = '<div class="table-box" tabindex="0" role="region" aria-label="Who &amp; what">'
    assert boxed(f"<p>before</p>{TABLE}<p>after</p>") == f"<p>before</p>{box}{TABLE}</div><p>after</p>"


def test_a_caption_cannot_leave_its_attribute() -> None:
    html = boxed('<table><caption>"&gt;&quot; onfocus=x</caption></table>')
    assert 'aria-label="&quot;&gt;&quot; onfocus=x">' in html


def test_a_table_without_a_caption_is_no_landmark() -> None:
    assert boxed("<table></table>") == '<div class="table-box" tabindex="0"><table></table></div>'


def test_published_texts_are_shown_whole() -> None:
    for path in TEXTS.glob("*/*.html"):
        source = path.read_text(encoding="utf-8")
        shown = boxed(source)
        assert shown.count('class="table-box"') == source.count("<table")
        assert re.sub(r'<div class="table-box"[^>]*>|(?<=</table>)</div>', "", shown) == source
