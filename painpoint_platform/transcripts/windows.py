"""Which blocks a model is shown around the one it decides about.

Belongs here: the window alone. Does not belong here: what is asked (``qa_boundary``).
"""

BLOCKS_BEFORE = 3
BLOCKS_AFTER = 2


def window(index: int, count: int, group_start: int | None = None) -> tuple[range, range]:
    """Return the places of the blocks before and after the one at ``index``, of ``count`` blocks.

    Three before and two after, where there are so many. While an exchange is open, which began at ``group_start``, the
    window reaches back to its beginning if that lies further back.
    """
    first = max(0, index - BLOCKS_BEFORE)
    if group_start is not None:
        first = min(first, group_start)
    return range(first, index), range(index + 1, min(count, index + 1 + BLOCKS_AFTER))
