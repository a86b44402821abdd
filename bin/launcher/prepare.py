"""Runs several management commands in one process: `prepare.py NAME …`. Starting Django once each would take longer."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import django
from django.core.management import call_command

if __name__ == "__main__":
    django.setup()
    for name in sys.argv[1:]:
        options = {"interactive": False} if name in {"migrate", "collectstatic"} else {}
        call_command(name, **options)
