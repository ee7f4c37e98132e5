"""What the pages name is there: files of the repository, commands and their options, places within pages, settings."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from painpoint_platform.cli.app import app
from painpoint_platform.settings import FOREIGN_PREFIXES, setting_names

ROOT = Path(__file__).parents[2]
PAGES = [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md"]
# Where a page may stand when it names a file.
ROOMS = [ROOT, ROOT / "painpoint_platform", ROOT / "docs"]
NAMED_FILE = re.compile(r"`((?:[\w.-]+/)+[\w.-]+\.(?:py|sql|toml|ya?ml|sh|Dockerfile))`")
# Rooms and modules without an ending; what begins with a layer is an asset.
NAMED_ROOM = re.compile(r"`((?:issues|courses|transcripts|perception|llm|text|warehouse|report|takedown)/[a-z_/]+)`")
NAMED_SETTING = re.compile(
    r"`((?:LLM|QA|PERCEPTION|COURSES?|TRANSCRIPTS|EMBEDDING|CLUSTERING|POCKETBASE|COLLECT|PUBLISH|REPORT|WAREHOUSE)_[A-Z_]+)`"
)
FENCED = re.compile(r"```sh\n(.*?)```", re.S)
INLINE = re.compile(r"`(painpoint [^`]+)`")

ON_EVERY_PAGE = pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)


@ON_EVERY_PAGE
def test_files_that_a_page_names_exist(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    made_by_the_reader = set(re.findall(r"\*\*New file\*\* `([^`]+)`", text))
    named = set(NAMED_FILE.findall(text)) - made_by_the_reader
    gone = sorted(name for name in named if not any((room / name).exists() for room in ROOMS))
    assert [name for name in gone if not any(made.endswith(name) for made in made_by_the_reader)] == []


@ON_EVERY_PAGE
def test_rooms_and_modules_that_a_page_names_exist(path: Path) -> None:
    named = set(NAMED_ROOM.findall(path.read_text(encoding="utf-8")))
    package = ROOT / "painpoint_platform"
    assert {name for name in named if not any((package / f"{name}{end}").exists() for end in ("", ".py"))} == set()


@ON_EVERY_PAGE
def test_settings_that_a_page_names_exist(path: Path) -> None:
    named = set(NAMED_SETTING.findall(path.read_text(encoding="utf-8")))
    assert {name for name in named - setting_names() if not name.startswith(FOREIGN_PREFIXES)} == set()


@ON_EVERY_PAGE
def test_commands_that_a_page_shows_exist_with_their_options(path: Path) -> None:
    wrong = [f"{line}: {problem}" for line in _commands(path) if (problem := _problem(line))]
    assert wrong == []


def test_a_command_or_option_that_is_not_there_is_noticed() -> None:
    assert _problem("painpoint report --daily 2025-01-06") == "no option --daily"
    assert _problem("painpoint cluster") == ""
    assert _problem("painpoint issue forget KEY") == "no command forget"


@ON_EVERY_PAGE
def test_links_to_a_place_within_a_page_lead_to_a_heading(path: Path) -> None:
    links = re.findall(r"\]\((?!https?://)([^)#\s]*)#([^)\s]+)\)", path.read_text(encoding="utf-8"))
    broken = [
        (name, place) for name, place in links if place not in _places(path.parent / name if name else path)
    ]  # fmt: skip
    assert broken == []


def _commands(path: Path) -> Iterator[str]:
    text = path.read_text(encoding="utf-8")
    for block in FENCED.findall(text):
        for line in block.splitlines():
            yield from (part.strip() for part in re.findall(r"(?:^|&& )(painpoint [^#&]+)", line))
    yield from INLINE.findall(text)


def _problem(line: str) -> str:
    """Say what of a command line is not there; empty where all is."""
    command: Any = typer.main.get_command(app)
    words = shlex.split(re.sub(r"[\[\]…]", " ", line))[1:]
    for word in words:
        commands = getattr(command, "commands", None)
        if commands is None or word.startswith("-"):
            break
        found = commands.get(word)
        if found is None:
            return f"no command {word}"
        command = found
    known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    return next((f"no option {word}" for word in words if word.startswith("--") and word not in known), "")


def _places(page: Path) -> set[str]:
    """Return the places of a page as GitHub names them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
