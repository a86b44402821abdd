"""The bell. The work itself is a row in `refamp.jobs`; losing a message loses nothing."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "refamp.settings")

app = Celery("refamp")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
