"""Sets REF-AMP up on a machine, starts it, watches over it and stops it.

`bin/up`, `bin/manage`, `bin/test` and `bin/bench` come here. What is imported before the virtual environment exists
(`words`, `place`, `install`) uses the standard library alone.
"""
