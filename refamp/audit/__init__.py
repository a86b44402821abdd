"""Who did what, when, to what, and why; sealed so that a forgery shows."""
