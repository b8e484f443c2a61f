"""Sweeps of the privacy floor."""

from privacy.services import running


def sweep_requests() -> None:
    """Carry on with every approved request of a data subject."""
    running.run_due()
