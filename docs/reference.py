"""The reference parts of the domain pages: tables with their columns, and settings. Run by `make docs`.

They are written from the migrations, the SQL models and the settings, where each meaning is kept once; a test compares.
A page has a line ``<!-- reference: tables -->`` or ``<!-- reference: settings -->``; everything from there to the next
``<!-- reference: end -->`` is replaced.
"""

import re
import sys
from collections.abc import Callable, Iterable
from datetime import date
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any

from painpoint_platform.issues.sources import APIS
from painpoint_platform.settings import Settings
from painpoint_platform.sql_models.model import SqlModel, load_models
from painpoint_platform.warehouse.schema import Column, Table, described_tables

DOCS = Path(__file__).resolve().parent

# The table of a SQL model stands in the page of its group, another in the first page with a fitting pattern.
GROUPS = {
    "perception": "perception.md", "courses": "courses.md", "transcripts": "transcripts.md",
    "operations": "operations.md", "issues": "issues.md", "painpoints": "issues.md",
}  # fmt: skip
TABLES = {
    "perception.md": ("*perception*",),
    "courses.md": ("*course*", "*theme*", "gold.*global*", "gold.*coverage"),
    "transcripts.md": ("*transcript*", "gold.qa_groups"),
    "operations.md": ("ops.llm_calls", "ops.partition_inputs", "ops.schema_version"),
    "issues.md": ("bronze.*", "silver.cluster*", "gold.issue*", "gold.live_issue*", "ops.*"),
}
SETTINGS = {
    "perception.md": ("PERCEPTION_*",),
    "courses.md": ("COURSES_*", "COURSE_LIST"),
    "transcripts.md": ("TRANSCRIPTS_*", "QA_*"),
    "operations.md": ("DATA_DIR", "ARTIFACTS_DIR", "WAREHOUSE_*", "ANALYTICS_*", "REPORT_*", "LLM_*", "ALERT_*"),
    "issues.md": (
        *(setting.upper() for api in APIS.values() for setting in api.settings),
        "PARTITIONS_*", "SOURCES_*", "COLLECT_*", "AUTHOR_SALT", "EARNINGS_CALLS_*", "EMBEDDING_*", "CLUSTERING_*",
        "LINEAGE_*", "POCKETBASE_*", "PUBLISH_*", "RECHECK_*",
    ),
}  # fmt: skip

_PART = re.compile(r"(<!-- reference: (\w+) -->\n).*?(<!-- reference: end -->)", re.S)


def page(path: Path) -> str:
    """Return a page with its reference parts as they are to be."""
    parts: dict[str, Callable[[str], str]] = {"tables": _tables, "settings": _settings}

    def written(part: re.Match[str]) -> str:
        return f"{part[1]}{parts[part[2]](path.name)}\n{part[3]}"

    return _PART.sub(written, path.read_text(encoding="utf-8"))


def page_of_table(name: str) -> str:
    """Return the page that has a table.

    Raises:
        LookupError: no pattern fits; says where to add one.
    """
    model = _models().get(name)
    return GROUPS[model.header.group] if model else page_of(name, TABLES)


def page_of(name: str, pages: dict[str, tuple[str, ...]]) -> str:
    """Return the first page with a pattern that fits a name.

    Raises:
        LookupError: no pattern fits; says where to add one.
    """
    for candidate, patterns in pages.items():
        if any(fnmatch(name, pattern) for pattern in patterns):
            return candidate
    raise LookupError(f"no page of the documentation has {name}: add a pattern to docs/reference.py")


def _tables(name: str) -> str:
    models = {name: Table(name, model.header.description, _columns(model)) for name, model in _models().items()}
    order = ("bronze", "silver", "gold", "ops")
    tables = described_tables() | models
    own = [table for table in tables.values() if page_of_table(table.name) == name]
    return "\n".join(
        _table(table) for table in sorted(own, key=lambda one: (order.index(one.name.split(".")[0]), one.name))
    )


@cache
def _models() -> dict[str, SqlModel]:
    return {model.table: model for model in load_models()}


def _columns(model: SqlModel) -> tuple[Column, ...]:
    meanings = {column.name: column.meaning for column in model.header.columns}
    return tuple(Column(name, kind.lower(), meanings.get(name, "")) for name, kind in model.column_types)


def _table(table: Table) -> str:
    rows = [(f"`{column.name}`", column.type, column.meaning) for column in table.columns]
    columns = _grid(("column", "type", "meaning"), rows)
    return f"<details><summary><code>{table.name}</code>: {table.meaning}</summary>\n\n{columns}\n</details>\n"


def _settings(name: str) -> str:
    rows = []
    for field, info in Settings.model_fields.items():
        setting = field.upper()
        if page_of(setting, SETTINGS) == name:
            rows.append((f"`{setting}`", _default(info.default), info.description or ""))
    return _grid(("setting", "default", "meaning"), rows)


def _default(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, date) else f"`{value}`"


def _grid(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    header = list(header)
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines) + "\n"


def main() -> None:
    """Write every page anew, or with ``--check`` name those that would change and end with 1."""
    changed = [path for path in sorted(DOCS.glob("*.md")) if page(path) != path.read_text(encoding="utf-8")]
    if "--check" in sys.argv:
        sys.exit("\n".join(f"{path}: run `make docs`" for path in changed) or 0)
    for path in changed:
        path.write_text(page(path), encoding="utf-8")
        print(f"wrote {path.relative_to(DOCS.parent)}")


if __name__ == "__main__":
    main()
