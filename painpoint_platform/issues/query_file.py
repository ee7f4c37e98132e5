"""Reading ``sources.yaml``, with the line of every mistake.

Belongs here: YAML, places in the file, the words of its errors.
Does not belong here: which keys there are (``source_queries``).
"""

import difflib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from painpoint_platform.errors import UserError
from painpoint_platform.issues.source_queries import SourceQueries

Location = Sequence[int | str]


def load_queries(path: Path) -> SourceQueries:
    """Read and validate the file.

    Raises:
        UserError: it is missing, no YAML, or has an unknown key or a value that does not fit; names file, line, what
            was found and what is allowed, for every mistake at once.
    """
    root, data = _compose(path)
    try:
        return SourceQueries.model_validate(data)
    except ValidationError as error:
        problems = sorted(
            (_line(root, problem["loc"]), _describe(problem)) for problem in error.errors(include_url=False)
        )
        raise UserError("\n".join(f"{path}:{line}: {text}" for line, text in problems)) from None


def _compose(path: Path) -> tuple[yaml.Node, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UserError(
            f"{path}: no such file; it says what to look for at the sources. Set SOURCES_FILE, or copy sources.yaml "
            "from the repository"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read as UTF-8 text ({error})") from None
    try:
        loader = yaml.SafeLoader(text)
        root = loader.get_single_node()
        if root is None:
            raise UserError(f"{path}:1: the file is empty; expected the sections {_names(SourceQueries)}")
        if not isinstance(root, yaml.MappingNode):
            raise UserError(f"{path}:1: found no 'name: value' pairs; expected the sections {_names(SourceQueries)}")
        for key in _repeated_keys(root):
            raise UserError(
                f"{path}:{key.start_mark.line + 1}: {key.value!r} stands twice in the same section; keep one"
            )
        return root, loader.construct_document(root)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise UserError(
            f"{path}:{line}: broken YAML: {error.problem or error.context}; check indentation and quotes"
        ) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UserError(f"{path}:1: broken YAML: {error}") from None


def _repeated_keys(node: yaml.Node, visited: set[int] | None = None) -> Iterator[yaml.ScalarNode]:
    visited = visited if visited is not None else set()
    if id(node) in visited:
        return
    visited.add(id(node))
    if isinstance(node, yaml.MappingNode):
        known: set[str] = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in known:
                    yield key
                known.add(key.value)
            yield from _repeated_keys(value, visited)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _repeated_keys(value, visited)


def _line(node: yaml.Node, location: Location) -> int:
    """Return the line, from 1, of the deepest part of ``location`` that is in the file."""
    line = node.start_mark.line
    for step in location:
        if isinstance(node, yaml.MappingNode):
            found = [(key, value) for key, value in node.value if getattr(key, "value", None) == str(step)]
            if not found:
                break
            key, node = found[0]
            line = key.start_mark.line
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line
    return line + 1


def _describe(problem: ErrorDetails) -> str:
    location = problem["loc"]
    name = ".".join(map(str, location))
    if problem["type"] == "extra_forbidden":
        return f"unknown key {str(location[-1])!r}; {_allowed(location)}"
    if problem["type"] == "missing":
        return f"{name} is missing; set it, or set {location[0]}.enabled to false or remove the section"
    message = problem["msg"].removeprefix("Value error, ")
    found = "" if isinstance(problem["input"], dict) else f", found {problem['input']!r}"
    quote = (
        "; put it in quotes" if "string" in problem["type"] and isinstance(problem["input"], bool | int | float) else ""
    )
    return f"{name}: {message}{found}{quote}"


def _allowed(location: Location) -> str:
    model: type[BaseModel] = SourceQueries
    if len(location) > 1:
        annotation = SourceQueries.model_fields[str(location[0])].annotation
        model = next(part for part in annotation.__args__ if part is not type(None))  # type: ignore[union-attr]
    near = difflib.get_close_matches(str(location[-1]), model.model_fields, n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    return f"{hint}allowed: {_names(model)}"


def _names(model: type[BaseModel]) -> str:
    return ", ".join(model.model_fields)
