"""Forgetting what models said about a target: kept answers, rejected replies, and reasons on their way to the ledger.

Belongs here: which rows of the model state file go. Does not belong here: the file (``llm.state``), the rule by which a
sentence counts as the target's (``wording``).

The questions are kept as hashes only, so an answer is known by what it says.
"""

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from painpoint_platform.issues.labelling.issue_label import ISSUE_LABEL
from painpoint_platform.llm.state import StateFile

FORGOTTEN = "forgotten: it quoted a post that was taken down"

# From sentences to whether each says what only the target said.
Judge = Callable[[Sequence[str]], Sequence[bool]]


def forget_answers(path: Path, judge: Judge) -> dict[str, int]:
    """Delete what models said from the target's texts, and return the rows deleted or changed by table.

    Args:
        path: the state file; nothing is made where there is none.
        judge: asked about all sentences of a table at once.

    Raises:
        UserError: the file cannot be used.
    """
    if not path.exists():
        return {}
    with closing(StateFile(path)) as state, state.write() as connection:

        def theirs(query: str, *values: str) -> list[tuple[str, ...]]:
            rows = connection.execute(query, values).fetchall()
            return [tuple(key) for (*key, _), own in zip(rows, judge([row[-1] for row in rows]), strict=True) if own]

        answers = theirs("select key, reply from answers where task = ?", ISSUE_LABEL.name)
        connection.executemany("delete from answers where key = ?", answers)
        replies = theirs("select key, attempt, content || ' ' || errors from rejected_replies")
        connection.executemany("delete from rejected_replies where key = ? and attempt = ?", replies)
        calls = theirs("select call_id, error from spooled_calls where error is not null")
        connection.executemany(
            "update spooled_calls set error = ? where call_id = ?", [(FORGOTTEN, *call) for call in calls]
        )
    return {"answers": len(answers), "rejected_replies": len(replies), "spooled_calls": len(calls)}
