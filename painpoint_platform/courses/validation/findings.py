"""What a validator says about a run folder.

Belongs here: one finding, collecting them, showing a value that may be anything. Does not belong here: the rules
(``stage2``, ``stage3``), how findings are printed (``cli``).
"""

import json
from collections.abc import Callable
from dataclasses import dataclass

# Told what is no finding but limits what could be judged.
Say = Callable[[str], None]

WHOLE_FILE = "file"
LONGEST_SHOWN = 160


@dataclass(frozen=True, slots=True)
class Finding:
    """One place in a run folder that breaks one rule, in words that can be printed and encoded anywhere.

    Attributes:
        file: path relative to the run folder, such as ``clusters/C949.json``.
        place: where in the file: a cluster id, ``row 3``, ``line 3``, ``course C949``, a JSON path, or ``file``.
        rule: short, stable name of the rule, such as ``num_posts_is_len_of_post_ids``.
        value: what was found there.
        advice: what was expected, and what to do where that does not follow.
    """

    file: str
    place: str
    rule: str
    value: str
    advice: str

    def __str__(self) -> str:
        return f"{self.file}, {self.place}: {self.rule}: found {self.value}; {self.advice}"


class Findings:
    """Findings in the order in which they were made, each once."""

    def __init__(self) -> None:
        self._found: dict[Finding, None] = {}

    def __len__(self) -> int:
        return len(self._found)

    def add(self, file: str, place: str, rule: str, value: object, advice: str) -> None:
        """Add a finding; ``value`` is shown as JSON, a ``Words`` value as it is."""
        finding = Finding(printable(file), printable(place), rule, shown(value), printable(advice))
        self._found.setdefault(finding)

    def about(self, file: str) -> "FileFindings":
        """Return the same collection for findings about one file."""
        return FileFindings(file, self)

    def extend(self, others: "Findings") -> None:
        """Add what ``others`` found."""
        self._found |= others._found

    def listed(self) -> list[Finding]:
        """Return what was found so far."""
        return list(self._found)


@dataclass(frozen=True, slots=True)
class FileFindings:
    """The findings about one file."""

    file: str
    found: Findings

    def add(self, place: str, rule: str, value: object, advice: str) -> None:
        """Add a finding about this file; see ``Findings.add``."""
        self.found.add(self.file, place, rule, value, advice)


class Words(str):
    """A value that is no quotation from a file but says in words what was found, such as ``nothing``."""

    __slots__ = ()


NOTHING = Words("nothing")


def shown(value: object) -> str:
    """Return a value as a person reads it: words as they are, everything else as JSON; cut when it is long."""
    try:
        text = str(value) if isinstance(value, Words) else json.dumps(value, ensure_ascii=False, default=str)
    except RecursionError:
        text = "something nested without end"
    return printable(text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}… ({len(text):,} characters)")


def printable(text: str) -> str:
    """Return the text with everything escaped that a terminal obeys or UTF-8 cannot encode.

    File names and JSON strings may hold lone surrogates and control characters.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )
