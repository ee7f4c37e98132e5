"""The files of a run folder, read with tolerance: whatever is wrong with a file is a finding, never an exception.

Belongs here: opening any file of a folder that anyone may have written, as JSON, JSON lines or CSV.
Does not belong here: what the contents must say (``stage2``, ``stage3``); reading a run in order to work with it
(``stage2_folder``, ``stage3_folder``), which is written apart from this on purpose: a validator that reads with the
writer's code would share the writer's mistakes.
"""

import csv
import io
import json
import math
import os
import re
import stat
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from painpoint_platform.courses.validation.findings import NOTHING, WHOLE_FILE, FileFindings, Findings, Words
from painpoint_platform.errors import UserError
from painpoint_platform.files import BYTE_ORDER_MARK

# The largest file that is read whole. A run of a million posts stays below it.
MOST_BYTES = 256 * 1024 * 1024
TEMPORARY = re.compile(
    r"(^|[._-])(tmp|temp|part|partial|unfinished|incomplete)([._-]|$)|^\..*\.new$|~$|\.sw[op]$", re.IGNORECASE
)


@dataclass(frozen=True)
class Table:
    """A CSV file: its columns, and its rows with their number (1-based, the header not counted)."""

    file: str
    columns: tuple[str, ...]
    rows: tuple[tuple[int, dict[str, str]], ...]


class RunFiles:
    """One run folder. Names are relative to it, with forward slashes; ``../..`` leads out of it."""

    def __init__(self, run_dir: Path, found: Findings) -> None:
        """Bind the folder to the collection that takes the findings.

        Raises:
            UserError: there is nothing at ``run_dir``, or it lies where this process may not look.
        """
        if not os.path.exists(run_dir):
            raise UserError(
                f"{run_dir}: no such folder; give the folder of a run, such as artifacts/stage2/runs/<slug>"
            )
        self.root = run_dir.resolve()
        self.found = found

    def is_folder(self) -> bool:
        """Tell whether there is a folder to judge; anything else is a finding."""
        if not self.has_folder("."):
            self.found.add(
                self.root.name, WHOLE_FILE, "run_is_a_folder", Words("a file"),
                "expected the folder of a run; give the folder that holds it",
            )  # fmt: skip
            return False
        return True

    def has_folder(self, name: str) -> bool:
        """Tell whether there is such a folder that can be reached."""
        return os.path.isdir(self.root / name)

    def has(self, name: str) -> bool:
        """Tell whether there is anything of this name that can be reached."""
        return os.path.exists(self.root / name)

    def names(self, folder: str = ".") -> list[str]:
        """List the files of a folder, sorted. Links, special files and leftovers of a killed writer are findings."""
        found = self.found.about(folder)
        try:
            entries = sorted(os.listdir(self.root / folder))
        except FileNotFoundError:
            return []
        except OSError as error:
            found.add(
                WHOLE_FILE, "folder_is_readable", Words(error.strerror or "an error"), "expected a folder to list"
            )
            return []
        names = entries if folder == "." else [f"{folder}/{name}" for name in entries]
        for name in names:
            self._judge_entry(name)
        return [name for name in names if not self.has_folder(name)]

    def content(self, name: str) -> bytes | None:
        """Return a file's bytes; None, with a finding, when it is missing, too large or no readable regular file."""
        path, found = self.root / name, self.found.about(name)
        try:
            status = path.stat()
            if not stat.S_ISREG(status.st_mode):
                found.add(WHOLE_FILE, "file_is_regular", Words(_kind(status.st_mode)), "expected a regular file")
            elif status.st_size > MOST_BYTES:
                size = Words(f"{status.st_size:,} bytes")
                found.add(
                    WHOLE_FILE, "file_is_not_too_large", size, f"expected at most {MOST_BYTES:,}; it was not read"
                )
            else:
                return path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            found.add(WHOLE_FILE, "file_is_there", NOTHING, "expected this file; write the run again")
        except OSError as error:
            found.add(WHOLE_FILE, "file_is_readable", Words(error.strerror or "an error"), "expected a readable file")
        return None

    def text(self, name: str, *, mark_allowed: bool = False) -> str | None:
        """Return a file's text; a byte order mark is a finding unless allowed, and is not part of the text."""
        content, found = self.content(name), self.found.about(name)
        if content is None:
            return None
        if content.startswith(BYTE_ORDER_MARK):
            content = content[len(BYTE_ORDER_MARK) :]
            if not mark_allowed:
                found.add(WHOLE_FILE, "no_byte_order_mark", Words("a byte order mark"), "expected UTF-8 without one")
        try:
            return content.decode("utf-8")
        except UnicodeDecodeError as error:
            byte = Words(f"byte 0x{content[error.start]:02x}")
            found.add(f"byte {error.start}", "text_is_utf8", byte, "expected UTF-8; save it as such")
            return None

    def json_object(self, name: str) -> dict[str, Any] | None:
        """Return the JSON object that a file holds; None, with a finding, when it holds anything else."""
        text = self.text(name)
        return None if text is None else _parsed(self.found.about(name), WHOLE_FILE, text)

    def json_lines(self, name: str) -> list[tuple[int, dict[str, Any]]] | None:
        """Return the JSON objects of a file with their line numbers; lines that hold anything else are findings."""
        text, found = self.text(name), self.found.about(name)
        if text is None:
            return None
        # Only "\n" ends a line: JSON strings may hold the other line separators of Unicode as they are.
        lines = enumerate(text.split("\n"), 1)
        parsed = ((number, _parsed(found, f"line {number}", line)) for number, line in lines if line.strip())
        return [(number, row) for number, row in parsed if row is not None]

    def csv_table(self, name: str, required: Sequence[str]) -> Table | None:
        """Return the rows of a CSV file; None, with findings, when it is none or has not each required column once."""
        text, found = self.text(name, mark_allowed=True), self.found.about(name)
        if text is None:
            return None
        # The limit is one of the process; a cluster of 20,000 posts is over the default.
        csv.field_size_limit(MOST_BYTES)
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        try:
            header, *records = [record for record in reader if record] or [[]]
        except csv.Error as error:
            found.add(
                f"line {reader.line_num}", "csv_is_valid", Words(str(error)), "expected commas and quotes as in CSV"
            )
            return None
        columns = tuple(column.strip() for column in header)
        return _table(found, columns, records) if _has_columns(found, columns, required) else None

    def _judge_entry(self, name: str) -> None:
        path, found = self.root / name, self.found.about(name)
        if os.path.islink(path):
            found.add(
                WHOLE_FILE, "no_symbolic_links", Words("a link"),
                "expected the file itself; a run must not change when something outside of it does",
            )  # fmt: skip
        elif os.path.lexists(path) and not os.path.isfile(path) and not os.path.isdir(path):
            found.add(WHOLE_FILE, "file_is_regular", Words(_kind(path.lstat().st_mode)), "remove it")
        if TEMPORARY.search(path.name):
            found.add(
                WHOLE_FILE, "no_temporary_files", Words("a leftover"), "a killed writer left it behind; remove it"
            )


