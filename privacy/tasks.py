"""Sweeps of the privacy floor."""

from privacy.services import mailbox, running


def sweep_requests() -> None:
    """Carry on with every approved request of a data subject."""
    running.run_due()


def sweep_mailbox() -> None:
    """Take over what came to the privacy mailbox."""
    mailbox.read_mailbox()
