"""The admin reads everything; it changes only through actions."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest


class ReadOnlyAdmin(admin.ModelAdmin):
    """A table to look at: every field shown, none changed, nothing added, nothing deleted.

    A room that lets something be changed here overrides `has_change_permission` and `save_model`, and calls its action.
    """

    show_full_result_count = False
    list_per_page = 50

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Less what the table leaves out: a read-only field would be shown although it is excluded."""
        left_out = set(self.exclude or ())
        return [f.name for f in (*self.opts.fields, *self.opts.many_to_many) if f.name not in left_out]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever the site lets in (`may_use_admin`) may read it."""
        return bool(request.user.is_active and request.user.is_staff)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)
