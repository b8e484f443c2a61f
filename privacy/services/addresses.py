"""Another e-mail address for an account (GDPR Art. 16), asked for by whoever shows that both are theirs."""

from django.db import transaction

from applications.actors import Actor
from applications.crypto import keyring
from applications.errors import IllegalTransition
from applications.models import DataSubject
from applications.services.accounts import checked, may_take, use_up
from applications.services.locking import lock_subject
from privacy.changes import of_address
from privacy.models import Identity, Right, RightsRequest, Way
from privacy.rights.rectification import Rectification
from privacy.selectors.about import PROVED_ADDRESS
from privacy.services import receiving
from privacy.states import OPEN


def ask_for_address(
    *, subject: DataSubject, browser_token: str, code: str, language: str, actor: Actor
) -> RightsRequest:
    """Enter the correction to the address that the code of this browser proves; it is made within seconds.
    That the person is who they are was shown by a code to the address they have.
    Each change is a request of its own: lenders may still be told of one when the next is asked for.

    Raises CodeRefused, LastTryUsed or CodeExpired for the code, AddressTaken for an address that another
    account has, IllegalTransition while the one before waits to be made, SubjectErased, RingBehind.
    """
    challenge, address = checked(browser_token=browser_token, code=code)
    change = of_address(old=subject.verified_email, new=address) | {"accepted": True}
    with transaction.atomic():
        lock_subject(subject.pk)
        may_take(subject_id=subject.pk, address=address)
        if _one_is_being_made(subject):
            raise IllegalTransition
        use_up(challenge)
        request = receiving.receive(
            right=Right.RECTIFICATION, way=Way.OWN_PAGES, language=language, actor=actor,
            about=f"{PROVED_ADDRESS}{challenge.pk.hex}", subject_id=subject.pk, identity=Identity.FRESH_CODE,
            contact=subject.verified_email, changes=[change],
        )  # fmt: skip
    keyring.destroy_key(challenge.id)
    return request


def _one_is_being_made(subject: DataSubject) -> bool:
    """Whether a change waits for the worker: of two the earlier might be made last."""
    asked = RightsRequest.objects.filter(subject=subject, about__startswith=PROVED_ADDRESS, status__in=OPEN)
    return asked.filter(step__in=["", Rectification.STEPS[0]]).exists()
