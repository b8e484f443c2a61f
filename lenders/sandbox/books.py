"""What the sandbox remembers: applications by key, faults to play, and a log of what it was sent — without
personal data.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

Key = tuple[str, UUID]
"""Lender and submission."""


class FaultName(StrEnum):
    """What the sandbox can be told to do wrong (see `faults`)."""

    NONE = "none"
    ERROR = "error"
    REDIRECT = "redirect"
    HANG = "hang"
    SLOW = "slow"
    MALFORMED = "malformed"
    BAD_SIGNATURE = "bad_signature"
    HUGE = "huge"
    DRIP = "drip"
    DUPLICATE_CALLBACK = "duplicate_callback"
    LATE_CALLBACK = "late_callback"
    NEEDS_MORE = "needs_more"
    WITHDRAW = "withdraw"
    HALF = "half"
    CALLBACK_FIRST = "callback_first"
    FORGED_CALLBACK = "forged_callback"
    CHANGE_OFFER = "change_offer"
    REVIEW_CHANGES = "review_changes"
    TOKEN_ERROR = "token_error"  # noqa: S105 - a fault
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 - a fault


MET_ELSEWHERE = frozenset({FaultName.FORGED_CALLBACK, FaultName.TOKEN_ERROR})
"""Faults that no request about an application meets."""


@dataclass(slots=True)
class Fault:
    """A fault, how long it takes where that matters, and for how many more requests; fewer than zero is for
    ever. `needs` are the labels that NEEDS_MORE asks for.
    """

    name: FaultName
    seconds: float
    times: int
    needs: tuple[str, ...] = ("identification.phone",)


@dataclass(frozen=True, slots=True)
class Received:
    """One request as logged: names of fields, no values.

    `count` says how often this key was sent to this path.
    """

    slug: str
    method: str
    path: str
    submission_id: str
    key: str
    count: int
    at: str
    fields: list[str]


@dataclass(frozen=True, slots=True)
class CalledBack:
    """One attempt at a callback and the status it met (0: nobody answered)."""

    slug: str
    submission_id: str
    message_id: str
    attempt: int
    status: int


@dataclass(slots=True)
class Notice:
    """A notice taken in once: of which kind, the names of the fields it brought, what is said of it now."""

    digest: bytes
    kind: str
    fields: list[str]
    answer: dict[str, Any]


@dataclass(slots=True)
class Application:
    """An application evaluated once: `answer` is what the lender says of it now, `decision` what it came to,
    said or not yet. `supplements` are those it got, by key, as digests; `deletion` what it says to a request
    to delete it, `asked_because` why it was asked; `notices` what it was told of rights, by key.
    """

    digest: bytes
    callback_url: str
    wanted: dict[str, Any]
    evaluation: asyncio.Task[None]
    answer: dict[str, Any] = field(default_factory=dict)
    decision: dict[str, Any] = field(default_factory=dict)
    supplements: dict[str, bytes] = field(default_factory=dict)
    chosen: str = ""
    notices: dict[str, Notice] = field(default_factory=dict)
    asked_because: str = ""
    deletion: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Books:
    """Everything in memory; gone with the process, or with `reset`."""

    applications: dict[Key, Application] = field(default_factory=dict)
    evaluations: Counter[Key] = field(default_factory=Counter)
    sent: Counter[tuple[str, str]] = field(default_factory=Counter)
    requests: deque[Received] = field(default_factory=lambda: deque(maxlen=200_000))
    callbacks: deque[CalledBack] = field(default_factory=lambda: deque(maxlen=200_000))
    faults: dict[str, Fault] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)  # that are good now, and whose they are
    token_requests: Counter[str] = field(default_factory=Counter)

    def take_fault(self, slug: str) -> Fault:
        """The fault this request is to meet, used up once."""
        fault = self.faults.get(slug)
        if fault is None or fault.times == 0 or fault.name in MET_ELSEWHERE:
            return Fault(FaultName.NONE, 0.0, 0)
        fault.times -= fault.times > 0
        return fault

    def take(self, slug: str, name: FaultName) -> bool:
        """Whether that fault, which no request about an application meets, is to be met now; used up once."""
        fault = self.faults.get(slug)
        if fault is None or fault.times == 0 or fault.name is not name:
            return False
        fault.times -= fault.times > 0
        return True

    def reset(self) -> None:
        for application in self.applications.values():
            application.evaluation.cancel()
        for book in (
            self.applications,
            self.evaluations,
            self.sent,
            self.requests,
            self.callbacks,
            self.faults,
            self.tokens,
            self.token_requests,
        ):
            book.clear()

    def as_json(self) -> dict[str, Any]:
        return {
            "requests": [asdict(received) for received in self.requests],
            "callbacks": [asdict(called) for called in self.callbacks],
            "evaluations": [
                {"slug": slug, "submission_id": str(submission), "count": count}
                for (slug, submission), count in self.evaluations.items()
            ],
            "choices": [
                {"slug": slug, "submission_id": str(submission), "offer_reference": application.chosen}
                for (slug, submission), application in self.applications.items()
                if application.chosen
            ],
            "deletions": [
                {
                    "slug": slug,
                    "submission_id": str(submission),
                    "reason": application.asked_because,
                    "status": application.deletion["status"],
                }
                for (slug, submission), application in self.applications.items()
                if application.deletion
            ],
            "notices": [
                {
                    "slug": slug,
                    "submission_id": str(submission),
                    "notice_id": key,
                    "kind": notice.kind,
                    "fields": notice.fields,
                    "status": notice.answer["status"],
                }
                for (slug, submission), application in self.applications.items()
                for key, notice in application.notices.items()
            ],
            "token_requests": dict(self.token_requests),
        }
