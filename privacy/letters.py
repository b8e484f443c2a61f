"""Letters to people who made a request: the placeholders of their texts, what a text has to say, and a letter
in its reader's language.

A text is plain: a title, and paragraphs between blank lines. `{name}` stands for a fact, and nothing else may
stand in braces. Which facts a kind of letter knows, and which of them it must tell, is declared here; so is
that a refusal names both ways to complain (GDPR Art. 12(4)).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from applications.models import Contact, ContactRole
from applications.selectors.contacts import contact
from privacy.letter_facts import PARTLY, PASSED, RESTRICTION_GROUNDS, RIGHTS, WITHHELD, Facts, day_text
from privacy.models import Letter, LetterKind, LetterTemplate

TEXTS = Path(__file__).resolve().parent / "texts" / "letters"
LONGEST_TITLE, LONGEST_BODY = 120, 20_000
PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
BLANK_LINES = re.compile(r"\n[^\S\n]*(?:\n[^\S\n]*)+")
# An e-mail address or a personal code: the commonest ways for a person to get into a text for everybody.
OF_A_PERSON = re.compile(r"[^\s{}]@[^\s{}]|(?<![0-9])[0-9]{6}-?[0-9]{5}(?![0-9])")

K = LetterKind
NAMES: Mapping[str, Promise] = {
    "reference": gettext_lazy("the number of the request"),
    "right": gettext_lazy("what was asked for"),
    "received_on": gettext_lazy("the day of receipt"),
    "controller": gettext_lazy("our company’s name"),
    "controller_email": gettext_lazy("our e-mail address"),
    "authority": gettext_lazy("the name of the supervisory authority"),
    "authority_contacts": gettext_lazy("address, e-mail and website of the authority"),
    "due_on": gettext_lazy("the last day for our answer"),
    "why": gettext_lazy("the reason, with the article of the law"),
    "page": gettext_lazy("the address of the person’s own pages"),
    "expires_on": gettext_lazy("the day until which the data can be fetched"),
    "withheld": gettext_lazy("that something was left out, if it was; a paragraph of its own"),
    "passed": gettext_lazy("what came of passing the data on, if that was asked; a paragraph of its own"),
    "final_by": gettext_lazy("the day by which the backups are gone as well"),
    "partly": gettext_lazy("that a part stays as it is, if it does; a paragraph of its own"),
    "ground": gettext_lazy("the ground of the restriction"),
    "ends_on": gettext_lazy("the day on which the restriction ends"),
    "purpose": gettext_lazy("the use that is objected to"),
    "kept": gettext_lazy("what stays: each ground with its day, on lines of their own"),
}
EVERYWHERE = (
    "reference", "right", "received_on", "controller", "controller_email", "authority", "authority_contacts",
)  # fmt: skip
DAYS = ("received_on", "due_on", "final_by", "expires_on", "ends_on")
IN_A_TITLE = frozenset({"reference"})
# What a kind knows beyond that: first what it must tell, then what it may.
OWN: Mapping[LetterKind, tuple[tuple[str, ...], tuple[str, ...]]] = {
    K.RECEIVED: (("due_on",), ("page",)),
    K.WHO: (("controller_email",), ("page",)),
    K.EXTENDED: (("due_on", "why"), ("page",)),
    K.ACCESS: (("page", "expires_on", "withheld"), ()),
    K.NOTHING_HELD: ((), ()),
    K.ERASED: (("final_by",), ()),
    K.PARTLY_ERASED: (("kept", "final_by"), ("page",)),
    K.RECTIFIED: (("partly",), ("page",)),
    K.RESTRICTED: (("ground",), ("page",)),
    K.RESTRICTION_ENDS: (("ends_on",), ("page",)),
    K.OBJECTION_STANDS: (("purpose",), ("page",)),
    K.OBJECTION_OVERRULED: (("purpose",), ("page",)),
    K.REVIEW_PASSED_ON: (("page",), ()),
    K.REVIEWED: (("page",), ()),
    K.PAPERS: (("page",), ()),
    K.REFUSED: (("why",), ("page",)),
    K.PORTABLE: (("page", "expires_on", "passed"), ()),
}
# Something is refused, put off or left out in these: they say where to complain.
WITH_COMPLAINT = frozenset(
    {
        K.EXTENDED, K.ACCESS, K.NOTHING_HELD, K.PARTLY_ERASED, K.RECTIFIED, K.RESTRICTION_ENDS,
        K.OBJECTION_OVERRULED, K.PAPERS, K.REFUSED,
    }
)  # fmt: skip
COMPLAINT_ARTICLES = ("77", "79")
# These show what the officer adds in words.
WITH_WORDS = frozenset(
    {K.EXTENDED, K.PARTLY_ERASED, K.RECTIFIED, K.RESTRICTION_ENDS, K.OBJECTION_OVERRULED, K.REFUSED}
)


class Piece(NamedTuple):
    """A run of text; one with a `url` is a link, and a `whole` one stays on one line."""

    text: str
    url: str = ""
    whole: bool = False


Paragraph = list[Piece]


@dataclass(frozen=True)
class Written:
    """A letter as it is read, in `language`."""

    kind: LetterKind
    language: str
    title: str
    paragraphs: list[Paragraph]


@dataclass(frozen=True)
class Parties:
    """Whom letters name beside the person: who answers, and who watches over that."""

    controller: Contact
    authority: Contact

    @classmethod
    def now(cls) -> "Parties":
        return cls(contact(ContactRole.CONTROLLER), contact(ContactRole.AUTHORITY))


# --- what a text may and must say -------------------------------------------------------------------------
def allowed(kind: LetterKind) -> tuple[str, ...]:
    """The placeholders that a letter of this kind knows."""
    must, may = OWN[kind]
    return tuple(dict.fromkeys((*EVERYWHERE, *must, *may)))


def required(kind: LetterKind) -> tuple[str, ...]:
    """Those without which it would not say what it has to."""
    complaint = ("authority", "authority_contacts") if kind in WITH_COMPLAINT else ()
    return ("reference", *OWN[kind][0], *complaint)


def tidy(text: str) -> str:
    """A text as it is stored: one kind of line end, no blank lines around it."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def check(*, kind: LetterKind, title: str, body: str) -> None:
    """Raises ValidationError, by field, for a text that cannot be sent as a letter of this kind."""
    faults = {"title": list(_faults_of_title(title)), "body": list(_faults_of_body(kind, body))}
    found = {name: sentences for name, sentences in faults.items() if sentences}
    if found:
        raise ValidationError(found)


