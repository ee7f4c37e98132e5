"""Names and texts inside SQL where DuckDB binds no parameters: identifiers, and the literals of DDL.

Belongs here: quoting. Does not belong here: values of queries, which are always bound.
"""

from collections.abc import Iterable


def quoted(name: str) -> str:
    """Quote ``name``, ``schema.name`` or ``database.schema.name`` part by part."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in name.split("."))


def quoted_list(names: Iterable[str]) -> str:
    """Quote column names and join them with commas."""
    return ", ".join(quoted(name) for name in names)


def literal(text: str | None) -> str:
    """Quote a text for DDL such as ``comment on``; None is ``null``."""
    return "null" if text is None else "'" + text.replace("'", "''") + "'"
