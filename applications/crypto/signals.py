"""News from the cellar."""

from django.dispatch import Signal

# Sent when a stored value could not be opened, with `label` (str), `row_id` and `owner_id` (UUIDs) and `code`
# (str; see DecryptionError). A receiver writes on a connection of its own: the caller is about to roll back.
decryption_failed = Signal()

# Sent after data keys were destroyed for good, with `owner_ids` (UUIDs), `count` (how many of them had one)
# and `tombstones` (whether some are left, so that no key is made again). No rollback brings them back.
keys_destroyed = Signal()
