"""Figures in templates, written as everywhere else."""

from django import template

from applications.formats import money_text

register = template.Library()


@register.filter
def euro(cents: int) -> str:
    """Euro cents as money in the active language: ``1 234,56 €``, in English ``€1,234.56``."""
    return money_text(cents)
