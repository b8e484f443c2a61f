"""Letters with invented facts, to look at before a text is used."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from applications.models import RestrictionGround
from applications.personal import Purpose
from privacy.letter_facts import Delay, Facts
from privacy.letters import Parties, Written, render
from privacy.models import Exception17, LetterKind, Refusal, Right, TransferStatus

REFERENCE = "R-7K2M9-QRT4X"
ABOUT: Mapping[LetterKind, Right] = {
    LetterKind.ERASED: Right.ERASURE,
    LetterKind.PARTLY_ERASED: Right.ERASURE,
    LetterKind.REFUSED: Right.ERASURE,
    LetterKind.RECTIFIED: Right.RECTIFICATION,
    LetterKind.RESTRICTED: Right.RESTRICTION,
    LetterKind.RESTRICTION_ENDS: Right.RESTRICTION,
    LetterKind.OBJECTION_STANDS: Right.OBJECTION,
    LetterKind.OBJECTION_OVERRULED: Right.OBJECTION,
    LetterKind.REVIEW_PASSED_ON: Right.REVIEW,
    LetterKind.REVIEWED: Right.REVIEW,
    LetterKind.PAPERS: Right.COMPLAINT,
    LetterKind.PORTABLE: Right.PORTABILITY,
}
EVERY_LETTER: Mapping[str, Any] = {"received_on": date(2027, 2, 1), "due_on": date(2027, 3, 1)}
OWN: Mapping[LetterKind, Mapping[str, Any]] = {
    LetterKind.EXTENDED: {"due_on": date(2027, 5, 3), "why": Delay.COMPLEX},
    LetterKind.ACCESS: {"expires_on": date(2027, 3, 15), "withheld": True},
    LetterKind.ERASED: {"final_by": date(2027, 3, 31)},
    LetterKind.PARTLY_ERASED: {
        "final_by": date(2027, 3, 31),
        "kept": (
            {"ground": Exception17.DUTY, "until": date(2032, 2, 1)},
            {"ground": Exception17.CLAIMS, "until": None},
        ),
    },
    LetterKind.PORTABLE: {"expires_on": date(2027, 3, 15), "passed": TransferStatus.DELIVERED},
    LetterKind.RECTIFIED: {"partly": True},
    LetterKind.RESTRICTED: {"ground": RestrictionGround.ACCURACY},
    LetterKind.RESTRICTION_ENDS: {"ends_on": date(2027, 3, 15)},
    LetterKind.OBJECTION_STANDS: {"purpose": Purpose.IMPROVE_SERVICE},
    LetterKind.OBJECTION_OVERRULED: {"purpose": Purpose.INFORMATION_SECURITY},
    LetterKind.REFUSED: {"why": Refusal.EXCEPTION, "grounds": (Exception17.CLAIMS,)},
}


def invented_facts(kind: LetterKind) -> Facts:
    """Facts of nobody, as many as a letter of this kind tells."""
    return Facts.of({"right": ABOUT.get(kind, Right.ACCESS), **EVERY_LETTER, **OWN.get(kind, {})})


def example(kind: LetterKind, language: str, title: str, body: str) -> Written:
    """A text that passed `check`, as a person would read it."""
    return render(
        kind=kind, language=language, title=title, body=body, reference=REFERENCE,
        facts=invented_facts(kind), parties=Parties.now(),
    )  # fmt: skip