def _faults_of_title(title: str) -> Iterator[str]:
    if not title.strip():
        yield _("A letter needs a title.")
    if len(title.splitlines()) > 1:
        yield _("The title is one line.")
    if len(title) > LONGEST_TITLE:
        yield _("The title is too long: %(most)d characters at most.") % {"most": LONGEST_TITLE}
    yield from _faults_of_text(title, IN_A_TITLE)


def _faults_of_body(kind: LetterKind, body: str) -> Iterator[str]:
    if not body.strip():
        yield _("A letter needs a text.")
        return
    if len(body) > LONGEST_BODY:
        yield _("The text is too long: %(most)d characters at most.") % {"most": LONGEST_BODY}
    yield from _faults_of_text(body, allowed(kind))
    missing = [name for name in required(kind) if name not in PLACEHOLDER.findall(body)]
    if missing:
        yield _("This letter has to tell: %(names)s.") % {"names": ", ".join(map(_explained, missing))}
    if kind in WITH_COMPLAINT and not all(
        re.search(rf"(?<![0-9]){article}(?![0-9])", body) for article in COMPLAINT_ARTICLES
    ):
        yield _("Name both ways to complain: to the authority (GDPR Article 77) and to a court (Article 79).")


def _faults_of_text(text: str, known: Iterable[str]) -> Iterator[str]:
    unknown = sorted(set(PLACEHOLDER.findall(text)).difference(known))
    if unknown:
        names = ", ".join(f"{{{name}}}" for name in unknown)
        yield _("Nothing is known here of: %(names)s.") % {"names": names}
    if set("{}") & set(PLACEHOLDER.sub("", text)):
        yield _("Braces stand only around the name of a fact, such as {reference}.")
    if "\0" in text:
        yield _("The text holds a character that cannot be stored.")
    if OF_A_PERSON.search(text):
        yield _(
            "There is an e-mail address or a personal code in the text. It goes to everybody: name nobody in "
            "it, and write {controller_email} for our own address."
        )


