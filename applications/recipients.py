"""A floor's door to whoever received a person's data: who they are, telling them, what came of it (Art. 19).

Each app that hands data out has a module of this name with `RECIPIENTS`; this floor's answers for the
disclosures that staff make.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol
from uuid import UUID

from django.db.models import Count, Max, TextChoices
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from applications.actors import Actor
from applications.models import Disclosure, DisclosureStatus
from applications.personal import RecipientKind
from applications.selectors.secrecy import may_be_told


@dataclass(frozen=True)
class Received:
    """One recipient that has data of a person, or may have; `reference` is what it knows the matter by,
    `hidden_until` the day before which the law forbids telling the person of it.
    """

    kind: RecipientKind
    recipient: str
    name: str
    last_at: datetime
    reference: UUID | None = None
    hidden_until: date | None = None

    @property
    def is_hidden(self) -> bool:
        """Whether the person may not learn of it today."""
        return self.hidden_until is not None and self.hidden_until > timezone.localdate()


@dataclass(frozen=True)
class CameOf:
    """What came of telling a recipient.

    told_at      when it was told; None while it was not
    by_hand      no interface of it takes the news: staff are to tell it
    untouched    it received nothing that the news is about: there is nothing to tell it
    deleted      it answered that it deleted the data
    basis        it keeps them on this ground, `until` its last day if it named one
    answered_at  when it answered
    """

    told_at: datetime | None = None
    by_hand: bool = False
    untouched: bool = False
    deleted: bool = False
    basis: str = ""
    until: date | None = None
    answered_at: datetime | None = None


class NewsKind(TextChoices):
    """What recipients are told of (GDPR Art. 19), beside an erasure."""

    RECTIFIED = "rectified", _("Corrected")
    RESTRICTED = "restricted", _("Restricted")
    RESTRICTION_LIFTED = "restriction_lifted", _("The restriction was lifted")


@dataclass(frozen=True)
class Change:
    """One value that was corrected, by its label in the data map; `application_id` where it is of one."""

    label: str
    value: Any = field(repr=False)
    application_id: UUID | None = None


@dataclass(frozen=True)
class News:
    """What recipients are told; `matter` is the request of the person that it belongs to."""

    what: NewsKind
    matter: UUID
    changes: tuple[Change, ...] = ()


class RecipientDoor(Protocol):
    """What the privacy floor asks of a floor that hands data out."""

    def of(self, subject_id: UUID) -> Sequence[Received]:
        """Everybody who received data of a person."""

    def ask_to_erase(self, subject_id: UUID, *, actor: Actor) -> None:
        """Tell everybody that can be told by an interface, and hand nothing more out. Safe to repeat."""

    def tell(self, subject_id: UUID, news: News, *, actor: Actor) -> None:
        """Tell everybody that can be told by an interface. Safe to repeat. Raises SubjectErased."""

    def is_handing_out(self, subject_id: UUID) -> bool:
        """Whether data of the person are on their way to somebody at this moment."""

    def came_of(self, reference: UUID | None, *, matter: UUID | None = None) -> CameOf:
        """What came of telling the recipient that knows us by this reference: of the erasure, or of the news
        of a matter.
        """


class StaffDisclosures:
    """Authorities, partners, processors: handed out by staff, told by staff."""

    def of(self, subject_id: UUID) -> Sequence[Received]:
        rows = (
            Disclosure.objects.filter(subject_id=subject_id)
            .exclude(status=DisclosureStatus.NOT_MADE)
            .exclude(recipient_kind=RecipientKind.LENDER)
            .order_by("recipient_kind", "recipient")
            .values("recipient_kind", "recipient", "recipient_name")
            .annotate(last_at=Max("at"), told=Count("pk", filter=may_be_told(Disclosure)))
            .annotate(hidden_until=Max("hidden_until"))
        )
        return [
            Received(
                RecipientKind(row["recipient_kind"]), row["recipient"], row["recipient_name"], row["last_at"],
                hidden_until=None if row["told"] else row["hidden_until"],
            )
            for row in rows
        ]  # fmt: skip

    def ask_to_erase(self, subject_id: UUID, *, actor: Actor) -> None:
        """Staff do."""

    def tell(self, subject_id: UUID, news: News, *, actor: Actor) -> None:
        """Staff do."""

    def is_handing_out(self, subject_id: UUID) -> bool:
        return False

    def came_of(self, reference: UUID | None, *, matter: UUID | None = None) -> CameOf:
        return CameOf(by_hand=True)


RECIPIENTS: RecipientDoor = StaffDisclosures()
