"""The end of an application, and with it of the contract to use the solution: retention counts from it."""

from django.utils import timezone

from applications.actors import Actor
from applications.models import Application, Contract, ContractEnd
from applications.services.submitting import change_status
from applications.states import ApplicationStatus

HOW = {
    ApplicationStatus.CONTRACTED: ContractEnd.SIGNED,
    ApplicationStatus.CLOSED: ContractEnd.CLOSED,
}


def end_application(*, application: Application, to: ApplicationStatus, actor: Actor) -> None:
    """Nothing is left to do for it: the loan contract is signed, or nothing can come any more.

    Raises IllegalTransition. Must run inside a transaction that holds the person's row.
    """
    now = timezone.now()
    change_status(application=application, to=to, actor=actor, closed_at=now)
    Contract.objects.filter(application=application, ended_at__isnull=True).update(ended_at=now, end=HOW[to])
