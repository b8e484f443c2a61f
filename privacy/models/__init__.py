"""The privacy floor's rows, by idea."""

from privacy.models.answers import AccessPackage, Letter, LetterKind, LetterTemplate
from privacy.models.erasures import Erasure, Outcome, RecipientNotice
from privacy.models.mailbox import Mailbox, MailboxMessage, MessageFile, MessageState, WhyAside
from privacy.models.portability import Arrival, ArrivalStatus, OtherController, Transfer, TransferStatus
from privacy.models.registers import HAPPENED, Assessment, AssessmentKind, Breach
from privacy.models.requests import (
    HANDS_OUT,
    Exception17,
    Identity,
    Refusal,
    RequestEvent,
    RequestFile,
    RequestWords,
    Result,
    Right,
    RightsRequest,
    Way,
)

__all__ = [
    "HANDS_OUT",
    "HAPPENED",
    "AccessPackage",
    "Arrival",
    "ArrivalStatus",
    "Assessment",
    "AssessmentKind",
    "Breach",
    "Erasure",
    "Exception17",
    "Identity",
    "Letter",
    "LetterKind",
    "LetterTemplate",
    "Mailbox",
    "MailboxMessage",
    "MessageFile",
    "MessageState",
    "OtherController",
    "Outcome",
    "RecipientNotice",
    "Refusal",
    "RequestEvent",
    "RequestFile",
    "RequestWords",
    "Result",
    "Right",
    "RightsRequest",
    "Transfer",
    "TransferStatus",
    "Way",
    "WhyAside",
]
