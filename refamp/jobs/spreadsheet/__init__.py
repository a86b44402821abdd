"""Reading a spreadsheet that a stranger sent: `open_table(path, name)`, `open_workbook(path, name)`."""

from refamp.jobs.spreadsheet.table import open_table, open_workbook

__all__ = ["open_table", "open_workbook"]
