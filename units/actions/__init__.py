"""The changes, one function each."""
