"""Many objects of one shape, with the names of their fields once: thousands of issues are half as large that way.

Belongs here: the packed form. Does not belong here: its reader, ``unpacked`` in ``site/report.js``.
"""

from collections.abc import Mapping, Sequence
from typing import Any


def packed(objects: Mapping[str, Mapping[str, Any]], inner: Mapping[str, bool]) -> dict[str, Any]:
    """Pack objects by key: ``{"$packed": true, names: [...], inner: {field: {many, names}}, rows: {key: [...]}}``.

    Args:
        objects: all have the same fields in the same order.
        inner: fields whose values are objects themselves (False) or lists of objects (True), at whatever depth; a name
            means the same shape wherever it stands.
    """
    shapes: dict[str, dict[str, Any]] = {}

    def row(fields: Mapping[str, Any]) -> list[Any]:
        return [value(name, one) for name, one in fields.items()]

    def value(name: str, one: Any) -> Any:
        if name not in inner or one is None:
            return one
        objects_of_it: Sequence[Mapping[str, Any]] = one if inner[name] else [one]
        if objects_of_it:
            shapes.setdefault(name, {"many": inner[name], "names": list(objects_of_it[0])})
        rows = [row(fields) for fields in objects_of_it]
        return rows if inner[name] else rows[0]

    rows = {key: row(fields) for key, fields in objects.items()}
    names = list(next(iter(objects.values()))) if objects else []
    return {"$packed": True, "names": names, "inner": shapes, "rows": rows}
