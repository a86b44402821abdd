"""Who is here, with which role, where."""
