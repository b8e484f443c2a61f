"""The page of a letter: open to whoever has its link, kept nowhere, led to from nowhere."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from applications.crypto.reading import unless_destroyed
from privacy.letters import WITH_WORDS, read
from privacy.models import Letter, LetterKind, RequestWords, RightsRequest
from privacy.rights import notification
from privacy.rights.base import Part
from privacy.services.letters import open_letter

# On request the person learns who they are (GDPR Art. 19): nobody has to ask.
ABOUT_RECIPIENTS = frozenset(
    {LetterKind.ERASED, LetterKind.PARTLY_ERASED, LetterKind.RECTIFIED, LetterKind.RESTRICTED}
)
HEADERS = {
    "Cache-Control": "no-store, private",
    "Referrer-Policy": "no-referrer",  # the address is the key to the letter
    "X-Robots-Tag": "noindex, nofollow",
}


@require_safe
def letter(request: HttpRequest, token: str) -> HttpResponse:
    """A letter, in the language it was written in; a kind word where it is no longer here."""
    found = open_letter(token=token)
    if found is None:
        response = render(request, "privacy/letter_gone.html", status=HTTPStatus.NOT_FOUND)
    else:
        response = render(request, "privacy/letter.html", _context(found))
    for name, value in HEADERS.items():
        response.headers[name] = value
    return response


def _context(found: Letter) -> dict[str, object]:
    written = read(found)
    return {
        "letter": written,
        "written_at": found.written_at,
        "opens_until": found.opens_until,
        "number": found.request.reference,
        "words": _words_of_the_officer(found) if written.kind in WITH_WORDS else None,
        "fallback": written.language != get_language(),
        "parts": _recipients(found.request) if written.kind in ABOUT_RECIPIENTS else [],
    }


def _recipients(request: RightsRequest) -> list[Part]:
    return [notification.prove(request, to_the_person=True)]


def _words_of_the_officer(found: Letter) -> str | None:
    """What the officer added; None once the key of the request is destroyed."""
    words = RequestWords.objects.filter(pk=found.request_id).first()
    added: dict[str, str] | None = unless_destroyed(words, "reasons") if words else None
    return (added or {}).get(str(found.pk))
