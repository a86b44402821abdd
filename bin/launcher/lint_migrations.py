"""Looks for migrations that the old code, still running, would not survive. The linter is no app of the platform's."""

import sys
from pathlib import Path

import django
from django.apps import apps
from django_migration_linter import MigrationLinter

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    django.setup()
    ours = [config.label for config in apps.get_app_configs() if Path(config.path).parent in (ROOT, ROOT / "refamp")]
    linter = MigrationLinter(str(ROOT), include_apps=ours, no_cache=True, all_warnings_as_errors=False, no_output=False)
    linter.lint_all_migrations()
    return 1 if linter.has_errors else 0


if __name__ == "__main__":
    sys.exit(main())
