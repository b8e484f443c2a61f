"""What really stands in the database."""

from typing import Any

from django.db import connection

from tests.applications.crypto.vault.models import Dossier


def column(row: Dossier, name: str) -> bytes | None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {name} FROM crypto_vault_dossier WHERE id = %s", [row.pk])  # noqa: S608
        found = cursor.fetchone()[0]
    return None if found is None else bytes(found)


def overwrite(row: Dossier, name: str, content: Any) -> None:
    with connection.cursor() as cursor:
        sql = f"UPDATE crypto_vault_dossier SET {name} = %s WHERE id = %s"  # noqa: S608
        cursor.execute(sql, [content, row.pk])
