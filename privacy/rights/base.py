"""One interface for every right that the software carries out: preview, execute, prove.

A right is carried out in named steps, each whole or not at all; a step that failed or was cut short is done
again from where it stood (services.running). What a preview or a proof says are codes, numbers and dates in
words, and names of recipients: no value of the person.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Protocol

from privacy.models import RightsRequest
from privacy.request_texts import Text


@dataclass(frozen=True)
class Part:
    """A heading with its lines, each of a few cells; `columns` head a table, `note` explains."""

    heading: Text
    lines: Sequence[Sequence[Text]] = ()
    columns: Sequence[Text] = ()
    note: Text = ""


@dataclass(frozen=True)
class Done:
    """The step is done; on to `then`, or to the step after it."""

    then: str = ""


@dataclass(frozen=True)
class Wait:
    """The step cannot be done yet: why, as a code of request_texts.WAITS, when to look again, and at which
    step, if at an earlier one."""

    why: str
    again_after: timedelta = timedelta(minutes=1)
    back_to: str = ""


class RightModule(Protocol):
    """How one article is carried out."""

    STEPS: ClassVar[Sequence[str]]

    def preview(self, request: RightsRequest) -> Sequence[Part]:
        """What would be done, before anybody decides."""

    def execute(self, request: RightsRequest) -> Done | Wait:
        """Do `request.step`, inside a transaction that holds the request."""

    def prove(self, request: RightsRequest) -> Sequence[Part]:
        """What was done, with its moments."""
