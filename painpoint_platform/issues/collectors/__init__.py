"""One collector a source behind one protocol, on one HTTP client.

Belongs here: calling the four APIs and reading their records.
Does not belong here: what to look for (``source_queries``), table rows (``bronze``), Dagster (``resources``).
"""
