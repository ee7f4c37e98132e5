"""Whether a sentence says what only certain posts said.

Belongs here: the rule by which a label, or a model's answer, counts as made from a post. Does not belong here:
searching for the post's own text (``traces``).

A label is the model's words, but it is made from a few posts, and a rare word or a turn of phrase leads back to one of
them. So it goes with the post when it has a word, or a run of ``RUN_WORDS`` words, that the post has and no other does.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from painpoint_platform.llm.output_rules import words
from painpoint_platform.warehouse.queries import fetch

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

RUN_WORDS = 5
# Shorter words are everybody's.
SHORTEST_WORD = 4


def own_wordings(
    connection: "DuckDBPyConnection", texts: Iterable[str], url_hashes: Sequence[str], sentences: Sequence[str]
) -> list[bool]:
    """Say of each sentence whether it has a word or run that ``texts`` have and no item does that stays.

    Args:
        connection: the warehouse, open for reading or writing.
        texts: of the items that are to go.
        url_hashes: those items.
        sentences: labels, answers, reasons.
    """
    theirs = {wording for text in texts for wording in _wordings(text)}
    in_common = [_wordings(sentence) & theirs for sentence in sentences]
    said = {
        wording: bool(
            fetch(connection, "takedown/said_by_others", url_hashes=list(url_hashes), wording=wording)["said"][0]
        )
        for wording in sorted(set().union(*in_common))
    }
    return [not all(said[wording] for wording in common) for common in in_common]


def _wordings(text: str) -> set[str]:
    tokens = words(text)
    runs = {" ".join(tokens[start : start + RUN_WORDS]) for start in range(len(tokens) - RUN_WORDS + 1)}
    return runs | {token for token in tokens if len(token) >= SHORTEST_WORD}
