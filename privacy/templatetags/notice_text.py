"""A published text on a page."""

from django import template
from django.utils.safestring import SafeString, mark_safe

from privacy.wide_tables import boxed

register = template.Library()


@register.filter
def with_boxed_tables(body: str) -> SafeString:
    """The HTML of a version, which staff published, with its tables in boxes that scroll."""
    return mark_safe(boxed(body))  # noqa: S308
