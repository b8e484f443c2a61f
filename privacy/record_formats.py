"""The record of processing written out: Markdown for docs, CSV and JSON for other programs."""

import csv
import io
import json
from collections.abc import Iterator, Sequence

from django.utils.translation import gettext as _

from privacy.record import Section

# A spreadsheet takes what begins with one of these for a formula, white space before it or not.
FORMULA = ("=", "+", "-", "@")
CONTROL = ("\t", "\r", "\n")


def as_json(sections: Sequence[Section]) -> str:
    """The record as JSON: keys are stable, texts are of the active language."""
    data = {
        "record_of_processing": [
            {
                "point": f"30(1)({one.letter})",
                "key": one.key,
                "title": one.title,
                "note": one.note,
                "rows": [dict(row) for row in one.rows],
            }
            for one in sections
        ]
    }
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def as_csv(sections: Sequence[Section]) -> str:
    """The record as CSV, a line for each value: the tables differ, the columns of a file do not."""
    written = io.StringIO()
    lines = csv.writer(written, lineterminator="\r\n")
    lines.writerow([_("GDPR"), _("Section"), _("Entry"), _("Property"), _("Value")])
    for one in sections:
        for row in one.rows:
            first = next(iter(one.columns))
            for key, heading in one.columns.items():
                if key != first or len(one.columns) == 1:
                    cells = (f"30(1)({one.letter})", one.title, row[first], heading, row[key])
                    lines.writerow([harmless(cell) for cell in cells])
        if one.note:
            lines.writerow([f"30(1)({one.letter})", one.title, "", _("Note"), harmless(one.note)])
    return written.getvalue()


def harmless(cell: str) -> str:
    """The cell as a spreadsheet takes it for a text."""
    return f"'{cell}" if cell.startswith(CONTROL) or cell.lstrip().startswith(FORMULA) else cell


def as_markdown(sections: Sequence[Section]) -> str:
    """The record as Markdown, a table for each section."""
    return "\n".join(_markdown(sections)) + "\n"


def _markdown(sections: Sequence[Section]) -> Iterator[str]:
    yield f"# {_('Record of processing activities')}\n"
    yield _(
        "GDPR Art. 30(1), points (a) to (g). Written by a command from the data map: change that instead."
    )
    for one in sections:
        yield f"\n## ({one.letter}) {one.title}\n"
        yield f"| {' | '.join(one.columns.values())} |"
        yield "|" + "---|" * len(one.columns)
        for row in one.rows:
            yield f"| {' | '.join(_cell(row[key]) for key in one.columns)} |"
        if one.note:
            yield f"\n{one.note}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
