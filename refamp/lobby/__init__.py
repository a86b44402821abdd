"""The way in: home, the coordination unit's dashboard, search, readiness. No tables."""
