"""The inbox of classified transcripts: which calls lie there, and where each of them is.

Belongs here: files and the calls in them. Does not belong here: the shape of a record (``records``), pairing.
"""

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from painpoint_platform.errors import UserError
from painpoint_platform.inbox import is_settled, state_of
from painpoint_platform.transcripts.records import Transcript, read_transcripts

# What Dagster refuses in the name of a partition.
NOT_IN_A_KEY = ("...", "\0", "\a", "\b", "\t", "\n", "\v", "\f", "\r")


@dataclass(frozen=True)
class FoundTranscript:
    """A call in the inbox.

    Attributes:
        key: of the transcript, and its partition.
        path: the file that holds it.
        transcript: as read.
        file_state: see ``inbox.state_of``; empty where nobody asked for it.
    """

    key: str
    path: Path
    transcript: Transcript
    file_state: str = ""

    @cached_property
    def records_sha256(self) -> str:
        """SHA-256 over the call's records: changes when any of them does."""
        return hashlib.sha256(json.dumps(self.transcript.records).encode()).hexdigest()

    @property
    def version(self) -> str:
        """Differs for every change of the file, also for one that brings back what was there before."""
        return f"{self.records_sha256}-{self.file_state}"


@dataclass(frozen=True)
class Changes:
    """What is new in the inbox: calls of files that changed, what is wrong there, and what to remember of it."""

    transcripts: tuple[FoundTranscript, ...]
    problems: tuple[str, ...]
    cursor: str


def changed_transcripts(inbox: Path, cursor: str | None) -> Changes:
    """Read the files that came or changed since ``cursor`` was made; those that are still being copied come later.

    Args:
        inbox: folder of JSON files; it need not exist.
        cursor: as an earlier call returned it; None reads everything.
    """
    known: dict[str, str] = json.loads(cursor) if cursor else {}
    settled = _settled(inbox)
    changed = {inbox / name: state for name, state in settled.items() if known.get(name) != state}
    transcripts, problems = _read(changed)
    kept = {name: state for name, state in known.items() if (inbox / name).exists()}
    return Changes(transcripts, problems, json.dumps(kept | settled))


class InboxFiles:
    """Every call of an inbox, each file read once.

    Args:
        inbox: folder of JSON files.
    """

    def __init__(self, inbox: Path) -> None:
        self._inbox = inbox

    def find(self, key: str) -> FoundTranscript:
        """Return a call.

        Raises:
            UserError: it is in no file, its records are faulty, or two files say different things about it.
        """
        found = self._calls.get(key, [])
        if len({one.records_sha256 for one in found}) > 1:
            places = ", ".join(str(one.path) for one in found)
            raise UserError(f"transcript {key!r}: the files {places} hold different records of it; keep one of them")
        if found:
            return found[0]
        why = [problem for problem in self._problems if f"transcript {key}, " in problem or repr(key) in problem]
        raise UserError(
            f"transcript {key!r}: "
            + ("; ".join(why) if why else f"no file in {self._inbox} has records of it; put its file there")
        )

    @cached_property
    def _contents(self) -> tuple[tuple[FoundTranscript, ...], tuple[str, ...]]:
        return _read(dict.fromkeys(_files(self._inbox), ""))

    @cached_property
    def _calls(self) -> dict[str, list[FoundTranscript]]:
        calls: dict[str, list[FoundTranscript]] = {}
        for found in self._contents[0]:
            calls.setdefault(found.key, []).append(found)
        return calls

    @property
    def _problems(self) -> tuple[str, ...]:
        return self._contents[1]


def _files(inbox: Path) -> list[Path]:
    # What begins with a dot is somebody's unfinished copy, or a system's note on a file.
    return sorted(path for path in inbox.glob("*.json") if not path.name.startswith("."))


def _settled(inbox: Path) -> dict[str, str]:
    """Return the state of each whole file by its name; one that is gone meanwhile, or a link to nowhere, is none."""
    states = {}
    for path in _files(inbox):
        with suppress(FileNotFoundError):
            if is_settled(path):
                states[path.name] = state_of(path)
    return states


def _read(states: Mapping[Path, str]) -> tuple[tuple[FoundTranscript, ...], tuple[str, ...]]:
    """Read files, given with their states: the calls in them, and what is wrong with others."""
    transcripts: list[FoundTranscript] = []
    problems: list[str] = []
    for path, state in states.items():
        try:
            reading = read_transcripts(path)
        except UserError as error:
            problems.append(str(error))
            continue
        problems += [f"{path}: {problem.message}" for problem in reading.problems]
        for transcript in reading.transcripts:
            if any(mark in transcript.key for mark in NOT_IN_A_KEY):
                problems.append(f"{path}: transcript {transcript.key!r}: no name for a partition; rename the call")
            else:
                transcripts.append(FoundTranscript(transcript.key, path, transcript, state))
    return tuple(transcripts), tuple(problems)
