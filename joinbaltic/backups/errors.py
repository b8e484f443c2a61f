"""Why no copy is made or put back, as a sentence for whoever runs the command."""


class BackupRefused(Exception):
    """Nothing was changed. The message says why, and what to do."""