def _explained(name: str) -> str:
    return f"{{{name}}} ({NAMES[name]})"


# --- from a text and facts to a letter --------------------------------------------------------------------
def render(
    *, kind: LetterKind, language: str, title: str, body: str, reference: str, facts: Facts, parties: Parties
) -> Written:
    """A letter from a text that passed `check`.

    Raises ValueError where the text names a fact that is not there.
    """
    with translation.override(language):
        values = _values(reference, facts, parties)
        paragraphs = [_filled(text, values) for text in BLANK_LINES.split(tidy(body))]
        heading = "".join(piece.text for piece in _filled(title, values))
    told = [one for one in paragraphs if any(piece.text.strip() for piece in one)]
    return Written(kind, language, heading, told)


def read(letter: Letter) -> Written:
    """A letter that was sent, with the contacts of today: these are what helps its reader."""
    template = letter.template
    return render(
        kind=LetterKind(template.kind), language=template.language, title=template.title, body=template.body,
        reference=letter.request.reference, facts=Facts.of(letter.facts), parties=Parties.now(),
    )  # fmt: skip


def newest_template(kind: LetterKind, language: str) -> LetterTemplate:
    """The words that count now; in Latvian where there are none in this language.

    Raises LetterTemplate.DoesNotExist where nobody has loaded the delivered ones.
    """
    versions = LetterTemplate.objects.filter(kind=kind).order_by("-number")
    found = versions.filter(language=language).first()
    return found or versions.filter(language=settings.LANGUAGE_CODE)[:1].get()


def _filled(text: str, values: Mapping[str, Paragraph | None]) -> Paragraph:
    """Literal text and facts in turn. A point after a value that ends with one is left out."""
    pieces: Paragraph = []
    for at, part in enumerate(PLACEHOLDER.split(text)):
        if at % 2 == 0:
            after_point = bool(pieces) and pieces[-1].text.endswith(".")
            pieces.append(Piece(part[1:] if after_point and part.startswith(".") else part))
            continue
        value = values.get(part)
        if value is None:
            raise ValueError(part)  # a name of ours, and no data
        pieces += value
    return [piece for piece in pieces if piece.text]


def _values(reference: str, facts: Facts, parties: Parties) -> dict[str, Paragraph | None]:
    """Each placeholder's value in the active language; None where there is none to tell."""
    page = settings.PUBLIC_URL + reverse("my_data:index")
    days = {name: getattr(facts, name) for name in DAYS}
    return {
        "reference": [Piece(reference, whole=True)],
        "right": [Piece(str(RIGHTS[facts.right]))],
        "controller": [Piece(parties.controller.name)],
        "controller_email": _mail(parties.controller.email),
        "authority": [Piece(parties.authority.name)],
        "authority_contacts": _contacts(parties.authority),
        "page": [Piece(page, page)],
        "why": [Piece(facts.reason)] if facts.reason else None,
        "withheld": [Piece(str(WITHHELD))] if facts.withheld else [],
        "passed": [Piece(str(PASSED[facts.passed]))] if facts.passed else [],
        "partly": [Piece(str(PARTLY))] if facts.partly else [],
        "ground": [Piece(str(RESTRICTION_GROUNDS[facts.ground]))] if facts.ground else None,
        "purpose": [Piece(str(facts.purpose.label))] if facts.purpose else None,
        "kept": [Piece("\n".join(f"– {one.sentence}" for one in facts.kept))] if facts.kept else None,
        **{name: [Piece(day_text(day))] if day else None for name, day in days.items()},
    }


def _mail(address: str) -> Paragraph:
    return [Piece(address, f"mailto:{address}")] if address else []


def _contacts(one: Contact) -> Paragraph:
    website = [Piece(one.website, f"https://{one.website}")] if one.website else []
    found = [*([Piece(one.address)] if one.address else []), *_mail(one.email), *website]
    pieces: Paragraph = []
    for piece in found:
        pieces += [Piece(", "), piece] if pieces else [piece]
    return pieces
