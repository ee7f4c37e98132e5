"""The labels that themes are reported under.

Belongs here: reading and proving the taxonomy file, and which label a piece of text names.
Does not belong here: the meanings themselves (``prompts/global_themes/taxonomy.csv``, which an analyst may extend).
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from painpoint_platform.csv_files import csv_records
from painpoint_platform.errors import UserError
from painpoint_platform.files import read_text
from painpoint_platform.paths import bundled

# What a label is called that says nothing.
OTHER = "other_or_uncategorized"
SNAKE_CASE = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)*")
CAMEL_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class ThemeLabel:
    """One label: its snake_case name, the label of its reporting family, and what it means in one sentence."""

    label: str
    family: str
    meaning: str


COLUMNS = tuple(field.name for field in fields(ThemeLabel))


def taxonomy_path(path: Path | None = None) -> Path:
    """Return ``path``, or the file that comes with the project."""
    return path or bundled("prompts") / "global_themes" / "taxonomy.csv"


def load_taxonomy(path: Path | None = None) -> tuple[ThemeLabel, ...]:
    """Read a taxonomy, in the order of the file; the one that comes with the project when ``path`` is None.

    The file is CSV with the columns label, family, meaning. A family is a label that is its own family.

    Raises:
        UserError: the file is missing, no UTF-8 or no CSV, has other columns or no labels, or a label is no snake_case
            or stands twice (in any spelling that ``canonical_label`` takes for the same), a family is none, a meaning
            is empty. Names file, line, what was found and what is expected, for every mistake at once.
    """
    path = taxonomy_path(path)
    rows = _rows(path)
    labels = [ThemeLabel(*values) for _, values in rows if len(values) == len(COLUMNS)]
    problems = [*_ragged(rows), *_problems([line for line, values in rows if len(values) == len(COLUMNS)], labels)]
    if problems:
        raise UserError("\n".join(f"{path}:{line}: {text}" for line, text in sorted(problems)))
    return tuple(labels)


def canonical_label(text: str, taxonomy: Sequence[ThemeLabel]) -> str:
    """Return the label that ``text`` names: the taxonomy's own where they differ only in case and separators.

    Any other text is made snake_case; one of which nothing is left then says nothing and is ``OTHER``.
    """
    known = {_folded(entry.label): entry.label for entry in taxonomy}
    return known.get(_folded(text)) or snake_case(text) or OTHER


def snake_case(text: str) -> str:
    """Return ``text`` as lower-case ASCII words joined by underscores, without accents; empty when no word is left."""
    decomposed = unicodedata.normalize("NFKD", CAMEL_HUMP.sub("_", text))
    unaccented = "".join(character for character in decomposed if not unicodedata.combining(character))
    return re.sub(r"[^a-z0-9]+", "_", unaccented.casefold()).strip("_")


def _folded(text: str) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).casefold())


def _rows(path: Path) -> list[tuple[int, list[str]]]:
    """Return (line, stripped values) of every row that is not blank, the header proved and left out."""
    if not path.exists():
        raise UserError(
            f"{path}: no such file; it lists the labels of themes. Set COURSES_TAXONOMY_FILE, or leave it unset for "
            "the labels that come with the project"
        )
    stripped = ((line, [value.strip() for value in values]) for line, values in csv_records(path, read_text(path)))
    rows = [(line, values) for line, values in stripped if any(values)]
    header = rows[0][1] if rows else []
    if tuple(header) != COLUMNS:
        raise UserError(f"{path}:1: found the columns {', '.join(header) or 'none'}; expected {', '.join(COLUMNS)}")
    if len(rows) == 1:
        raise UserError(f"{path}:2: there are no labels; write one a line: {', '.join(COLUMNS)}")
    return rows[1:]


def _ragged(rows: Sequence[tuple[int, Sequence[str]]]) -> Iterator[tuple[int, str]]:
    for line, values in rows:
        if len(values) != len(COLUMNS):
            yield line, f"found {len(values)} values, expected {len(COLUMNS)}; a meaning with a comma stands in quotes"


def _problems(lines: Sequence[int], labels: Sequence[ThemeLabel]) -> Iterator[tuple[int, str]]:
    first_line: dict[str, int] = {}
    own_families = sorted(entry.label for entry in labels if entry.label == entry.family)
    for line, entry in zip(lines, labels, strict=True):
        if not SNAKE_CASE.fullmatch(entry.label):
            wanted = snake_case(entry.label)
            yield line, f"label {entry.label!r} is not snake_case" + (f"; write {wanted}" if wanted else "")
        if (before := first_line.setdefault(_folded(entry.label), line)) != line:
            yield line, f"label {entry.label!r} stands on line {before} already; keep one of them"
        if entry.family not in own_families:
            allowed = ", ".join(own_families) or "none yet"
            yield line, f"unknown family {entry.family!r}; a family is a label that is its own family: {allowed}"
        if not entry.meaning:
            yield line, f"label {entry.label!r} has no meaning; say in a sentence which problems it is for"
