"""The tables, for looking: lists are loaded and boundaries imported from the command line, with their records."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from refamp.territory.models import CensusCount, Municipality, Parish


class ReadOnlyAdmin(admin.ModelAdmin):
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever the admin lets in reads all of it; the door of the admin itself stands in accounts."""
        return request.user.is_active and getattr(request.user, "is_staff", False)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)


@admin.register(Municipality)
class MunicipalityAdmin(ReadOnlyAdmin):
    list_display = ("code", "name", "short_name", "district", "area_km2", "boundary_source")
    search_fields = ("code", "name")
    exclude = ("boundary",)


@admin.register(Parish)
class ParishAdmin(ReadOnlyAdmin):
    list_display = ("code", "name", "municipality", "valid_from", "valid_to", "boundary_source")
    list_filter = ("municipality",)
    list_select_related = ("municipality",)
    search_fields = ("code", "name")
    exclude = ("boundary",)


@admin.register(CensusCount)
class CensusCountAdmin(ReadOnlyAdmin):
    list_display = ("municipality", "year", "measure", "people", "source")
    list_filter = ("year", "measure")
    list_select_related = ("municipality",)
