"""Prompt templates: one file a task and version, never edited once published.

Belongs here: finding, reading and fingerprinting ``prompts/<task>/v<N>.md`` and the list of published fingerprints.
Does not belong here: the data of a request; a template is the system message and takes no parameters.
"""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from painpoint_platform.errors import UserError
from painpoint_platform.paths import bundled

PUBLISHED = "published.sha256"


@dataclass(frozen=True, slots=True)
class Prompt:
    """A template as read: ``version`` such as ``v1``, the text, and the SHA-256 (hex) of the file's bytes."""

    task: str
    version: str
    text: str
    sha256: str


@cache
def load_prompt(task: str, version: str) -> Prompt:
    """Read the template of a task.

    Raises:
        UserError: there is no such file; the message lists the versions that exist.
    """
    path = bundled("prompts") / task / f"{version}.md"
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        versions = sorted(found.stem for found in path.parent.glob("v*.md"))
        raise UserError(
            f"{path}: no prompt {version} for task {task!r}; there are: {', '.join(versions) or 'none'}"
        ) from None
    return Prompt(task, version, raw.decode("utf-8").strip(), hashlib.sha256(raw).hexdigest())


def changed_prompts(folder: Path | None = None) -> list[str]:
    """Name every template whose file differs from the published list, is missing in it, or is gone.

    The list is ``prompts/published.sha256`` in the format of ``sha256sum``. An answer that was paid for is kept under
    the template's fingerprint, so a change of wording must become a new version.
    """
    folder = folder or bundled("prompts")
    lines = (folder / PUBLISHED).read_text(encoding="utf-8").splitlines()
    published = {name: digest for digest, _, name in (line.partition("  ") for line in lines if line.strip())}
    present = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.glob("*/v*.md")
    }
    problems = [f"{name}: published, but the file is gone" for name in sorted(published.keys() - present.keys())]
    for name, digest in sorted(present.items()):
        if name not in published:
            problems.append(f"{name}: not in {PUBLISHED}; add its line when the version is finished")
        elif published[name] != digest:
            problems.append(f"{name}: differs from the published version; restore it and write the next version")
    return problems
