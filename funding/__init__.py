"""Who pays: sources, calls, grants, pledges and community initiatives."""
