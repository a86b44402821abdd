"""Municipalities and parishes, through time."""
