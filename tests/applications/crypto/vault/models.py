"""A person and their dossier: every kind of encrypted field, and an owner that is another row."""

from uuid import UUID, uuid4

from django.db import models

from applications.crypto.fields import (
    BlindIndex,
    EncryptedBoolean,
    EncryptedDate,
    EncryptedDecimal,
    EncryptedInteger,
    EncryptedJSON,
    EncryptedText,
)
from applications.personal import NotPersonal


def digits(value: str) -> str:
    """The normaliser of the tests: "010190-12345" and "01019012345" are one."""
    return "".join(character for character in value if character.isdigit())


class Person(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    nickname = models.CharField(max_length=40, blank=True)

    not_personal = NotPersonal("a model of the tests", "nickname")

    def __str__(self) -> str:
        return str(self.id)


class Dossier(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="dossiers")
    shelf = models.CharField(max_length=40, blank=True)
    surname = EncryptedText(label="vault.surname", personal="a mark", max_length=60)
    keyword = EncryptedText(label="vault.keyword", null=True, blank=True)
    colour = EncryptedText(
        label="vault.colour", null=True, blank=True, choices=[("red", "Red"), ("blue", "Blue")]
    )
    code = EncryptedText(label="vault.code", null=True, blank=True)
    code_index = BlindIndex(
        source="code",
        column="vault.code",
        normalise="tests.applications.crypto.vault.models.digits",
        db_index=True,
    )
    born = EncryptedDate(label="vault.born", null=True, blank=True)
    income = EncryptedInteger(label="vault.income", null=True, blank=True)
    married = EncryptedBoolean(label="vault.married", null=True, blank=True)
    rate = EncryptedDecimal(label="vault.rate", null=True, blank=True, max_digits=6, decimal_places=2)
    answers = EncryptedJSON(label="vault.answers", null=True, blank=True)

    not_personal = NotPersonal(
        "a model of the tests",
        "shelf", "surname", "keyword", "colour", "code", "code_index", "born", "income", "married", "rate",
        "answers",
    )  # fmt: skip

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(code__isnull=False) | models.Q(code_index__isnull=True),
                name="vault_index_has_a_code",
            )
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def owner_id(self) -> UUID:
        return self.person_id
