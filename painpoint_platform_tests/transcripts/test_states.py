"""The state machine: what is allowed, and what follows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from painpoint_platform.transcripts.states import STATUSES, State, Status, close, step


def test_a_group_is_numbered_when_it_starts_and_keeps_its_number_to_its_end() -> None:
    state, numbers = State(), []
    for status in ("standalone", "group_start", "standalone", "group_continue", "group_end", "group_start"):
        state, number = step(state, status)
        numbers.append(number)
    assert numbers == [None, 1, None, 1, 1, 2]
    assert state == State(True, 2, 3)


def test_closing_ends_what_is_open_and_nothing_else() -> None:
    state, _ = step(State(), "group_start")
    assert close(state) == State(False, None, 2)
    assert close(State()) == State()


@pytest.mark.parametrize(
    ("state", "status"),
    [(State(), "group_continue"), (State(), "group_end"), (State(True, 1, 2), "group_start")],
)
def test_what_the_state_does_not_allow_is_refused(state: State, status: Status) -> None:
    with pytest.raises(ValueError, match="not allowed while a group is"):
        step(state, status)


@given(st.lists(st.sampled_from(STATUSES)))
def test_allowed_statuses_never_fail_and_ids_count_up_from_one(statuses: list[Status]) -> None:
    state, numbers = State(), []
    for status in statuses:
        if status in state.allowed:
            state, number = step(state, status)
            numbers.append(number)
    grouped = [number for number in numbers if number is not None]
    assert grouped == sorted(grouped)
    assert set(grouped) == set(range(1, state.next_id))
