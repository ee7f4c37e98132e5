"""What holds for every call, whoever decides and however badly."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from painpoint_platform.transcripts.groups import Decision, Undecided
from painpoint_platform.transcripts.operators import Utterance, find_operators
from painpoint_platform.transcripts.pairing import annotate, pair
from painpoint_platform.transcripts.records import build_transcripts
from painpoint_platform.transcripts.states import STATUSES
from painpoint_platform_tests.transcripts.made_calls import records_of

SPEAKERS = (
    "Operator", "Moderator", "Ann Lee, Big Bank - Analyst", "Bob Lee, Other Bank - Analyst", "Ann Lee", "Bob Lee",
    "Unidentified Analyst", "Jane Doe, Acme Corp - CEO", "Carl Gauss", "",
)  # fmt: skip
TEXTS = (
    "Thank you.", "Thank you. Our next question comes from Ann Lee with Big Bank.", "One moment, please.",
    "Thanks for taking my question. How should we think about the margins that you expect for next year?",
    "Next question, please.", "That concludes our question-and-answer session.", "We expect an improvement.", "",
)  # fmt: skip
turns = st.lists(
    st.tuples(
        st.sampled_from(SPEAKERS), st.sampled_from(["question", "answer", None, "remark"]), st.sampled_from(TEXTS)
    ),
    max_size=25,
)
answers = st.lists(
    st.none()
    | st.builds(Undecided, st.sampled_from(["boundary", "validation", "authentication"]), st.just("no"))
    | st.builds(Decision, st.sampled_from([*STATUSES, "no status"]), st.floats(-0.2, 1.2) | st.just(float("nan"))),
    min_size=1,
)


@settings(max_examples=150)
@given(turns, answers, st.sampled_from(["never", "auto", "always"]), st.floats(0, 1))
def test_the_facts_of_the_state_machine_hold(
    spoken: list[tuple[str, str | None, str]], replies: list[Any], mode: Any, margin: float
) -> None:
    records = records_of("call", spoken)
    (transcript,) = build_transcripts(records)[0]
    asked: list[Mapping[str, Any]] = []

    def decide(payload: Mapping[str, Any], active: bool) -> Any:
        asked.append(payload)
        return replies[len(asked) % len(replies)]

    pairing = pair(transcript, mode=mode, margin=margin, decide=decide)

    # Every block is in exactly one state.
    assert [one.speaker_block_id for one in pairing.decisions] == [one.speaker_block_id for one in transcript.blocks]
    for one in pairing.decisions:
        assert one.status in STATUSES
        assert (one.status == "standalone") == (one.qa_group_id is None)
        assert 0 <= one.confidence <= 1
    # Numbers are contiguous from 1, in the order of starts.
    starts = [one.qa_group_id for one in pairing.decisions if one.status == "group_start"]
    assert starts == list(range(1, len(starts) + 1)) == [group.qa_group_id for group in pairing.groups]
    # At most one group is open: one that another followed never goes on, nor does one that ended.
    numbers = [one.qa_group_id for one in pairing.decisions if one.qa_group_id]
    assert all(later in (earlier, earlier + 1) for earlier, later in pairwise(numbers))
    ended: set[int | None] = set()
    for one in pairing.decisions:
        assert one.qa_group_id is None or one.qa_group_id not in ended
        if one.status == "group_end":
            ended.add(one.qa_group_id)
    # No operator is in a group, not even inside its range.
    operators = find_operators([Utterance.of(block) for block in transcript.blocks])
    for one, operator in zip(pairing.decisions, operators, strict=True):
        assert operator is None or (one.qa_group_id is None and one.confidence == 1.0 and one.decided_by == "operator")
    # A model is asked once a block at most, and never about an operator.
    current = [payload["current_block"]["speaker_block_id"] for payload in asked]
    assert len(set(current)) == len(current) == pairing.asked
    assert not {one.speaker_block_id for one in pairing.decisions if one.decided_by == "operator"} & set(current)
    # Records are unchanged but for the three fields.
    for before, after in zip(records, annotate(records, pairing), strict=True):
        assert list(after.items())[:-3] == list(before.items())
        assert list(after)[-3:] == ["qa_group_id", "qa_group_confidence", "qa_group_method"]
        assert (
            (after["qa_group_id"] is None)
            == (after["qa_group_confidence"] is None)
            == (after["qa_group_method"] is None)
        )
