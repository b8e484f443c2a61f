"""Writing letters: the versions of their texts, sending one as a link, and that it was opened."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import DatabaseError, models, transaction
from django.db.transaction import TransactionManagementError
from django.urls import reverse
from django.utils import timezone, translation

from applications.actors import SYSTEM, Actor
from applications.crypto.errors import CryptoError
from applications.crypto.reading import unless_destroyed
from applications.models import MailKind, MailStatus, OutboundMail
from applications.services import audit, mail
from applications.services.operations import DAILY_JOBS
from applications.tokens import new_token, token_hash
from privacy import letters
from privacy.letter_facts import Facts, day_text
from privacy.models import Letter, LetterKind, LetterTemplate, RequestWords, RightsRequest
from privacy.services.moves import note

log = structlog.get_logger(__name__)

OPENS_FOR = timedelta(days=90)
ASIDE = "next"
"""Where words wait for their letter, among those that go by the id of theirs."""


# --- the texts --------------------------------------------------------------------------------------------
def load_delivered_templates(model: type[models.Model] = LetterTemplate) -> int:
    """Write the delivered text as version 1 wherever a kind has no text in a language; how many were new.

    What the officer has written stays. `model` is the table as a migration knows it.
    """
    rows = model._default_manager
    there = set(rows.values_list("kind", "language"))
    new = [
        model(kind=kind, language=language, number=1, title=title, body=body)
        for kind, language, title, body in delivered_texts()
        if (kind, language) not in there
    ]
    rows.bulk_create(new, ignore_conflicts=True)
    return len(new)


def delivered_texts() -> list[tuple[str, str, str, str]]:
    """Kind, language, title and text of every letter as it is delivered: <kind>.<language>.txt."""
    found = []
    for path in sorted(letters.TEXTS.glob("*.*.txt")):
        kind, language, _ = path.name.split(".")
        title, _, body = path.read_text(encoding="utf-8").partition("\n")
        found.append((LetterKind(kind).value, language, title.strip(), letters.tidy(body)))
    return found


def write_template(*, kind: LetterKind, language: str, title: str, body: str, actor: Actor) -> LetterTemplate:
    """Write a new version of a letter's text and return it; the same text again is the version that stands.

    Letters that were sent keep the version they were written with. Raises ValidationError, by field.
    """
    title, body = title.strip(), letters.tidy(body)
    if language not in dict(settings.LANGUAGES):
        raise ValidationError({"language": "unknown"})
    letters.check(kind=kind, title=title, body=body)
    versions = LetterTemplate.objects.filter(kind=kind, language=language)
    with transaction.atomic():
        versions.filter(number=1).select_for_update().first()  # two writers at once wait here for each other
        standing = versions.order_by("-number").first()
        if standing is not None and (standing.title, standing.body) == (title, body):
            return standing
        written = LetterTemplate.objects.create(
            kind=kind, language=language, title=title, body=body,
            number=standing.number + 1 if standing else 1,
        )  # fmt: skip
        audit.record(
            actor=actor, action="letter_template.written", row=written, kind=kind, language=language,
            number=written.number,
        )  # fmt: skip
    return written


# --- sending ----------------------------------------------------------------------------------------------
def send_letter(
    *,
    request: RightsRequest,
    kind: LetterKind,
    actor: Actor,
    facts: dict[str, Any] | None = None,
    to: str | None = None,
    words: str = "",
) -> Letter:
    """Write a letter in the request's language and mail its link to where the person is answered.

    `facts` holds codes and days beyond those that the request has itself (letter_facts.Facts): an extension
    needs `why`. `to` is another address than the one at which the request is answered, `words` are what the
    officer adds: they go with the key of the request, the letter stays. Where there is no address any more,
    or the mail cannot be queued, the letter is written all the same and waits to be handed over. Belongs
    inside the transaction of what it tells; raises TransactionManagementError outside of one, and ValueError
    where a fact is missing that the text names.
    """
    if not transaction.get_connection().in_atomic_block:
        raise TransactionManagementError("a letter is written with what it tells, or not at all")
    template, now, token = letters.newest_template(kind, request.language), timezone.now(), new_token()
    letter = Letter(
        request=request, template=template, token_hash=token_hash(token), written_at=now,
        facts=_facts(request, kind, facts or {}).as_stored(), opens_until=now + OPENS_FOR,
    )  # fmt: skip
    letters.read(letter)  # what cannot be read is not sent
    letter.save(force_insert=True)
    if words.strip():
        _add_words(letter, words.strip())
    note(request, "letter", actor, why=kind)
    letter.mail = _mail(letter, token, to)
    letter.save(update_fields=["mail"])
    if letter.mail is None:
        _leave_to_staff(letter, actor)
    return letter


def give_up_mailing() -> dict[str, int]:
    """Letters whose mail is tried no more, and has reached nobody, are for staff to hand over."""
    failed = Letter.objects.filter(mail__status=MailStatus.FAILED, to_hand_over=False)
    counts = {"letters": 0}
    for letter_id in failed.values_list("pk", flat=True):
        with transaction.atomic():
            held = Letter.objects.select_for_update(of=("self",)).select_related("request", "template")
            letter = held.get(pk=letter_id)
            if not letter.to_hand_over:
                _leave_to_staff(letter, SYSTEM)
                counts["letters"] += 1
    return counts


DAILY_JOBS["give_up_mailing_letters"] = give_up_mailing


def _leave_to_staff(letter: Letter, actor: Actor) -> None:
    letter.to_hand_over = True
    letter.save(update_fields=["to_hand_over"])
    note(letter.request, "letter_to_hand_over", actor, why=letter.template.kind)


def set_words_aside(request: RightsRequest, words: str) -> None:
    """Keep what the officer adds until the letter is written that it belongs to."""
    if words.strip():
        row = RequestWords.objects.get(pk=request.pk)
        row.reasons = {**(row.reasons or {}), ASIDE: words.strip()}
        row.save(update_fields=["reasons"])


def words_set_aside(request: RightsRequest) -> str:
    """What was set aside, once: it goes to where the caller puts it."""
    row = RequestWords.objects.get(pk=request.pk)
    reasons = row.reasons or {}
    words: str = reasons.pop(ASIDE, "")
    if words:
        row.reasons = reasons
        row.save(update_fields=["reasons"])
    return words


def _facts(request: RightsRequest, kind: LetterKind, given: dict[str, Any]) -> Facts:
    """What the request knows of itself, and over it what the caller gives. Raises ValueError."""
    known: dict[str, Any] = {
        "right": request.right, "received_on": request.received_on, "due_on": request.due_on,
    }  # fmt: skip
    if kind == LetterKind.REFUSED and request.refusal:
        known["why"] = request.refusal
        known["grounds"] = sorted({one["ground"] for one in request.kept})
    if kind == LetterKind.PARTLY_ERASED:
        known["kept"] = _by_ground(request.kept)
    if kind in {LetterKind.ERASED, LetterKind.PARTLY_ERASED}:
        known["final_by"] = getattr(getattr(request, "erasure", None), "final_by", None)
    if kind == LetterKind.RESTRICTED:
        known["ground"] = request.about
    if kind in {LetterKind.OBJECTION_STANDS, LetterKind.OBJECTION_OVERRULED}:
        known["purpose"] = request.about
    if kind in {LetterKind.ACCESS, LetterKind.PORTABLE}:
        known["expires_on"] = getattr(getattr(request, "package", None), "expires_at", None)
    try:
        return Facts.of({name: value for name, value in (known | given).items() if value is not None})
    except (KeyError, TypeError, ValueError):  # which may repeat what was given
        raise ValueError(f"facts of {kind}") from None


def _by_ground(kept: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each ground with each of its days once, whatever number of applications it holds of."""
    seen = {(one["ground"], one.get("until") or ""): one for one in kept}
    return [{"ground": ground, "until": until or None} for ground, until in sorted(seen)]


