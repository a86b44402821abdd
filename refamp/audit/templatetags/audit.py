"""How a page shows the history of its object."""

from typing import Any

from django import template
from django.db.models import Model
from django.template.context import Context

from refamp.audit.rules import sees_audit

register = template.Library()


@register.inclusion_tag("audit/history_of.html", takes_context=True)
def history_of(context: Context, obj: Model) -> dict[str, Any]:
    """`{% load audit %}{% history_of consultation %}`: its history, loaded when in view, for those who may."""
    request = context.get("request")
    return {
        "shown": request is not None and sees_audit(request.user),
        "object_type": obj._meta.label,
        "object_id": str(getattr(obj, "public_id", obj.pk)),
    }
