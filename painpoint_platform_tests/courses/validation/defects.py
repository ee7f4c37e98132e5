"""Defects of run folders: what is done to a good run, and what must be found then."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from painpoint_platform_tests.courses.validation.run_builder import edited_csv, edited_json

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Defect:
    """What is done to a good run, the finding that must follow, and the rules of others that may."""

    name: str
    do: Callable[[Path], None]
    file: str
    place: str
    rule: str
    also: tuple[str, ...] = ()


def manifest(**fields: Any) -> Callable[[Path], None]:
    """Set fields of the manifest; ``...`` removes one."""

    def do(run: Path) -> None:
        with edited_json(run / MANIFEST) as found:
            set_fields(found, fields)

    return do


def text(file: str, old: str, new: str) -> Callable[[Path], None]:
    def do(run: Path) -> None:
        content = (run / file).read_bytes()
        assert old.encode() in content
        (run / file).write_bytes(content.replace(old.encode(), new.encode("utf-8", "surrogatepass"), 1))

    return do


def content(file: str, value: bytes) -> Callable[[Path], None]:
    return lambda run: (run / file).write_bytes(value) and None


def without(*files: str) -> Callable[[Path], None]:
    def do(run: Path) -> None:
        for file in files:
            (run / file).unlink()

    return do


def rows(file: str, change: Callable[[list[list[str]]], object]) -> Callable[[Path], None]:
    def do(run: Path) -> None:
        with edited_csv(run / file) as found:
            change(found)

    return do


def all_of(*steps: Callable[[Path], None]) -> Callable[[Path], None]:
    def do(run: Path) -> None:
        for step in steps:
            step(run)

    return do


def in_folder_of_its_own_name(file: str) -> Callable[[Path], None]:
    def do(run: Path) -> None:
        (run / file).unlink()
        (run / file).mkdir()

    return do


def linked(file: str) -> Callable[[Path], None]:
    def do(run: Path) -> None:
        elsewhere = run.parent / "elsewhere"
        (run / file).rename(elsewhere)
        (run / file).symlink_to(elsewhere)

    return do


def without_line(file: str, number: int) -> Callable[[Path], None]:
    def do(run: Path) -> None:
        lines = (run / file).read_text(encoding="utf-8").splitlines(keepends=True)
        (run / file).write_text("".join(lines[: number - 1] + lines[number:]), encoding="utf-8")

    return do


def append(path: Path, line: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(line)


def set_fields(found: dict[str, Any], fields: Mapping[str, Any]) -> None:
    for name, value in fields.items():
        if value is ...:
            del found[name]
        else:
            found[name] = value
