"""Tries at the staff's door that did not lead in: counted, forgotten after a day."""

from django.db import models

from applications.personal import NotPersonal


class TryKind(models.TextChoices):
    PASSWORD = "password"  # noqa: S105
    SECOND_FACTOR = "second_factor"


class SignInTry(models.Model):
    """One try. What was typed for a name, and the network it came from, are keyed digests alone."""

    kind = models.CharField(max_length=20, choices=TryKind.choices)
    name_index = models.BinaryField(max_length=17)
    network_index = models.BinaryField(max_length=17)
    created_at = models.DateTimeField(db_index=True)

    not_personal = NotPersonal(
        "of staff and of strangers at their door, not of data subjects of the solution: digests under a key, "
        "deleted after a day",
        "kind", "name_index", "network_index", "created_at",
    )  # fmt: skip

    class Meta:
        indexes = [
            models.Index(fields=["name_index", "created_at"], name="try_by_name"),
            models.Index(fields=["network_index", "created_at"], name="try_by_network"),
        ]

    def __str__(self) -> str:
        return str(self.pk)
