"""What whoever asks for a disclosure wrote: written down before it is shown, forgotten after its period."""

from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from applications.actors import Actor
from applications.crypto import keyring
from applications.endings import At, due
from applications.retention_rules import Retention
from applications.services import audit
from applications.services.operations import DAILY_JOBS
from privacy.disclosure_states import ENDED
from privacy.models import DisclosureFile, DisclosureRequest, DisclosureWords

CHUNK = 200


def reveal_letter(*, request_id: UUID, actor: Actor) -> DisclosureWords | None:
    """Write down that somebody is about to be shown what was written; None once it was destroyed."""
    request = DisclosureRequest.objects.get(pk=request_id)
    audit.record(actor=actor, action="disclosure.words_read", row=request, matter=str(request.pk))
    return DisclosureWords.objects.filter(pk=request_id).first()


def hand_out_letter(*, file_id: UUID, request_id: UUID, actor: Actor) -> DisclosureFile:
    """Write down that somebody is about to have the letter. Raises DisclosureFile.DoesNotExist."""
    found = DisclosureFile.objects.select_related("request").get(pk=file_id, request=request_id)
    audit.record(actor=actor, action="disclosure.letter_read", row=found.request, matter=str(request_id))
    return found


def ended_long_ago(at: At) -> QuerySet[DisclosureRequest]:
    """Requests for disclosure whose words go."""
    before = at.before(Retention.CLAIMS)
    return DisclosureRequest.objects.filter(state__in=sorted(ENDED), ended_at__lt=before, words__isnull=False)


def forget_letters() -> dict[str, int]:
    """Destroy the keys of requests for disclosure that ended long enough ago, and what was written in them;
    the register of codes stays.
    """
    counts = {"requests": 0}
    while chunk := list(due("letters").values_list("pk", flat=True)[:CHUNK]):
        keyring.forget_keys(chunk)
        with transaction.atomic():
            DisclosureFile.objects.filter(request__in=chunk).delete()
            DisclosureWords.objects.filter(pk__in=chunk).delete()
        counts["requests"] += len(chunk)
    return counts


DAILY_JOBS["forget_letters_of_disclosures"] = forget_letters
