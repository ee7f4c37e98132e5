"""``docs/extending.md`` as edits of a repository and as code to run, so that page and tests cannot differ."""

import re
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from painpoint_platform.paths import bundled

REPOSITORY = bundled("dbt_like_sql").parent
PAGE = REPOSITORY / "docs" / "extending.md"
# What an installation has, and the file of settings, which a walk changes.
COPIED = ("painpoint_platform", "dbt_like_sql", "prompts", "sources.yaml", "dagster.yaml", ".env.example")

# Blocks have headings of their own, so those of the page are named.
_SECTION = re.compile(r"^## (A new .+|What has to be touched)$", re.M)
# A sentence in bold with its place, and the block that follows it.
_BLOCK = re.compile(
    r"^\*\*(?P<verb>New file|Below|Above|At the end|Run)\*\*(?P<place>[^\n]*(?:\n(?!\n)[^\n]+)*)\n\n"
    r"```(?P<language>\w+)\n(?P<code>.*?)^```$",
    re.M | re.S,
)
_FENCE = re.compile(r"^```\w+$", re.M)


@dataclass(frozen=True)
class Block:
    """A block of code, and the sentence that says what becomes of it."""

    verb: str
    quoted: tuple[str, ...]
    language: str
    code: str

    @property
    def path(self) -> str:
        """The file that is changed or made."""
        return self.quoted[-1]


def blocks(title: str) -> list[Block]:
    """Return the blocks of a section.

    Raises:
        AssertionError: a block has no sentence that says what becomes of it.
    """
    parts = _SECTION.split(PAGE.read_text(encoding="utf-8"))
    section = dict(zip(parts[1::2], parts[2::2], strict=True))[title]
    found = [
        Block(match["verb"], tuple(re.findall(r"`([^`]+)`", match["place"])), match["language"], match["code"])
        for match in _BLOCK.finditer(section)
    ]
    assert len(found) == len(_FENCE.findall(section)), f"{title}: a block that no sentence in bold explains"
    return found


def titles() -> list[str]:
    """Return the sections that are walks."""
    return [title for title in _SECTION.findall(PAGE.read_text(encoding="utf-8")) if title.startswith("A new")]


def to_run(title: str) -> list[str]:
    """Return the code that a section says to run, in order."""
    return [block.code for block in blocks(title) if block.verb == "Run"]


def commands(code: str) -> Iterator[list[str]]:
    """Yield the arguments of each ``painpoint`` command of a shell block."""
    for line in code.splitlines():
        program, *arguments = shlex.split(line)
        assert program == "painpoint"
        yield arguments


def file_of(title: str, name: str) -> str:
    """Return a file that a section makes."""
    return next(block.code for block in blocks(title) if block.verb == "New file" and block.path == name)


def copy_repository(target: Path) -> None:
    """Copy what an installation has, compiled files too."""
    for name in COPIED:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, target / name)
        else:
            shutil.copy2(source, target / name)


def apply_edits(root: Path) -> None:
    """Change a repository as the page says.

    Raises:
        AssertionError: a file that is new exists, or a line to write at does not stand there exactly once.
    """
    for block in (block for title in titles() for block in blocks(title)):
        file = root / block.path if block.quoted else root
        match block.verb:
            case "New file":
                assert not file.exists(), f"{block.path} exists"
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(block.code, encoding="utf-8")
            case "At the end":
                file.write_text(file.read_text(encoding="utf-8") + block.code, encoding="utf-8")
            case "Below" | "Above":
                lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
                places = [number for number, line in enumerate(lines) if line.strip() == block.quoted[0]]
                assert len(places) == 1, f"{block.path}: {block.quoted[0]!r} stands there {len(places)} times"
                lines.insert(places[0] + (block.verb == "Below"), block.code)
                file.write_text("".join(lines), encoding="utf-8")
