"""How a consumer proves an e-mail address: a mailed code, bound to the browser that asked for it. And how the
address of an account becomes another one."""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from applications import normalise, references
from applications.actors import VISITOR, Actor
from applications.crypto import blind_index, keyring
from applications.crypto.reading import unless_destroyed
from applications.crypto.stored_digests import refuse_unknown_keys
from applications.errors import AddressTaken, CodeExpired, CodeRefused, LastTryUsed, SubjectErased
from applications.models import ConsumerSession, ContactRole, DataSubject, EmailChallenge, MailKind
from applications.models.subject import MAXIMUM_TRIES
from applications.personal import Purpose
from applications.selectors.accounts import live_challenge, subject_with_email
from applications.selectors.contacts import contact
from applications.services import audit, mail
from applications.services.code_limits import NETWORK_COLUMN, refuse_flood
from applications.services.locking import lock_subject, take_turns
from applications.tokens import code_hash, new_code, new_token, token_hash

CODE_LIFETIME = timedelta(minutes=10)
SESSION_LIFETIME = timedelta(hours=12)
SESSION_IDLE = timedelta(hours=1)
# Apart from the column of mailed codes: whoever asked for a code cannot be told by whoever came in.
SESSION_NETWORK_COLUMN = "session.network"
# Somebody comes to their own pages: that stays open whatever else a right of theirs stopped.
KNOCKING = Purpose.DATA_SUBJECT_RIGHTS


@dataclass(frozen=True)
class Opened:
    """A token for a browser's cookie; only its hash is kept here."""

    token: str
    expires_at: datetime


def request_code(*, email: str, network: str, language: str) -> Opened:
    """Mail a code to `email`. Nothing tells whether the address is known.

    Raises TooManyCodes when too many were mailed to the address, or asked for from the network.
    """
    now = timezone.now()
    network_index = blind_index.digest(NETWORK_COLUMN, normalise.address(network))
    token, code = new_token(), new_code()
    challenge = EmailChallenge(
        id=uuid4(), address=email, network_index=network_index, browser_hash=token_hash(token),
        language=language, created_at=now, expires_at=now + CODE_LIFETIME,
    )  # fmt: skip
    challenge.code_hash = code_hash(code, challenge.id)
    with transaction.atomic():
        take_turns(
            f"challenge.address:{normalise.email(email)}", f"{NETWORK_COLUMN}:{normalise.address(network)}"
        )
        refuse_flood(email=email, network=network)
        with keyring.key_of_a_new_owner(challenge.id):
            _mail_code(challenge, code, email)
    return Opened(token, challenge.expires_at)


