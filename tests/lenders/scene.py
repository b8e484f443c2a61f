"""An application on its way to lenders, made as consumers make it: through the services, never by hand."""

import re
import time
from collections.abc import Callable, Iterable
from copy import copy
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from applications.actors import SYSTEM, Actor
from applications.crypto import keyring
from applications.crypto.keyring import data_key_scope
from applications.crypto.models import DataKey
from applications.models import Application, DataSubject, MailKind, NoticeKind, NoticeVersion, OutboundMail
from applications.personal import Purpose
from applications.row_security import storing
from applications.selectors.notices import current_notice
from applications.services import accounts
from applications.services.drafts import open_draft, save_answers
from applications.services.notices import publish_notice
from applications.services.submitting import ConsentGiven, submit
from applications.tokens import token_hash
from lenders.adapters.base import Credentials, HttpAnswer, Offered
from lenders.adapters.join_answers import answer_of, callback_answer_of
from lenders.models import Delivery, Lender, Offer, Submission
from lenders.sandbox import credit
from lenders.sandbox.app import TWINS
from lenders.sandbox.books import Books
from lenders.sandbox.lending import Lending
from lenders.sandbox.secrets import SANDBOX_LENDERS, credentials_of
from lenders.services import choosing, claims, deliveries
from lenders.services.ingest import ingest
from lenders.services.register import register_lender
from tests.factories import IN_ORDER, fields_of

SANDBOX = {lender.slug: lender for lender in SANDBOX_LENDERS}
SLUGS = tuple(SANDBOX)
DATABASES = ["default", "keys", "aside"]
NOWHERE = "http://127.0.0.1:9"

ANSWERS: dict[str, Any] = {
    "amount_cents": 3000_00,
    "term_months": 36,
    "loan_purpose": "vehicle",
    "repayment_day": 15,
    "keyword": "canary-dzērvene",
    "given_name": "Canary-Māra",
    "surname": "Canary-Bērziņa",
    "birth_date": date(1990, 2, 1),
    "personal_code": "010290-12340",
    "document_type": "passport",
    "document_number": "LV1234567",
    "valid_until": date(2049, 2, 1),
    "phone": "+37120000000",
    "street_address": "Canary iela 1-2",
    "city": "Rīga",
    "postcode": "LV-1010",
    "marital_status": "married",
    "dependants": 2,
    "income_type": "employment",
    "monthly_income_cents": 1800_00,
    "employer": "SIA Canary",
    "monthly_expenses_cents": 600_00,
    "monthly_obligations_cents": 0,
    "pep_status": "none",
}
_people = count(1)


def a_personal_code() -> str:
    """A code with the right check digit for somebody born on 1 February 1990."""
    weights, digits = (1, 6, 3, 7, 9, 10, 5, 8, 4, 2), "0102901234"
    check = (1101 - sum(w * int(d) for w, d in zip(weights, digits, strict=True))) % 11
    return f"{digits[:6]}-{digits[6:]}{check}"


def notices() -> tuple[NoticeVersion, NoticeVersion]:
    """The terms and the privacy notice in force."""
    terms, privacy = (
        current_notice(kind, "lv")
        or publish_notice(kind=kind, number=1, language="lv", title=kind, body="…", actor=SYSTEM)
        for kind in (NoticeKind.TERMS, NoticeKind.PRIVACY)
    )
    return terms, privacy


def register(url: str, *slugs: str, tls_url: str = "", **facts: Any) -> None:
    """Take sandbox lenders into the solution (all of them, or those named), listening below `url`; those that
    want to see a certificate below `tls_url`, where it is given.
    """
    for slug in slugs or SLUGS:
        lender = SANDBOX[slug]
        place = tls_url if lender.over_tls and tls_url else url
        register_lender(
            slug=slug,
            credentials=Credentials.from_stored(credentials_of(settings.SANDBOX_SECRET, lender)),
            actor=SYSTEM,
            recipient=IN_ORDER,
            **{
                "name": lender.name,
                "adapter": lender.protocol,
                "base_url": f"{place}/{slug}",
                "allowed_hosts": [urlsplit(place).netloc],
                "requested_fields": list(lender.requested_fields),
                "minimum_amount_cents": lender.minimum_amount_cents,
                "maximum_amount_cents": lender.maximum_amount_cents,
                "minimum_term_months": lender.minimum_term_months,
                "maximum_term_months": lender.maximum_term_months,
                "languages": list(lender.languages),
                "minimum_age": lender.minimum_age,
                "maximum_age": lender.maximum_age,
                "maximum_age_at_end": lender.maximum_age_at_end,
                **facts,
            },
        )


