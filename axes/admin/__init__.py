"""The staff's doors."""

from axes.admin import framework  # noqa: F401 - registers itself
