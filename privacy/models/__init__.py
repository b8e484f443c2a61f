"""The privacy floor's rows, by idea."""

from privacy.models.answers import AccessPackage, Letter, LetterKind, LetterTemplate
from privacy.models.disclosure_requests import (
    AskedBy,
    DisclosureCase,
    DisclosureEvent,
    DisclosureFile,
    DisclosureRequest,
    DisclosureWords,
    HandedBy,
    SealedPackage,
    WhyNot,
)
from privacy.models.erasures import Erasure, Outcome, RecipientNotice
from privacy.models.mailbox import Mailbox, MailboxMessage, MessageFile, MessageState, WhyAside
from privacy.models.registers import HAPPENED, Assessment, AssessmentKind, Breach
from privacy.models.requests import (
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
    "HAPPENED",
    "AccessPackage",
    "AskedBy",
    "Assessment",
    "AssessmentKind",
    "Breach",
    "DisclosureCase",
    "DisclosureEvent",
    "DisclosureFile",
    "DisclosureRequest",
    "DisclosureWords",
    "Erasure",
    "Exception17",
    "HandedBy",
    "Identity",
    "Letter",
    "LetterKind",
    "LetterTemplate",
    "Mailbox",
    "MailboxMessage",
    "MessageFile",
    "MessageState",
    "Outcome",
    "RecipientNotice",
    "Refusal",
    "RequestEvent",
    "RequestFile",
    "RequestWords",
    "Result",
    "Right",
    "RightsRequest",
    "SealedPackage",
    "Way",
    "WhyAside",
    "WhyNot",
]