def rows_of_lenders() -> list[list[Any]]:
    """Everything that taking in the lenders wrote, but for the audit; in the order of their references."""
    lenders = list(Lender.objects.select_related("recipient"))
    keys = DataKey.objects.filter(owner_id__in=[lender.pk for lender in lenders])
    return [list(keys), [lender.recipient for lender in lenders], lenders]


def write_again(kept: list[list[Any]]) -> None:
    for rows in kept:
        type(rows[0])._default_manager.bulk_create(copy(row) for row in rows)


def new_session() -> tuple[DataSubject, str]:
    """Somebody new who proved an e-mail address, and the token of their browser's cookie."""
    number = next(_people)
    email, network = (
        f"canary{number}@example.lv",
        f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}",
    )
    with transaction.atomic():  # a worker that is running would send the code, and forget it, at once
        opened = accounts.request_code(email=email, network=network, language="lv")
        challenge = accounts.live_challenge(opened.token, now=timezone.now())
        assert challenge is not None
        mail = OutboundMail.objects.get(owner_id=challenge.pk, kind=MailKind.SIGN_IN_CODE)
        code = re.search(r"\b\d{6}\b", mail.body)
    assert code is not None
    token = accounts.sign_in(browser_token=opened.token, code=code[0], network=network).token
    session = accounts.ConsumerSession.objects.select_related("subject").get(token_hash=token_hash(token))
    return session.subject, token


def sign_in(browser: Client) -> DataSubject:
    """Somebody new, signed in with this browser."""
    subject, token = new_session()
    browser.cookies[settings.CONSUMER_COOKIE_NAME] = token
    return subject


def draft_for(subject: DataSubject, **changes: Any) -> Application:
    """A draft with every answer given; `changes` by their names in the form."""
    actor = Actor.consumer(subject.pk)
    draft = open_draft(subject_id=subject.pk, language="lv", actor=actor)
    given = ANSWERS | {"personal_code": a_personal_code()} | changes
    save_answers(application=draft, answers=given, actor=actor)
    return draft


def send(draft: Application, recipients: Iterable[str] = SLUGS, *, language: str = "lv") -> Application:
    """Press the button."""
    terms, privacy = notices()
    submit(
        application=draft,
        recipients=fields_of(*recipients),
        terms=terms,
        privacy_notice=privacy,
        consents=[ConsentGiven(Purpose.PASS_TO_LENDERS, "Nododiet manu pieteikumu.")],
        language=language,
        actor=Actor.consumer(draft.subject_id),
    )
    return Application.objects.select_related("subject").get(pk=draft.pk)


def sent(*recipients: str, **changes: Any) -> Application:
    """Somebody's application, sent to `recipients` (all the sandbox lenders when none is named)."""
    with data_key_scope():
        subject, _token = new_session()
        return send(draft_for(subject, **changes), recipients or SLUGS)


def sent_from(browser: Client, *recipients: str) -> Application:
    """The application of somebody who is signed in with this browser."""
    return send(draft_for(sign_in(browser)), recipients)


@storing()  # whatever is restricted as well
def submission_at(application: Application, slug: str) -> Submission:
    return Submission.objects.select_related("application", "lender").get(
        application=application, lender__slug=slug
    )


@storing()  # whatever is restricted as well
def delivery_at(application: Application, slug: str, kind: str = "application") -> Delivery:
    return Delivery.objects.filter(submission__application=application, lender__slug=slug, kind=kind).latest(
        "created_at"
    )


@storing()  # whatever is restricted as well
def states(application: Application) -> dict[str, str]:
    """Where each lender stands, by its slug."""
    return dict(Submission.objects.filter(application=application).values_list("lender__slug", "status"))


def erase(subject: DataSubject) -> None:
    """What an erasure leaves: a row that says so, and a key that is gone."""
    DataSubject.objects.filter(pk=subject.pk).update(erased_at=timezone.now())
    keyring.destroy_key(subject.pk)


# --- what lenders say ---


def terms_document(submission: Submission, **changes: Any) -> dict[str, Any]:
    """An offer as its sandbox lender would make it, as the protocol writes it."""
    document = credit.offer(
        SANDBOX[submission.lender.slug],
        submission.pk,
        amount_cents=3000_00,
        term_months=36,
        now=timezone.now(),
    )
    return document | changes


def statement(submission: Submission, status: str, **more: Any) -> dict[str, Any]:
    """A reply or callback about a submission, before it is signed."""
    if status == "offered" and "offer" not in more and "offers" not in more:
        more = {"offer": terms_document(submission), **more}
    if status == "declined":
        more = {"reason": "internal_policy", **more}
    if status == "retained":
        more = {"basis": "money_laundering_prevention", "until": "2031-11-23", **more}
    if status == "needs_more":
        more = {"needs": ["identification.phone"], **more}
    return {
        "submission_id": str(submission.pk),
        "status": status,
        "lender_reference": f"{submission.lender.slug}-1",
        **more,
    }


