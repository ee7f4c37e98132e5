"""How messages and pages name things: how many, the first few of many, a finding with its place, a value as it is read.

Belongs here: wording that several domains share. Does not belong here: what is wrong and what to do about it (whoever
found it), numbers as only pages write them (``pages.page``).
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

# Findings of one kind that a message lists; the rest is counted.
MOST_LISTED = 10
LONGEST_VALUE = 60


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """Write ``1 course`` or ``1,103 courses``; ``plural`` where an s does not make it."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def first_few(names: Sequence[str], *, most: int = 5) -> str:
    """Return ``a, b and 3 more``: the first ``most`` names and how many there are beside them."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def listed(path: Path | str, findings: Sequence[tuple[int, str]], kind: str, *, place: str = "row") -> Iterator[str]:
    """Yield a sentence each for the first findings of one kind, and one that counts the rest.

    Args:
        path: the file that they are about.
        findings: (number of the row or line, text).
        kind: what they have in common, such as ``ragged rows``.
        place: what is numbered: row or line.
    """
    for number, text in findings[:MOST_LISTED]:
        yield f"{path}: {place} {number}: {text}"
    if len(findings) > MOST_LISTED:
        yield f"{path}: {kind}: {len(findings) - MOST_LISTED} more, {len(findings)} in all"


def shown(value: str | None) -> str:
    """Return a value as a message shows it: quoted, on one line, cut where it is long; ``nothing`` for None."""
    if value is None:
        return "nothing"
    return repr(value if len(value) <= LONGEST_VALUE else f"{value[:LONGEST_VALUE]}…")
