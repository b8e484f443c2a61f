from typing import Any

from django.core.management.commands import migrate
from django.db import connections

from applications.row_security import storing


class Command(migrate.Command):
    """`migrate` as whoever logs in, not in the role of the application, which owns no table.

    Rows of restricted people are carried along with the others: that is storage.
    """

    def execute(self, *args: Any, **options: Any) -> Any:
        connection = connections[options["database"]]
        connection.settings_dict["OPTIONS"].pop("options", None)
        with storing(using=connection):
            return super().execute(*args, **options)