def answer(submission: Submission, status: str, **more: Any) -> Any:
    """The same, read."""
    return callback_answer_of(statement(submission, status, **more))


def offer_terms(submission: Submission, **changes: Any) -> Offered:
    return answer_of({"status": "offered", "offer": terms_document(submission, **changes)})


def say(submission: Submission, status: str, *, message_id: str = "", **more: Any) -> str:
    """Let a lender say something; what came of it."""
    return ingest(
        submission_id=submission.pk,
        answer=answer(submission, status, **more),
        message_id=message_id,
        actor=Actor.lender(submission.lender.slug),
    )


def open_offer(application: Application, slug: str, **changes: Any) -> Offer:
    """Let a lender make an offer; the offer."""
    submission = submission_at(application, slug)
    say(submission, "offered", offer=terms_document(submission, **changes))
    return (
        Offer.objects.select_related("submission__lender").filter(submission=submission).latest("received_at")
    )


def choose(offer: Offer) -> None:
    """Let the consumer choose it."""
    choosing.choose(offer_id=offer.pk, subject_id=offer.subject_id, actor=Actor.consumer(offer.subject_id))


def signed_reply(
    submission: Submission, document: dict[str, Any], *, status: int = 200, **headers: str
) -> HttpAnswer:
    """A reply of the lender as it comes over the wire, in its own words and with what proof it gives."""
    lender, books = SANDBOX[submission.lender.slug], Books()
    twin = TWINS[lender.protocol](
        books=books, lending=Lending(books, speed=1), secret=settings.SANDBOX_SECRET
    )
    letter = twin.write(lender, document, kind="reply")
    lowered = {name.lower(): value for name, value in {**letter.headers, **headers}.items()}
    return HttpAnswer(status, lowered, letter.body, submission.pk)


# --- a choice and what becomes of it ---


def taken_by_all(application: Application, **words: str) -> None:
    """Every lender receives the application and answers `offered`, or what `words` say for its slug."""
    for slug, prepared in begun(application).items():
        submission = submission_at(application, slug)
        finish(prepared, signed_reply(submission, statement(submission, words.get(slug, "offered"))))


def chosen(application: Application, slug: str) -> Submission:
    """The offer that a lender made is chosen, and the lender knows."""
    choose(Offer.objects.select_related("submission").get(submission=submission_at(application, slug)))
    (prepared,) = begun(application).values()
    submission = submission_at(application, slug)
    finish(prepared, signed_reply(submission, {**statement(submission, "accepted")}))
    return submission


# --- the queue, step by step ---


def claim(application: Application | None = None, *, limit: int = 100) -> list[claims.Claim]:
    return claims.claim_due(limit=limit, application_id=application.pk if application else None)


def begun(application: Application) -> dict[str, deliveries.Prepared]:
    """Claim everything of an application and begin it: the prepared calls by lender."""
    return {prepared.call.endpoint.slug: prepared for prepared in begun_in_order(application)}


def begun_in_order(application: Application) -> list[deliveries.Prepared]:
    """The same where one lender may have several."""
    with data_key_scope():
        return deliveries.begin(claim(application))


def finish(prepared: deliveries.Prepared, reply: Any) -> None:
    with data_key_scope():
        deliveries.finish(prepared, reply, duration_ms=1)


def make_due(**where: Any) -> None:
    """Let the pause before the next attempt be over."""
    Delivery.objects.filter(status="due", **where).update(due_at=timezone.now() - timedelta(seconds=1))


def end_leases(**where: Any) -> None:
    """Let the leases of workers that died run out."""
    Delivery.objects.filter(status="due", **where).update(lease_until=timezone.now() - timedelta(seconds=1))


def somebody_waits_for_us() -> bool:
    """Whether another connection waits for a lock that this one's transaction holds."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks "
            "WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid)))"
        )
        return bool(cursor.fetchone()[0])


def shift(row: Any, **moments: datetime) -> None:
    """Move a row's clocks."""
    type(row).objects.filter(pk=row.pk).update(**moments)


def until(true: Callable[[], Any], *, seconds: float = 15, between: Callable[[], Any] | None = None) -> Any:
    """Wait until `true` is, doing `between` meanwhile; what it returned."""
    deadline = time.monotonic() + seconds
    while not (found := true()):
        if time.monotonic() > deadline:
            raise AssertionError(f"did not come true within {seconds} s")
        if between is not None:
            between()
        time.sleep(0.03)
    return found
