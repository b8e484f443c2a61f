"""The privacy floor's rows, by idea."""

from privacy.models.registers import HAPPENED, Assessment, AssessmentKind, Breach
from privacy.models.requests import (
    Identity,
    Refusal,
    RequestEvent,
    RequestWords,
    Right,
    RightsRequest,
    Way,
)

__all__ = [
    "HAPPENED",
    "Assessment",
    "AssessmentKind",
    "Breach",
    "Identity",
    "Refusal",
    "RequestEvent",
    "RequestWords",
    "Right",
    "RightsRequest",
    "Way",
]
