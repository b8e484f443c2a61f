"""Papers for a complaint (GDPR Art. 77): an earlier request, when and how it came in and what became of it,
and our answers with the proof of their sending, everything dated. That is what the authority asks for.
"""

import io
import json
import zipfile
from collections.abc import Sequence
from typing import Any, ClassVar

from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from applications.actors import SYSTEM
from applications.crypto.reading import unless_destroyed
from applications.formats import date_text
from applications.models import Contact, ContactRole
from applications.selectors.contacts import contact
from applications.selectors.secrecy import told
from privacy.letters import read
from privacy.models import Identity, Letter, LetterKind, RequestFile, RequestWords, RightsRequest
from privacy.request_texts import event_text, moment
from privacy.rights import notification
from privacy.rights.base import Done, Part, Wait
from privacy.selectors.about import about_text
from privacy.services.letters import send_letter

MEDIA_TYPE = "application/json"
INSIDE = frozenset({"waits", "step_failed", "tried_again", "reminded", "recipient_noted"})
"""What happens among ourselves: it is worded for whoever works on a request, and proves nothing."""
Document = dict[str, Any]


class PapersForAComplaint:
    STEPS: ClassVar[Sequence[str]] = ("put_together", "hand_out")

    def preview(self, request: RightsRequest) -> Sequence[Part]:
        """About which request, and what the papers hold."""
        earlier = earlier_of(request)
        if earlier is None:
            return []
        lines = [
            (_("steps, each with its day"), str(earlier.events.count())),
            (_("letters, with the proof of their sending"), str(earlier.letters.count())),
            (_("recipients that were told"), str(earlier.told.count())),
        ]
        return [Part(_("Papers about request %(number)s") % {"number": earlier.reference}, lines)]

    def execute(self, request: RightsRequest) -> Done | Wait:
        done: Done | Wait = getattr(self, request.step)(request)
        return done

    def put_together(self, request: RightsRequest) -> Done:
        earlier = earlier_of(request)
        if earlier is None:  # the register keeps requests for years, and this one for less
            raise RightsRequest.DoesNotExist
        with translation.override(request.language):
            content = json.dumps(_document(earlier), ensure_ascii=False).encode()
        RequestFile.objects.filter(request=request).delete()  # of a try that was cut short
        RequestFile(request=request, media_type=MEDIA_TYPE, content=content).save(force_insert=True)
        return Done()

    def hand_out(self, request: RightsRequest) -> Done:
        send_letter(request=request, kind=LetterKind.PAPERS, actor=SYSTEM)
        return Done()

    def prove(self, request: RightsRequest) -> Sequence[Part]:
        """Which papers were made, and when."""
        done = request.events.filter(what="step_done", why="put_together").order_by("at").first()
        lines = [(_("about request"), request.about)]
        return [
            Part(_("The papers"), lines + ([(_("papers put together"), moment(done.at))] if done else []))
        ]


def earlier_of(request: RightsRequest) -> RightsRequest | None:
    """The request that is complained about: one of the same person."""
    rows = RightsRequest.objects.filter(subject__isnull=False, subject=request.subject_id)
    return rows.filter(reference=request.about).first()


def papers_of(request: RightsRequest) -> Document | None:
    """The papers as they were put together; None before, and once the key of the request is destroyed."""
    file = RequestFile.objects.filter(request=request, media_type=MEDIA_TYPE).first()
    content = unless_destroyed(file, "content") if file else None
    document: Document | None = json.loads(bytes(content)) if content else None
    return document


def as_zip(document: Document) -> bytes:
    """The papers to read without us, and for programs."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("papers.html", render_to_string("privacy/papers.html", {"papers": document}))
        package.writestr("papers.json", json.dumps(document, ensure_ascii=False, indent=2))
    return out.getvalue()


def _document(earlier: RightsRequest) -> Document:
    # what somebody wrote, and was told, of whom nobody knows that it was this person, is not theirs to have
    known = RequestWords.objects.filter(pk=earlier.pk).exclude(request__identity=Identity.NONE)
    words = known.first()
    now = timezone.now()
    return {
        "made_on": moment(now),
        "controller": _party(contact(ContactRole.CONTROLLER)),
        "authority": _party(contact(ContactRole.AUTHORITY)),
        "reference": earlier.reference,
        "facts": [
            {"name": name, "value": value}
            for name, value in (
                (_("Number of the request"), earlier.reference),
                (_("Right"), earlier.get_right_display()),
                (_("About"), about_text(earlier)),
                (_("Received"), moment(earlier.received_at)),
                (_("How it came in"), earlier.get_way_display()),
                (_("Last day for the answer"), date_text(earlier.due_on)),
                (_("State"), earlier.get_status_display()),
                (_("Why not"), earlier.get_refusal_display() if earlier.refusal else ""),
                (_("What came of it"), earlier.get_result_display() if earlier.result else ""),
                (_("Ended"), moment(earlier.ended_at)),
            )
            if value
        ],
        "written": (unless_destroyed(words, "text") if words else None) or "",
        "steps": [
            {"at": moment(one.at), "what": event_text(one)}
            for one in earlier.events.exclude(what__in=INSIDE).order_by("at", "pk")
        ],
        "letters": [_letter(one, words) for one in _letters(earlier)],
        "recipients": _recipients(earlier),
    }


def _letters(earlier: RightsRequest) -> list[Letter]:
    return list(earlier.letters.select_related("template", "request", "mail").order_by("written_at", "pk"))


def _letter(letter: Letter, words: RequestWords | None) -> Document:
    """The letter as it was sent, what the officer added, and when it left and was opened."""
    written = read(letter)
    added: dict[str, str] = (unless_destroyed(words, "reasons") if words else None) or {}
    moments = [
        {"name": name, "value": moment(at)}
        for name, at in (
            (_("Written"), letter.written_at),
            (_("Sent"), letter.mail.sent_at if letter.mail else None),
            (_("Handed over"), letter.handed_over_at),
            (_("Opened"), letter.opened_at),
        )
        if at is not None
    ]
    return {
        "title": written.title,
        "paragraphs": ["".join(piece.text for piece in one) for one in written.paragraphs],
        "added": added.get(str(letter.pk), ""),
        "moments": moments,
    }


def _recipients(earlier: RightsRequest) -> Document | None:
    if not told(earlier.told.all()).exists():
        return None
    part = notification.prove(earlier, to_the_person=True)
    return {
        "columns": list(map(str, part.columns)),
        "lines": [list(map(str, line)) for line in part.lines],
    }


def _party(one: Contact) -> Document:
    """Somebody whom the papers name, and where they are reached."""
    reached = [
        {"text": one.address, "url": ""},
        {"text": one.email, "url": f"mailto:{one.email}"},
        {"text": one.website, "url": f"https://{one.website}"},
    ]
    return {"name": one.name, "reached": [way for way in reached if way["text"]]}
