"""The files of an access package, from its document: what is withheld is left out of every one of them."""

import base64
import csv
import io
import json
import zipfile
from collections.abc import Collection, Mapping
from copy import deepcopy
from typing import Any

from django.template.loader import render_to_string
from django.utils.translation import gettext as _

Document = dict[str, Any]


def without(document: Document, withheld: Collection[str]) -> Document:
    """The document without the values of these keys; that something is withheld is said in their place."""
    shown = deepcopy(document)
    for category in shown["categories"]:
        for row in category["held"]:
            for value in row["values"]:
                if value["key"] in withheld:
                    shown["attachments"].pop(value["value"], None)
                    value |= {"value": None, "text": "", "withheld": withheld_text()}
    return shown


def withheld_text() -> str:
    """What stands in the place of a value that is about somebody else."""
    return _("Withheld: it is about another person (GDPR Art. 15(4)).")


def as_json(document: Document) -> str:
    """For programs: values by their label in the data map; attachments are files of their own."""
    plain = deepcopy(document)
    plain["attachments"] = sorted(plain["attachments"])
    for category in plain["categories"]:
        for row in category["held"]:
            row["values"] = {value["label"]: value.get("withheld", value["value"]) for value in row["values"]}
    return json.dumps(plain, ensure_ascii=False, indent=2)


def as_csv(document: Document) -> str:
    """One line a value, for a spreadsheet; what would be taken for a formula is made a text."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["category", "kind", "id", "label", "name", "value"])
    for category in document["categories"]:
        for row in category["held"]:
            for value in row["values"]:
                text = value.get("withheld", value["text"])
                writer.writerow(
                    [
                        category["category"],
                        row["kind"],
                        row["id"],
                        value["label"],
                        value["name"],
                        _harmless(text),
                    ]
                )
    return "\ufeff" + out.getvalue()  # spreadsheets know UTF-8 by its byte order mark


def as_html(document: Document) -> str:
    """A page that a person can read without us: no script, no style from elsewhere."""
    return render_to_string("privacy/package.html", {"document": document})


def attachments(document: Document) -> Mapping[str, bytes]:
    """The files by name."""
    return {name: base64.b64decode(content) for name, content in document["attachments"].items()}


def as_zip(document: Document) -> bytes:
    """All of it in one file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("data.html", as_html(document))
        package.writestr("data.json", as_json(document))
        package.writestr("data.csv", as_csv(document))
        for name, content in attachments(document).items():
            package.writestr(f"attachments/{name}", content)
    return out.getvalue()


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
