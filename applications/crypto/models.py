"""The wrapped data keys, in a database of their own."""

from django.db import models
from django.db.models.functions import Now


class DataKey(models.Model):
    """The data key of one owner, wrapped by a master key; after its destruction the tombstone of one.

    A tombstone stays for good, so that no key is ever made again for the same owner.
    """

    owner_id = models.UUIDField(primary_key=True, editable=False)
    # Of a tombstone: the epoch that had wrapped the key, "" when there never was one. Old copies of the
    # wrapped key can be opened until that epoch's master key is destroyed as well.
    epoch = models.CharField(max_length=40, blank=True, editable=False)
    wrapped = models.BinaryField(null=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    destroyed_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(wrapped__isnull=False, destroyed_at__isnull=True)
                | models.Q(wrapped__isnull=True, destroyed_at__isnull=False),
                name="data_key_is_wrapped_or_destroyed",
            )
        ]
        indexes = [
            # What a rotation still has to re-wrap, and what the sweep of orphaned keys looks through.
            models.Index(
                fields=["epoch"], condition=models.Q(wrapped__isnull=False), name="data_key_live_epoch"
            ),
            models.Index(
                fields=["created_at"], condition=models.Q(wrapped__isnull=False), name="data_key_live_age"
            ),
            # Whether the main database knows of what was destroyed last.
            models.Index(
                fields=["-destroyed_at"], condition=models.Q(wrapped__isnull=True), name="data_key_destroyed"
            ),
        ]

    def __str__(self) -> str:
        return str(self.owner_id)
