"""The contract, check by check, against an endpoint that answers.

Everything goes through the lender's own adapter: a check passes when the adapter can do its work with what
came back. No value of an answer is printed, only kinds, counts, codes and times.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

from lenders.adapters.base import (
    DOCUMENT_LABELS,
    Accepted,
    AnyAnswer,
    Choice,
    Credential,
    CreditRequest,
    Deleted,
    DeletionReason,
    DeletionRequest,
    Document,
    ErrorCode,
    Inquiry,
    LenderError,
    NeedsMore,
    Noted,
    Notice,
    NoticeKind,
    Offered,
    OfferTerms,
    Pending,
    Retained,
    Reviewed,
    Supplement,
)
from lenders.adapters.signing import is_usable
from lenders.apr import AprError, apr_of_offer, round_half_up
from lenders.conformance.applicant import ANSWERABLE, DOCUMENT
from lenders.conformance.conversation import Called, Conversation, Subject, a_stranger
from lenders.conformance.findings import Failed, Finding, Result, Skipped, counted, said, told

NOTICEABLE = Decimal("0.1")  # percentage points: what a consumer is told of (terms of use)
POLL_SECONDS = 1.0
KEYWORD = "paraugs"
VIEW = "A test of the interface: nobody asks for this."


class Examination(Conversation):
    """One run: the first application is what most checks are about."""

    def __init__(self, subject: Subject) -> None:
        super().__init__(subject)
        self.request = self.an_application()
        self.answer: AnyAnswer | None = None
        self.offers: tuple[OfferTerms, ...] = ()
        self.lender_reference = ""
        self.out_of_reach = False
        self.choice_taken = False

    async def run(self) -> AsyncIterator[Finding]:
        """Every check in order; one that fails does not end the run."""
        for name, check in CHECKS:
            if self.out_of_reach:
                yield Finding(Result.SKIP, name, "nothing can be sent to it")
                continue
            try:
                yield Finding(Result.PASS, name, await check(self))
            except Skipped as skipped:
                yield Finding(Result.SKIP, name, str(skipped))
            except Failed as failed:
                yield Finding(Result.FAIL, name, str(failed))
            except LenderError as error:
                yield Finding(Result.FAIL, name, told(error, self.status))

    # --- the checks ---

    async def set_up(self) -> str:
        missing = self.it.adapter.credentials - self.it.endpoint.credentials.held
        if missing:
            raise Failed(f"credentials are missing: {', '.join(sorted(missing))}")
        unplaced = set(self.it.labels) - self.it.adapter.supported_labels
        if unplaced:
            raise Failed(f"its interface has no place for: {', '.join(sorted(unplaced))}")
        if not all(map(is_usable, self.it.endpoint.credentials.signing)):
            raise Failed("a signing secret is not whsec_ and the base64 of enough bytes")
        held = ", ".join(sorted(self.it.adapter.credentials))
        return f"{counted(len(self.it.labels), 'field')}, {held}"

    async def takes_an_application(self) -> str:
        began = time.monotonic()
        try:
            self._note(await self.hand_in(self.request))
        except LenderError as error:
            self.out_of_reach = error.code in NEVER_SENT
            raise
        took = int((time.monotonic() - began) * 1000)
        if not isinstance(self.answer, Offered | Pending | NeedsMore):
            raise Failed(f"{said(self.answer)} in {took} ms; a test endpoint makes an offer to anybody")
        return f"{said(self.answer)} in {took} ms"

    async def gets_what_it_asks_for(self) -> str:
        if self.answer is None:
            raise Skipped(NOTHING_TO_GO_BY)
        if not isinstance(self.answer, NeedsMore):
            raise Skipped("it asked for nothing more")
        if not self.it.adapter.abilities.takes_supplement:
            raise Skipped("its interface takes nothing after the application")
        needs = self.answer.needs
        unknown = [label for label in needs if label not in ANSWERABLE and label not in DOCUMENT_LABELS]
        if unknown:
            raise Skipped(f"the invented person cannot give: {', '.join(unknown)}")
        self._note(await self.give(self._supplement(needs)))
        if isinstance(self.answer, NeedsMore) and set(self.answer.needs) & set(needs):
            raise Failed("it asks again for what it was given")
        return said(self.answer)

    async def decides(self) -> str:
        """A pending answer becomes a decision: by callback, or when it is asked.

        Offers that come in parts are waited for as well; those made by the end of the patience count.
        """
        if self.answer is None:
            raise Skipped(NOTHING_TO_GO_BY)
        if isinstance(self.answer, NeedsMore):
            raise Skipped("it still needs more")
        if not self._may_say_more():
            raise Skipped("it decided at once")
        began = time.monotonic()
        if self.it.adapter.abilities.is_polled:
            await self._poll_until_decided(began)
        elif self.it.called is None:
            raise Skipped(
                "it decides by callback, and none can reach this machine: give --listen and --callback-url"
            )
        else:
            await self._hear_until_decided(self.it.called, began)
        took = time.monotonic() - began
        if isinstance(self.answer, Pending):
            heard = ", ".join(sorted(set(self.it.misheard)))
            unusable = f"; what it called back could not be used: {heard}" if heard else ""
            raise Failed(f"no decision within {self.it.patience:g} s{unusable}")
        more = "; it says that more may come" if self._may_say_more() else ""
        return f"{said(self.answer)} after {took:.1f} s{more}"

    async def figures_are_true(self) -> str:
        """The APR that the lender states is the one that follows from its schedule (Annex III)."""
        if not self.offers:
            raise Skipped("there is no offer")
        for number, terms in enumerate(self.offers, start=1):
            if terms.valid_until <= datetime.now(tz=UTC):
                raise Failed(f"offer {number} has expired already")
            ours = _apr(terms)
            if ours is None:
                raise Failed(f"offer {number} has no APR that an offer can have")
            if abs(ours - terms.apr) >= NOTICEABLE:
                raise Failed(f"offer {number} states an APR that is {abs(ours - terms.apr):.2f} points off")
        return f"{counted(len(self.offers), 'offer')}, the stated APR within {NOTICEABLE} points of ours"

    async def same_again_is_the_same(self) -> str:
        if not self.it.adapter.abilities.idempotent:
            raise Skipped("its interface does not promise it: nothing is sent twice")
        again = await self.hand_in(self.request)
        if isinstance(again, Offered):
            known = {terms.reference for terms in self.offers}
            if known and not known <= {terms.reference for terms in again.offers}:
                raise Failed("other offers than the first time")
        elif self.offers:
            raise Failed(f"{said(again)}, though it offered before")
        return said(again)

    async def can_be_asked_by_our_id(self) -> str:
        if not self.it.adapter.abilities.can_be_asked:
            raise Skipped("its interface does not promise it: what is uncertain stays so")
        return said(await self.inquire(Inquiry(self.request.submission_id)))

    async def does_not_know_what_was_not_sent(self) -> str:
        if not self.it.adapter.abilities.can_be_asked:
            raise Skipped("its interface cannot be asked by our id")
        try:
            answer = await self.inquire(Inquiry(uuid4()))
        except LenderError as error:
            if error.code == ErrorCode.NOT_RECEIVED:
                return "not received"
            raise Failed(f"{told(error, self.status)} It should say that it was not received.") from None
        raise Failed(f"{said(answer)} about an application that was never sent")

    async def turns_a_stranger_away(self) -> str:
        stranger = a_stranger(self.it.endpoint)
        try:
            answer = await self.hand_in(self.an_application(), stranger)
        except LenderError as error:
            if error.code in TURNED_AWAY or self._hung_up(error):
                return f"{error.code}"
            raise Failed(f"{told(error, self.status)} It should refuse.") from None
        raise Failed(f"{said(answer)} to somebody who does not know its secrets")

    def _hung_up(self, error: LenderError) -> bool:
        """Some servers refuse a certificate without a word, before they read anything."""
        by_certificate = Credential.CLIENT_CERTIFICATE in self.it.adapter.credentials
        return by_certificate and error.code in HUNG_UP and not error.ambiguous

    async def refuses_an_offer_it_never_made(self) -> str:
        if self.answer is None:
            raise Skipped(NOTHING_TO_GO_BY)
        try:
            answer = await self.choose(self._choice("NO-SUCH-OFFER"))
        except LenderError as error:
            if error.code != ErrorCode.REJECTED:
                raise Failed(f"{told(error, self.status)} It should refuse.") from None
            if not error.signed:
                raise Failed(
                    f"{told(error, self.status)} It should say so itself: what anybody on the way could "
                    "have said ends no choice."
                ) from None
            return f"{error.code}"
        if isinstance(answer, Accepted | Pending):
            raise Failed(said(answer))
        return said(answer)

    async def takes_the_choice(self) -> str:
        if not self.offers:
            raise Skipped("there is no offer to choose")
        try:
            answer = await self.choose(self._choice(self.offers[0].reference))
        except LenderError as error:
            if error.code != ErrorCode.ALREADY_RECEIVED:
                raise
            raise Failed(
                f"{told(error, self.status)} A choice that it refused leaves the key free."
            ) from None
        if not isinstance(answer, Accepted | Pending):
            raise Failed(said(answer))
        self.choice_taken = True
        return said(answer)

    async def same_choice_again_is_the_same(self) -> str:
        if not self.offers:
            raise Skipped("there is no offer to choose")
        if not self.it.adapter.abilities.idempotent:
            raise Skipped("its interface does not promise it")
        if not self.choice_taken:
            raise Skipped("it did not take the choice the first time")
        answer = await self.choose(self._choice(self.offers[0].reference))
        if not isinstance(answer, Accepted | Pending):
            raise Failed(said(answer))
        return said(answer)

    async def deletes_or_says_why_not(self) -> str:
        if not self.it.adapter.abilities.deletion_notices:
            raise Skipped("its interface takes no requests to delete: it is asked by hand")
        request = self.an_application()
        answer: AnyAnswer = await self.hand_in(request)
        reference = getattr(answer, "lender_reference", "")
        answer = await self.ask_to_delete(
            DeletionRequest(request.submission_id, DeletionReason.NOT_SELECTED, reference)
        )
        if not isinstance(answer, Deleted | Retained | Pending):
            raise Failed(said(answer))
        return said(answer)

    async def takes_word_of_rights(self) -> str:
        """A correction, a restriction and its end, a request for review: each twice, answered the same."""
        if not self.it.adapter.abilities.takes_notices:
            raise Skipped("its interface takes no word of a person's rights: it is told by hand")
        request = self.an_application()
        answer = await self.hand_in(request)
        reference = getattr(answer, "lender_reference", "")
        for kind in NoticeKind:
            notice = self._notice(kind, request, reference)
            for _again in range(2):
                said_of_it = await self.tell(notice)
                if not isinstance(said_of_it, Noted | Reviewed):
                    raise Failed(f"{said(said_of_it)} to {kind}")
        return f"{counted(len(NoticeKind), 'notice')}, each twice"

    def _may_say_more(self) -> bool:
        """Whether its last word was not meant to be its last."""
        return isinstance(self.answer, Pending) or (
            isinstance(self.answer, Offered) and self.answer.more_to_come
        )

    async def _poll_until_decided(self, began: float) -> None:
        while self._may_say_more() and time.monotonic() - began < self.it.patience:
            await asyncio.sleep(POLL_SECONDS)
            self._note(await self.inquire(Inquiry(self.request.submission_id, self.lender_reference)))

    async def _hear_until_decided(self, called: Called, began: float) -> None:
        while self._may_say_more():
            left = self.it.patience - (time.monotonic() - began)
            heard = await called(self.request.submission_id, max(left, 0.0))
            if heard is None:
                return
            self._note(heard)

    def _supplement(self, needs: Sequence[str]) -> Supplement:
        answers = self.it.applicant.answers
        return Supplement(
            uuid4(),
            self.request.submission_id,
            self.lender_reference,
            {label: answers[label] for label in needs if label in answers},
            tuple(
                Document(label, "application/pdf", DOCUMENT) for label in needs if label in DOCUMENT_LABELS
            ),
        )

    def _notice(self, kind: NoticeKind, request: CreditRequest, reference: str) -> Notice:
        corrected = dict(list(request.fields.items())[:1]) if kind == NoticeKind.RECTIFIED else {}
        today = datetime.now(tz=UTC).date()
        return Notice(
            uuid4(),
            request.submission_id,
            kind,
            datetime.now(tz=UTC),
            reference,
            fields=corrected,
            text=VIEW if kind == NoticeKind.REVIEW else "",
            answer_by=today + timedelta(days=30) if kind == NoticeKind.REVIEW else None,
        )

    def _choice(self, offer_reference: str) -> Choice:
        return Choice(self.request.submission_id, offer_reference, KEYWORD, self.lender_reference)

    def _note(self, answer: AnyAnswer) -> None:
        self.answer = answer
        self.lender_reference = getattr(answer, "lender_reference", "") or self.lender_reference
        if isinstance(answer, Offered):
            self.offers = answer.offers


Check = Callable[[Examination], Awaitable[str]]
CHECKS: tuple[tuple[str, Check], ...] = (
    ("is set up", Examination.set_up),
    ("takes an application", Examination.takes_an_application),
    ("gets what it asks for", Examination.gets_what_it_asks_for),
    ("decides", Examination.decides),
    ("states figures that are true", Examination.figures_are_true),
    ("takes the same application again for the same", Examination.same_again_is_the_same),
    ("can be asked by our id", Examination.can_be_asked_by_our_id),
    ("does not know what was not sent", Examination.does_not_know_what_was_not_sent),
    ("turns a stranger away", Examination.turns_a_stranger_away),
    ("refuses an offer that it never made", Examination.refuses_an_offer_it_never_made),
    ("takes the choice", Examination.takes_the_choice),
    ("takes the same choice again for the same", Examination.same_choice_again_is_the_same),
    ("takes word of a person's rights", Examination.takes_word_of_rights),
    ("deletes, or says why not", Examination.deletes_or_says_why_not),
)
TURNED_AWAY = frozenset({ErrorCode.REJECTED, ErrorCode.TLS_FAILED})
NEVER_SENT = frozenset(
    {
        ErrorCode.NOT_SUPPORTED,
        ErrorCode.FIELD_NOT_SUPPORTED,
        ErrorCode.VALUE_NOT_SUPPORTED,
        ErrorCode.NOT_CONFIGURED,
        ErrorCode.ADDRESS_REFUSED,
        ErrorCode.UNREACHABLE,
        ErrorCode.TLS_FAILED,
        ErrorCode.TOKEN_NOT_GIVEN,
    }
)
NOTHING_TO_GO_BY = "there was no usable answer to the application"
HUNG_UP = frozenset({ErrorCode.UNREACHABLE, ErrorCode.DISCONNECTED})


def _apr(terms: OfferTerms) -> Decimal | None:
    try:
        return round_half_up(
            apr_of_offer(
                amount_cents=terms.amount_cents,
                upfront_fees_cents=terms.upfront_fees_cents,
                schedule=terms.schedule,
            )
        )
    except AprError:
        return None
