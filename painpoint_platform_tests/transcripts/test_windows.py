"""Windows around a block."""

from hypothesis import given
from hypothesis import strategies as st

from painpoint_platform.transcripts.windows import window


def test_three_blocks_before_and_two_after_are_shown_where_there_are_so_many() -> None:
    assert window(10, 20) == (range(7, 10), range(11, 13))
    assert window(1, 3) == (range(1), range(2, 3))
    assert window(0, 1) == (range(0), range(1, 1))


def test_in_an_open_exchange_the_window_reaches_back_to_its_start_but_is_never_shorter() -> None:
    assert window(10, 20, group_start=2)[0] == range(2, 10)
    assert window(10, 20, group_start=9)[0] == range(7, 10)


@given(st.data())
def test_a_window_never_leaves_the_call_nor_holds_the_block_itself(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 50))
    index = data.draw(st.integers(0, count - 1))
    before, after = window(index, count, data.draw(st.none() | st.integers(0, index)))
    shown = [*before, index, *after]
    assert shown == list(range(shown[0], shown[-1] + 1))
    assert shown[0] >= 0
    assert shown[-1] < count
