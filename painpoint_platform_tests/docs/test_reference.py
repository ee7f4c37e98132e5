"""The reference parts of the pages are those that the code gives, and leave nothing out."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from painpoint_platform.settings import setting_names
from painpoint_platform.sql_models.model import load_models
from painpoint_platform.warehouse.schema import described_tables

ROOT = Path(__file__).parents[2]
PAGES = [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md"]


@pytest.fixture(scope="module")
def reference() -> ModuleType:
    spec = importlib.util.spec_from_file_location("reference", ROOT / "docs" / "reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_page_is_as_make_docs_writes_it(reference: ModuleType) -> None:
    stale = [path.name for path in PAGES if reference.page(path) != path.read_text(encoding="utf-8")]
    assert not stale, "run `make docs`"


def test_every_table_with_every_column_stands_in_a_page(reference: ModuleType) -> None:
    tables = {name: [column.name for column in table.columns] for name, table in described_tables().items()}
    tables |= {model.table: [name for name, _ in model.column_types] for model in load_models()}
    for name, columns in tables.items():
        text = (ROOT / "docs" / reference.page_of_table(name)).read_text(encoding="utf-8")
        part = text[text.index(f"<summary><code>{name}</code>") :].split("</details>")[0]
        assert all(f"| `{column}` |" in part for column in columns), name


def test_every_setting_stands_in_a_page(reference: ModuleType) -> None:
    for name in setting_names():
        text = (ROOT / "docs" / reference.page_of(name, reference.SETTINGS)).read_text(encoding="utf-8")
        assert f"| `{name}` |" in text, name


def test_a_table_that_no_page_has_is_an_error_that_says_where_to_add_it(reference: ModuleType) -> None:
    with pytest.raises(LookupError, match=r"no page of the documentation has gold.forgotten: .*docs/reference.py"):
        reference.page_of_table("gold.forgotten")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_between_pages_lead_somewhere(path: Path) -> None:
    links = re.findall(r"\]\((?!https?://|#)([^)#\s]+)", path.read_text(encoding="utf-8"))
    broken = [link for link in links if not (path.parent / link).exists()]
    assert not broken
