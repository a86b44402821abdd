"""The changes: one function per change."""
