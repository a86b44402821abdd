"""REF-AMP: the seventeen municipalities of the Porto Metropolitan Area govern their social action together."""

from refamp.celery import app as celery_app

__all__ = ["celery_app"]
