"""Pure functions over numbers and frames: no database, no Django."""
