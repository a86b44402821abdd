"""The staff's doors."""

from axes.admin import consultation, framework, results  # noqa: F401 - registers itself
