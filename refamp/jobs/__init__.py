"""What is to be done: rows with a state. Celery only rings the bell."""
