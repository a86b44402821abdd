"""No API address without a declared rule: said at start, by `manage.py check`."""

from collections.abc import Iterable
from typing import Any

from django.core.checks import CheckMessage, Error, register
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.views import APIView


@register("urls")
def every_door_has_a_rule(app_configs: Any = None, **_options: Any) -> list[CheckMessage]:
    """Finds doors that do not descend from ours, which would refuse to be defined without a rule."""
    return [
        Error(f"{view.__module__}.{view.__name__} declares no read_rule: who may call it?", id="refamp.E001")
        for view in dict.fromkeys(doors(get_resolver().url_patterns))
        if getattr(view, "read_rule", None) is None
    ]


def doors(patterns: Iterable[URLPattern | URLResolver]) -> Iterable[Any]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from doors(pattern.url_patterns)
        else:
            view = getattr(pattern.callback, "cls", None) or getattr(pattern.callback, "view_class", None)
            if isinstance(view, type) and issubclass(view, APIView):
                yield view