def _has_columns(found: FileFindings, columns: Sequence[str], required: Sequence[str]) -> bool:
    missing = [column for column in required if column not in columns]
    repeated = [column for column, count in Counter(columns).items() if count > 1]
    if not columns:
        found.add("header", "columns_are_there", NOTHING, f"expected the columns {', '.join(required)}")
        return False
    for column in missing:
        found.add("header", "columns_are_there", list(columns), f"expected a column {column} as well")
    for column in repeated:
        found.add("header", "columns_are_unique", column, "expected each column once")
    return not missing and not set(repeated) & set(required)


def _table(found: FileFindings, columns: tuple[str, ...], records: Sequence[list[str]]) -> Table:
    rows = []
    for number, record in enumerate(records, 1):
        if len(record) != len(columns):
            found.add(
                f"row {number}", "rows_have_all_columns", Words(f"{len(record)} values"),
                f"expected {len(columns)}, one for each of {list(columns)}",
            )  # fmt: skip
        padded = record + [""] * (len(columns) - len(record))
        rows.append((number, dict(zip(columns, padded, strict=False))))
    return Table(found.file, columns, tuple(rows))


def _parsed(found: FileFindings, place: str, text: str) -> dict[str, Any] | None:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        parsed = dict(pairs)
        if len(parsed) < len(pairs):
            for key in (key for key, count in Counter(key for key, _ in pairs).items() if count > 1):
                found.add(place, "json_keys_are_unique", key, "expected each key once in an object")
        return parsed

    try:
        value = json.loads(text, object_pairs_hook=unique)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}" if place == WHOLE_FILE else place
        found.add(where, "json_is_valid", Words(error.msg), "expected one JSON object and nothing else")
        return None
    except (RecursionError, ValueError) as error:
        # Valid JSON that no reader should have to bear: nested thousands deep, numbers of thousands of digits.
        found.add(place, "json_is_valid", Words(str(error)), "expected one JSON object of sane size")
        return None
    if not isinstance(value, dict):
        found.add(place, "json_is_an_object", value, "expected a JSON object {…}")
        return None
    for path, leaf in leaves(value):
        where = path if place == WHOLE_FILE else f"{place}, {path}"
        if isinstance(leaf, float) and not math.isfinite(leaf):
            found.add(where, "numbers_are_finite", Words(str(leaf)), "expected a finite number or null")
        elif isinstance(leaf, str) and not leaf.isascii() and _has_lone_surrogate(leaf):
            found.add(where, "text_is_unicode", leaf, "expected text that UTF-8 can encode, without lone surrogates")
    return value


def located(recorded: object, run_dir: Path) -> Path | None:
    """Return where a path that a manifest of ``run_dir`` records is now; None when it is nowhere.

    Such paths begin with the name of the artefacts' folder, which is the third folder above a run and may have been
    moved or renamed since. Other software may have recorded a path from where it was started.
    """
    if not isinstance(recorded, str) or not recorded.strip() or "\0" in recorded:
        return None
    path = Path(recorded.strip().replace("\\", "/"))
    parents = run_dir.resolve().parents
    candidates = [path] if path.is_absolute() else []
    if len(parents) > 3 and not path.is_absolute():
        candidates += [parents[3] / path, parents[2] / Path(*path.parts[1:])]
    candidates.append(Path.cwd() / path)
    return next((candidate for candidate in candidates if os.path.lexists(candidate)), None)


def leaves(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the JSON path and value of everything in ``value`` that is neither object nor array, in no set order."""
    waiting = [("", value)]
    while waiting:
        path, current = waiting.pop()
        if isinstance(current, dict):
            waiting.extend((f"{path}.{key}" if path else key, item) for key, item in current.items())
        elif isinstance(current, list):
            waiting.extend((f"{path}[{index}]", item) for index, item in enumerate(current))
        else:
            yield path, current


def _has_lone_surrogate(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def _kind(mode: int) -> str:
    kinds = ((stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"))
    return next((words for test, words in kinds if test(mode)), "a special file")
