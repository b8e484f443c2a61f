"""Sweeps of the privacy floor."""

from privacy import pushing
from privacy.services import mailbox, running


def sweep_requests() -> None:
    """Carry on with every approved request of a data subject."""
    running.run_due()


def sweep_mailbox() -> None:
    """Take over what came to the privacy mailbox."""
    mailbox.read_mailbox()


def sweep_transfers() -> None:
    """Pass on whatever people told us to pass on, and is due."""
    pushing.pass_on_due()
