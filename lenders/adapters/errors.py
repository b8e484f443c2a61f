"""The one error of the seam between us and a lender.

It says what to do next (give up, try again, ask), never what was in the message: a code from a closed list
and nothing else can reach a log or a staff page.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ErrorCode(StrEnum):
    """Everything that can go wrong with a lender; the value is what is stored and shown to staff."""

    # before anything is sent
    NOT_SUPPORTED = "not_supported"
    FIELD_NOT_SUPPORTED = "field_not_supported"
    VALUE_NOT_SUPPORTED = "value_not_supported"
    NOT_CONFIGURED = "not_configured"
    ADDRESS_REFUSED = "address_refused"
    UNREACHABLE = "unreachable"
    TLS_FAILED = "tls_failed"
    TOKEN_NOT_GIVEN = "token_not_given"  # noqa: S105 - a code
    # on the way
    TIMED_OUT = "timed_out"
    DISCONNECTED = "disconnected"
    REDIRECTED = "redirected"
    TOO_LARGE = "too_large"
    # the lender's word
    UNAVAILABLE = "unavailable"
    REJECTED = "rejected"
    TOKEN_REFUSED = "token_refused"  # noqa: S105 - a code
    NOT_RECEIVED = "not_received"
    ALREADY_RECEIVED = "already_received"
    # what came back cannot be used
    MALFORMED_ANSWER = "malformed_answer"
    BAD_SIGNATURE = "bad_signature"
    STALE_MESSAGE = "stale_message"
    WRONG_SUBMISSION = "wrong_submission"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing a lender disliked about our request: a field's label and a word from `PROBLEM_TYPES`, no
    free text.
    """

    attribute: str
    type: str


class LenderError(Exception):
    """A call to a lender, or a message from one, that gave no usable answer.

    code         what happened
    permanent    trying the same again cannot help
    ambiguous    the lender may have received and acted on the request: ask before sending again,
                 unless it declares itself idempotent
    retry_after  seconds the lender asked us to wait, or None
    problems     for `rejected`: which fields, as labels; empty when the lender did not say
    signed       for `rejected`: the lender's own word, not that of a gateway on the way
    where        for `malformed_answer`: our name of what could not be read, never a word of the message
    """

    def __init__(
        self,
        code: ErrorCode | str,
        *,
        permanent: bool,
        ambiguous: bool = False,
        retry_after: float | None = None,
        problems: tuple[Problem, ...] = (),
        signed: bool = False,
        where: str = "",
    ) -> None:
        self.code = ErrorCode(code)
        self.permanent = permanent
        self.ambiguous = ambiguous
        self.retry_after = retry_after
        self.problems = problems
        self.signed = signed
        self.where = where
        super().__init__(str(self.code))

    def __repr__(self) -> str:
        return f"LenderError({str(self.code)!r}, permanent={self.permanent}, ambiguous={self.ambiguous})"


def malformed(where: str = "") -> LenderError:
    """The error for a message that breaks the protocol; made, not raised, so that no payload is chained to
    it.
    """
    return LenderError(ErrorCode.MALFORMED_ANSWER, permanent=True, where=where)