def _mail(letter: Letter, token: str, to: str | None) -> OutboundMail | None:
    """Queue the mail with the link; None where there is nobody to write to, or it could not be queued."""
    request, language = letter.request, letter.template.language
    try:
        address = to if to is not None else _answered_at(request)
        if not address:
            return None
        with transaction.atomic():
            return mail.compose(
                kind=MailKind.RIGHTS_LETTER, owner_id=request.pk, recipient=address, language=language,
                useless_after=letter.opens_until, context=_mail_context(letter, token),
            )  # fmt: skip
    except (CryptoError, DatabaseError) as error:  # the answer stands, however it reaches the person
        log.warning("letter.not_mailed", code=getattr(error, "code", type(error).__name__))
        return None


def _add_words(letter: Letter, words: str) -> None:
    row = RequestWords.objects.get(pk=letter.request_id)
    row.reasons = {**(row.reasons or {}), str(letter.pk): words}
    row.save(update_fields=["reasons"])


def _answered_at(request: RightsRequest) -> str | None:
    words = RequestWords.objects.filter(pk=request.pk).first()
    contact: str | None = unless_destroyed(words, "contact") if words else None
    return contact


def _mail_context(letter: Letter, token: str) -> dict[str, Any]:
    with translation.override(letter.template.language):
        return {
            "reference": letter.request.reference,
            "letter_url": settings.PUBLIC_URL + reverse("letters:letter", args=[token]),
            "last_day": day_text(_last_day(letter.opens_until)),
        }


def _last_day(opens_until: datetime) -> date:
    """The last day on all of which the link works."""
    return timezone.localdate(opens_until) - timedelta(days=1)


# --- opening ----------------------------------------------------------------------------------------------
def hand_over(*, letter_id: UUID, actor: Actor) -> None:
    """Whoever works on the request gave the person the letter; once is enough."""
    with transaction.atomic():
        letter = (
            Letter.objects.select_for_update(of=("self",))
            .select_related("request", "template")
            .get(pk=letter_id)
        )
        if letter.to_hand_over and letter.handed_over_at is None:
            letter.handed_over_at = timezone.now()
            letter.save(update_fields=["handed_over_at"])
            note(letter.request, "letter_handed_over", actor, why=letter.template.kind)


def open_letter(*, token: str) -> Letter | None:
    """The letter behind a link that still works; that it was opened is noted the first time."""
    now = timezone.now()
    found = (
        Letter.objects.select_related("request", "template")
        .filter(token_hash=token_hash(token), opens_until__gt=now)
        .first()
    )
    if found is not None and found.opened_at is None:
        Letter.objects.filter(pk=found.pk, opened_at__isnull=True).update(opened_at=now)
    return found
