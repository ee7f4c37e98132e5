"""Dependencies between the folders point one way; ``docs/architecture.md`` says so for people."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import painpoint_platform

PACKAGE = Path(painpoint_platform.__file__).parent
DOMAINS = {"issues", "courses", "transcripts", "perception"}
# Which other rooms the pure modules of a room may import, or single modules of them. Wiring may import everything.
MAY_IMPORT = {
    "text": set(),
    "pages": set(),
    "warehouse": set(),
    "sql_models": {"warehouse"},
    "llm": {"text", "warehouse.queries"},
    "issues": {"text", "llm", "warehouse", "pages"},
    "courses": {"text", "llm", "warehouse", "pages"},
    "transcripts": {"text", "llm", "warehouse", "pages"},
    "perception": {"text", "warehouse", "pages"},
    "report": {"warehouse", "pages", "issues.impact", "transcripts.confidence"},
    "sample": {"text", "warehouse", "issues.query_file"},
    "takedown": {"text", "llm", "warehouse", "sql_models", "report", "issues", "resources"},
    "doctor": {"text", "llm", "warehouse", *DOMAINS},
}


# The rooms of perception, each of which may import those before it; what lies beside them is shared, or wiring.
ROOMS_OF_PERCEPTION = (
    "measuring", "features", "corpora", "learning", "numbers", "paths", "temporal", "reporting", "runs", "scoring",
    "serving",
)  # fmt: skip


def imports(path: Path) -> Iterator[str]:
    """Yield the modules of the package that a file imports, without the package's name."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            modules = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            yield from (module.partition(".")[2] for module in modules if module.startswith("painpoint_platform."))
        elif isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[2] for alias in node.names if alias.name.startswith(PACKAGE.name))


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_what_it_may(room: str) -> None:
    others = {path.name for path in PACKAGE.iterdir() if path.is_dir()} - {room}
    allowed = MAY_IMPORT[room]
    found = {
        (str(path.relative_to(PACKAGE)), module)
        for path in sorted((PACKAGE / room).rglob("*.py"))
        if path.name != "assets.py"
        for module in imports(path)
        if module.split(".")[0] in others
        and not any(f"{module}.".startswith(f"{one}.") or f"{one}.".startswith(f"{module}.") for one in allowed)
    }
    assert found == set()


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_the_page_says_the_same_of_a_room(room: str) -> None:
    page = (PACKAGE.parent / "docs" / "architecture.md").read_text(encoding="utf-8")
    [allowed] = [row.split("|")[3] for row in page.splitlines() if row.startswith("|") and f"`{room}/`" in row]
    assert set(re.findall(r"`([^`]+)`", allowed)) == MAY_IMPORT[room]


@pytest.mark.parametrize("domain", sorted(DOMAINS))
def test_domains_do_not_import_each_other_not_even_in_wiring(domain: str) -> None:
    wired = set(imports(PACKAGE / domain / "assets.py"))
    assert {module.split(".")[0] for module in wired} & (DOMAINS - {domain}) == set()


@pytest.mark.parametrize("room", ROOMS_OF_PERCEPTION)
def test_a_room_of_perception_imports_only_rooms_before_it(room: str) -> None:
    later = set(ROOMS_OF_PERCEPTION[ROOMS_OF_PERCEPTION.index(room) + 1 :]) | {"assets", "views", "perception_steps"}
    found = {
        (path.name, module)
        for path in (PACKAGE / "perception" / room).glob("*.py")
        for module in imports(path)
        if module.startswith("perception.") and module.split(".")[1] in later
    }
    assert found == set()


def test_the_order_names_every_room_of_perception() -> None:
    rooms = {path.parent.name for path in (PACKAGE / "perception").glob("*/__init__.py")}
    assert rooms == set(ROOMS_OF_PERCEPTION)
