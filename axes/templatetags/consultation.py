"""Figures of the coding, as people read them."""

from fractions import Fraction

from django import template

from axes.formulas.agreement import rounded
from refamp.base.templatetags.refamp import decimal

register = template.Library()


@register.filter
def kappa(value: Fraction | None) -> str:
    """`1/3` → "0,33"."""
    return decimal(rounded(value, 2))
