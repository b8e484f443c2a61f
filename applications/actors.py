"""Who acts. Every service takes an actor; the audit keeps it as a kind and an identifier, never a name."""

from dataclasses import dataclass
from typing import Self
from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _


class ActorKind(models.TextChoices):
    CONSUMER = "consumer", _("Consumer")
    STAFF = "staff", _("Staff")
    LENDER = "lender", _("Lender")
    SYSTEM = "system", _("System")


@dataclass(frozen=True)
class Actor:
    kind: ActorKind
    identifier: str

    @classmethod
    def consumer(cls, subject_id: UUID) -> Self:
        return cls(ActorKind.CONSUMER, str(subject_id))

    @classmethod
    def staff(cls, user_id: int | None) -> Self:
        return cls(ActorKind.STAFF, str(user_id))

    @classmethod
    def lender(cls, slug: str) -> Self:
        return cls(ActorKind.LENDER, slug)


SYSTEM = Actor(ActorKind.SYSTEM, "system")
VISITOR = Actor(ActorKind.CONSUMER, "visitor")  # a browser that has not proved an e-mail address yet
STRANGER = Actor(ActorKind.STAFF, "stranger")  # at the staff's door, nobody knows who
