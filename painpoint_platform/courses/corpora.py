"""Which Stage-1 runs there are: the inbox, and the file of a corpus.

Belongs here: finding predictions files and naming corpora. Does not belong here: reading what they hold
(``predictions``).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from painpoint_platform.courses.predictions import read_provenance
from painpoint_platform.courses.run_folder import safe_slug
from painpoint_platform.errors import UserError
from painpoint_platform.inbox import is_settled, state_of

PREDICTIONS_FILE = "predictions_FULL.csv"


@dataclass(frozen=True)
class Corpus:
    """A Stage-1 run that lies in the inbox; ``state`` changes whenever its predictions do."""

    name: str
    predictions: Path
    state: str


def corpus_name(predictions: Path) -> str:
    """Return the name of the corpus that a predictions file belongs to: its Stage-1 run's slug, safe for file names.

    Raises:
        UserError: the manifest beside the file is malformed.
    """
    return safe_slug(read_provenance(predictions).run_slug)


def settled_corpora(inbox: Path) -> Iterator[Corpus | UserError]:
    """Yield every Stage-1 run of the inbox that is not being copied any more, in the order of their folders.

    A run that cannot be named is yielded as the error that says why, so that it does not hold up the others.
    """
    for predictions in sorted(inbox.glob(f"*/{PREDICTIONS_FILE}")):
        if not is_settled(predictions):
            continue
        try:
            yield Corpus(corpus_name(predictions), predictions, state_of(predictions))
        except UserError as error:
            yield error


def predictions_file(corpus: str, *, inbox: Path, chosen: Path | None = None) -> Path:
    """Return the predictions file of a corpus.

    Args:
        corpus: name of the corpus.
        inbox: folder of Stage-1 runs.
        chosen: a file to take instead of looking into the inbox.

    Raises:
        UserError: no Stage-1 run has this name, or several have.
    """
    candidates = [chosen] if chosen else sorted(inbox.glob(f"*/{PREDICTIONS_FILE}"))
    named: dict[str, list[Path]] = {}
    nameless = []
    for path in candidates:
        try:
            named.setdefault(corpus_name(path), []).append(path)
        except UserError as error:
            nameless.append(str(error))
    found = named.get(corpus, [])
    if len(found) == 1:
        return found[0]
    if found:
        places = ", ".join(str(path.parent) for path in found)
        raise UserError(f"corpus {corpus!r}: several Stage-1 runs have this name ({places}); keep one of them")
    there = "; ".join([", ".join(sorted(named)) or "no Stage-1 run", *nameless])
    raise UserError(
        f"corpus {corpus!r}: no {PREDICTIONS_FILE} of it in {chosen or inbox} (found: {there}); put the Stage-1 run's "
        "folder there, or choose another partition"
    )
