"""Fields that many tables share."""

from typing import Any

from django.db import models

from refamp.base.ids import uuid7


class PublicIdField(models.UUIDField):
    """The opaque name by which the outside knows a row."""

    def __init__(self, **options: Any) -> None:
        defaults: dict[str, Any] = {"default": uuid7, "unique": True, "editable": False}
        super().__init__(**defaults | options)


class VersionField(models.PositiveIntegerField):
    """Grows by one with every change, so that a stale save can be refused."""

    def __init__(self, **options: Any) -> None:
        defaults: dict[str, Any] = {"default": 1, "editable": False}
        super().__init__(**defaults | options)
