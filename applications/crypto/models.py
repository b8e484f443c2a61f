"""The wrapped data keys, and the record of the keys above them, in a database of their own."""

import pgtrigger
from django.db import models
from django.db.models.functions import Now

# Holds the epoch until the transaction ends, as whoever retires it does: neither overlooks the other.
NOT_WHEN_RETIRED = """
PERFORM pg_advisory_xact_lock_shared(hashtextextended('crypto.epoch:' || NEW.epoch, 0));
IF EXISTS (
    SELECT FROM crypto_ringkey
    WHERE kind = 'master' AND name = NEW.epoch AND retired_at IS NOT NULL
) THEN
    RAISE EXCEPTION 'the epoch is retired' USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
"""


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
                fields=["epoch", "owner_id"],
                condition=models.Q(wrapped__isnull=False),
                name="data_key_live_epoch",
            ),
            models.Index(
                fields=["created_at"], condition=models.Q(wrapped__isnull=False), name="data_key_live_age"
            ),
            # Whether the main database knows of what was destroyed last.
            models.Index(
                fields=["-destroyed_at"], condition=models.Q(wrapped__isnull=True), name="data_key_destroyed"
            ),
        ]
        triggers = [
            # A process that was not restarted must not wrap a key in an epoch whose master key goes.
            pgtrigger.Trigger(
                name="data_key_not_in_a_retired_epoch",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                condition=pgtrigger.Q(new__wrapped__isnull=False),
                func=NOT_WHEN_RETIRED,
            )
        ]

    def __str__(self) -> str:
        return str(self.owner_id)


class Ring(models.TextChoices):
    """Which keys: those that wrap data keys, by epoch; those that blind indexes are made with, by number."""

    MASTER = "master"
    INDEX = "index"


class RingKey(models.Model):
    """What is on record of a key that was ever current, without the key: since when, and until when.

    A data key that is wrapped anew keeps its `created_at`, so the table of data keys cannot tell.
    """

    kind = models.CharField(max_length=6, choices=Ring.choices, editable=False)
    name = models.CharField(max_length=40, editable=False)
    since = models.DateTimeField(editable=False)
    retired_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "name"], name="one_record_a_ring_key")]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"
