"""What the worker computed, for staff to look at. It changes only through the worker and the closing of phases."""

from django.contrib import admin

from axes.models import Release, ReleasedResult, Representativeness, Tally
from refamp.base.admin import ReadOnlyAdmin

COUNTED = ("dimension", "municipality", "group", "topic", "scale")


@admin.register(Representativeness)
class RepresentativenessAdmin(ReadOnlyAdmin):
    list_display = ("consultation", *COUNTED, "count", "computed_at")
    list_filter = ("dimension", "scale", "group", "consultation")
    list_select_related = ("consultation", "municipality", "topic")


@admin.register(Tally)
class TallyAdmin(ReadOnlyAdmin):
    list_display = ("consultation", "municipality", "group", "topic", "scale", "change")
    list_filter = ("consultation",)
    list_select_related = ("consultation", "municipality", "topic")


@admin.register(Release)
class ReleaseAdmin(ReadOnlyAdmin):
    list_display = ("consultation", "phase", "respondents", "minimum_cell", "is_withheld", "frozen_at")
    list_filter = ("is_withheld", "consultation")
    list_select_related = ("consultation", "phase")


@admin.register(ReleasedResult)
class ReleasedResultAdmin(ReadOnlyAdmin):
    list_display = ("release", *COUNTED, "count", "is_hidden")
    list_filter = ("dimension", "scale", "is_hidden")
    list_select_related = ("release__consultation", "release__phase", "municipality", "topic")
