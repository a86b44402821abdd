"""Reading a spreadsheet that a stranger sent: `open_table(path, name)`."""

from refamp.jobs.spreadsheet.table import open_table

__all__ = ["open_table"]
