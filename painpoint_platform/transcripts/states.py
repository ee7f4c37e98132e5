"""The state machine of a call: at most one exchange is open, and the system numbers exchanges.

Belongs here: which statuses a block may have in which state, and what follows from each. Does not belong here: which of
them is right (``boundaries``, a model) and when the system itself closes an exchange (``pairing``).
"""

from dataclasses import dataclass
from typing import Literal, get_args

Status = Literal["group_start", "group_continue", "group_end", "standalone"]
STATUSES: tuple[Status, ...] = get_args(Status)

WHEN_INACTIVE: tuple[Status, ...] = ("group_start", "standalone")
WHEN_ACTIVE: tuple[Status, ...] = ("group_continue", "group_end", "standalone")


@dataclass(frozen=True, slots=True)
class State:
    """Whether an exchange is open, which one, and the number of the next. ``group_id`` is None when none is open."""

    group_active: bool = False
    group_id: int | None = None
    next_id: int = 1

    @property
    def allowed(self) -> tuple[Status, ...]:
        """The statuses that the next block may have."""
        return WHEN_ACTIVE if self.group_active else WHEN_INACTIVE


def step(state: State, status: Status) -> tuple[State, int | None]:
    """Apply a block's status; return the state after it and the number of the exchange that the block belongs to.

    Raises:
        ValueError: the status is not allowed in this state.
    """
    if status not in state.allowed:
        active = "open" if state.group_active else "not open"
        raise ValueError(f"{status!r} is not allowed while a group is {active}; allowed: {', '.join(state.allowed)}")
    if status == "group_start":
        return State(True, state.next_id, state.next_id + 1), state.next_id
    if status == "standalone":
        return state, None
    return (close(state) if status == "group_end" else state), state.group_id


def close(state: State) -> State:
    """End the open exchange, if there is one: another caller is introduced, or the call is over."""
    return State(next_id=state.next_id)
