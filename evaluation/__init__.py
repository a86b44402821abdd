"""Evaluation: was it done, and was it worth it."""
