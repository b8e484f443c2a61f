from typing import Any

from django.core.management.commands import migrate
from django.db import connections

from applications.crypto.router import KEYS_APP, KEYS_DATABASE
from applications.row_security import as_logged_in, storing


class Command(migrate.Command):
    """`migrate` as whoever logs in, not in the role of the application, which owns no table; in the database
    of keys only what lives there.

    Rows of restricted people are carried along with the others: that is storage.
    """

    def execute(self, *args: Any, **options: Any) -> Any:
        connection = connections[options["database"]]
        given = connection.settings_dict["OPTIONS"]
        if options["database"] == KEYS_DATABASE and not options["app_label"]:
            options |= {"app_label": KEYS_APP, "run_syncdb": False}  # it has no app without migrations
        role = given.pop("options", None)  # which is not there before the first migration
        try:
            with as_logged_in(connection), storing(using=connection):
                return super().execute(*args, **options)
        finally:
            if role is not None:
                given["options"] = role
