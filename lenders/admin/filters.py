"""How the lists of this floor are narrowed."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from applications.collation import latvian_key
from lenders.models import Lender


class LenderFilter(admin.RelatedFieldListFilter):
    """Lenders by name, without what else is in their rows: their secrets."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        known = Lender.objects.values_list("pk", "name")
        return sorted(known, key=lambda choice: latvian_key(choice[1]))