def _mail_code(challenge: EmailChallenge, code: str, email: str) -> None:
    challenge.save(force_insert=True)
    mail.compose(
        kind=MailKind.SIGN_IN_CODE,
        owner_id=challenge.id,
        recipient=email,
        language=challenge.language,
        context={"code": code, "minutes": int(CODE_LIFETIME.total_seconds() // 60)},
        useless_after=challenge.expires_at,
    )
    audit.record(actor=VISITOR, action="sign_in.code_requested", row=challenge)


def sign_in(*, browser_token: str, code: str, network: str) -> Opened:
    """Exchange the mailed code for a session, in the browser that asked for it; `network` is its IP address.

    Raises CodeRefused (wrong), LastTryUsed (wrong, and no try is left), CodeExpired (too old, used, tried
    too often, not this browser's) or RingBehind (of somebody whom this process cannot be sure not to know).
    """
    challenge, address = checked(browser_token=browser_token, code=code)
    subject = subject_with_email(address, purpose=KNOCKING) or _new_subject(address, challenge.language)
    opened = _open_session(challenge, subject, network)
    # The address lives on with the subject; the challenge's copy becomes unreadable.
    keyring.destroy_key(challenge.id)
    return opened


def checked(*, browser_token: str, code: str) -> tuple[EmailChallenge, str]:
    """The challenge of this browser, and the address that its code proves; it is not used up by that.

    Every try counts, so this stands outside of transactions. Raises CodeRefused, LastTryUsed or CodeExpired
    as sign_in does.
    """
    challenge = live_challenge(browser_token, now=timezone.now())
    if challenge is None:
        raise CodeExpired
    _count_try(challenge)
    if not hmac.compare_digest(bytes(challenge.code_hash), code_hash(code, challenge.id)):
        audit.record(actor=VISITOR, action="sign_in.wrong_code", row=challenge)
        raise CodeRefused if challenge.tries + 1 < MAXIMUM_TRIES else LastTryUsed
    return challenge, _address_of(challenge)


def use_up(challenge: EmailChallenge) -> None:
    """Of two who use one code at once the first has it. Raises CodeExpired for the other."""
    consumed = EmailChallenge.objects.filter(pk=challenge.pk, consumed_at__isnull=True).update(
        consumed_at=timezone.now(), address=None, address_index=None
    )
    if not consumed:
        raise CodeExpired


def _address_of(challenge: EmailChallenge) -> str:
    """The address that was proved. Raises CodeExpired when another tab was quicker and its key is gone."""
    address: str | None = unless_destroyed(challenge, "address")
    if address is None:
        raise CodeExpired
    return address


def _count_try(challenge: EmailChallenge) -> None:
    counted = EmailChallenge.objects.filter(
        pk=challenge.pk, tries__lt=MAXIMUM_TRIES, consumed_at__isnull=True
    ).update(tries=F("tries") + 1)
    if not counted:
        raise CodeExpired


def may_take(*, subject_id: UUID, address: str) -> None:
    """Whether the address of an account may become this one. Raises AddressTaken when another account has it,
    RingBehind where that cannot be known."""
    holder = subject_with_email(address, purpose=KNOCKING)
    refuse_unknown_keys()
    if holder is not None and holder.pk != subject_id:
        raise AddressTaken


def change_address(*, subject_id: UUID, address: str, actor: Actor) -> None:
    """Codes and news go to another address from now on; the old one is told. Safe to repeat.

    Raises SubjectErased, AddressTaken, RingBehind.
    """
    with transaction.atomic():
        subject = lock_subject(subject_id)
        take_turns(f"identification.email:{normalise.email(address)}")
        may_take(subject_id=subject_id, address=address)
        before = subject.verified_email
        if before == address:
            return
        subject.email = address
        subject.save(update_fields=["email", "email_index"])
        mail.compose(
            kind=MailKind.ADDRESS_CHANGED, owner_id=subject_id, recipient=before, language=subject.language,
            context={"our_mailbox": contact(ContactRole.CONTROLLER).email},
        )  # fmt: skip
        audit.record(actor=actor, action="subject.address_changed", subject_id=subject_id, row=subject)


def end_sessions(*, subject_id: UUID, but_for_newest: bool, actor: Actor) -> None:
    """End what was opened with a code to the old address, all or all but the one that is in use."""
    live = ConsumerSession.objects.filter(subject=subject_id, ended_at__isnull=True)
    newest = live.order_by("-created_at").values_list("pk", flat=True)[: 1 if but_for_newest else 0]
    with transaction.atomic():
        for session in live.exclude(pk__in=list(newest)):
            _end(session, actor)


def _new_subject(address: str, language: str) -> DataSubject:
    """A data subject for a proved address; two browsers proving it at once get the same one.

    The address is unique by its digest, which does not hold between two index keys. So those who prove the
    same one take turns, and a process that has not got every key refuses. It asks after it looked: somebody
    whom it overlooked stands there by then, under a key that it does not have.

    Raises RingBehind.
    """
    with transaction.atomic():
        take_turns(f"identification.email:{normalise.email(address)}")
        existing = subject_with_email(address, purpose=KNOCKING)
        if existing is not None:
            return existing
        refuse_unknown_keys()
        subject = DataSubject(
            email=address,
            language=language,
            customer_reference=references.make_reference("C"),
            account_number=references.make_reference("A"),
        )
        with keyring.key_of_a_new_owner(subject.id):
            subject.save(force_insert=True)
            audit.record(
                actor=Actor.consumer(subject.id), action="subject.created", subject_id=subject.id, row=subject
            )
    return subject


def _open_session(challenge: EmailChallenge, subject: DataSubject, network: str) -> Opened:
    now = timezone.now()
    token = new_token()
    with transaction.atomic():
        try:
            lock_subject(subject.pk)
        except SubjectErased:  # since the address was looked up; with a new code they begin anew
            raise CodeExpired from None
        use_up(challenge)
        session = ConsumerSession(
            subject=subject, token_hash=token_hash(token), network_index=_network_index(network),
            last_seen_at=now, expires_at=now + SESSION_LIFETIME,
        )  # fmt: skip
        session.save(force_insert=True)
        audit.record(
            actor=Actor.consumer(subject.id), action="session.opened", subject_id=subject.id, row=session
        )
    return Opened(token, session.expires_at)


def _network_index(network: str) -> bytes | None:
    """The network as a keyed digest; None for one that nobody knows, or all of those would be one network.

    An IPv6 address stands for its /64, as with the limits: one subscriber holds that whole, and often more,
    so that accounts of one network are counted too low rather than too high.
    """
    known = normalise.address(network)
    return blind_index.digest(SESSION_NETWORK_COLUMN, known) if known else None


def touch_session(session: ConsumerSession) -> None:
    """Note that the session is in use; at most one write a minute."""
    now = timezone.now()
    ConsumerSession.objects.filter(
        Q(last_seen_at__lt=now - timedelta(minutes=1)), pk=session.pk, ended_at__isnull=True
    ).update(last_seen_at=now)


def sign_out(*, session: ConsumerSession) -> None:
    """End a session; its token opens nothing any more."""
    _end(session, Actor.consumer(session.subject_id))


def _end(session: ConsumerSession, actor: Actor) -> None:
    with transaction.atomic():
        ended = ConsumerSession.objects.filter(pk=session.pk, ended_at__isnull=True).update(
            ended_at=timezone.now()
        )
        if ended:
            audit.record(actor=actor, action="session.ended", subject_id=session.subject_id, row=session)
