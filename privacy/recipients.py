"""The privacy floor's door to recipients: other controllers to whom people had their files passed on.

Who they are stands among the disclosures, which the ground floor's door lists; they are told by staff.
"""

from collections.abc import Sequence
from uuid import UUID

from applications.actors import Actor
from applications.recipients import CameOf, News, Received, RecipientDoor
from privacy.models import Transfer, TransferStatus
from privacy.states import ENDED


class OtherControllers:
    def of(self, subject_id: UUID) -> Sequence[Received]:
        return []

    def ask_to_erase(self, subject_id: UUID, *, actor: Actor) -> None:
        """What the person told us to pass on is passed on first: an erasure waits for it."""

    def tell(self, subject_id: UUID, news: News, *, actor: Actor) -> None:
        """Staff do."""

    def is_handing_out(self, subject_id: UUID) -> bool:
        due = Transfer.objects.filter(request__subject=subject_id, status=TransferStatus.DUE)
        return due.exclude(request__status__in=sorted(ENDED)).exists()

    def came_of(self, reference: UUID | None, *, matter: UUID | None = None) -> CameOf:
        return CameOf(by_hand=True)


RECIPIENTS: RecipientDoor = OtherControllers()
