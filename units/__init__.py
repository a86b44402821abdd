"""Who decides, and who does what by when: units, the Council, deliberations and annual plans."""
