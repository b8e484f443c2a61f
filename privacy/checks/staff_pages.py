"""The admin shows, searches and sorts by nothing encrypted: what staff see goes through masks."""

from collections.abc import Iterator
from typing import Any

from django.contrib.admin.options import BaseModelAdmin
from django.contrib.admin.sites import all_sites
from django.contrib.admin.utils import flatten, flatten_fieldsets
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import FieldDoesNotExist
from django.db import models

from applications.crypto.fields import BlindIndex, EncryptedField
from privacy.checks.tag import TAG

OPTIONS = (
    "list_display", "list_editable", "list_filter", "search_fields", "ordering", "readonly_fields",
)  # fmt: skip


@register(TAG)
def check_staff_pages(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """No option of the admin names an encrypted field, or walks to one."""
    return [
        Error(
            f"{type(page).__name__} names {name}, which is encrypted.",
            hint="Show it by a masking selector, which is audited.",
            obj=page.model,
            id="privacy.E021",
        )
        for page in _pages()
        for name in sorted({*_named(page), *_on_the_form(page)})
        if _is_encrypted(page.model, name)
    ]


def _pages() -> Iterator[BaseModelAdmin]:
    for site in all_sites:
        for page in site._registry.values():
            yield page
            for inline in page.inlines:
                yield inline(page.model, site)


def _named(page: BaseModelAdmin) -> Iterator[str]:
    """What the options name, and what a column made by a method is sorted by."""
    for option in OPTIONS:
        for entry in getattr(page, option, None) or ():
            name = entry[0] if isinstance(entry, tuple | list) else entry  # a filter with its class
            method = getattr(page, name, None) if isinstance(name, str) else name
            yield from (
                one for one in (name, getattr(method, "admin_order_field", None)) if isinstance(one, str)
            )
    yield from filter(None, [getattr(page, "date_hierarchy", None)])


def _on_the_form(page: BaseModelAdmin) -> list[str]:
    """A page that names no fields shows every field that can be edited."""
    if page.fieldsets:
        return [one for one in flatten_fieldsets(page.fieldsets) if isinstance(one, str)]
    if page.fields:
        return [one for one in flatten(page.fields) if isinstance(one, str)]
    left_out = set(page.exclude or ())
    return [one.name for one in page.model._meta.fields if one.editable and one.name not in left_out]


def _is_encrypted(model: type[models.Model], name: str) -> bool:
    """Whether a field, or a walk along relations ("subject__email"), comes to an encrypted one."""
    at: Any = model
    for part in name.lstrip("-=^@").split("__"):
        try:
            field = at._meta.get_field(part)
        except (AttributeError, FieldDoesNotExist):
            return False
        if isinstance(field, EncryptedField | BlindIndex):
            return True
        at = field.related_model
    return False
