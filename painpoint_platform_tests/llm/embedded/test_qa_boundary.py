"""What the embedded model takes one block of a call for."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

ANALYST, OTHER_ANALYST = "Ada Byron, Analyst, Analytical Securities", "Mary Shelley, Analyst, Frank Bank"
CHIEF = "Charles Babbage, Chief Executive Officer"


def block(speaker, *paragraphs, number=1):
    return {"speaker_block_id": number, "speaker": speaker, "paragraphs": list(paragraphs)}


OPERATOR = block("Operator", "Our next question comes from Ada Byron. Please go ahead.")
QUESTION = block(ANALYST, "Thanks for taking my question.", "How many engines will you ship this year?")
REPLY = block(CHIEF, "Two. The third needs more brass.")


def payload(current, *, active=False, prior=(), future=()):
    return {
        "state": {"group_active": active, "group_id": 1 if active else None},
        "prior_blocks": list(prior),
        "current_block": current,
        "future_blocks": list(future),
    }


@pytest.fixture
def decide(answer):
    return lambda current, **around: answer("qa_boundary", payload(current, **around))[0]


def bare(made):
    return {**made, "speaker": made["speaker"].partition(",")[0]}


@pytest.mark.parametrize("active", [True, False])
@pytest.mark.parametrize(
    "turn", [OPERATOR, block("Moderator", "Hold on."), block("A Voice", "The next question comes from Ada.")]
)
def test_an_operator_stands_alone(decide, turn, active):
    made = decide(turn, active=active, prior=[REPLY])
    assert (made["group_status"], made["confidence_score"]) == ("standalone", 1.0)


def test_an_executive_who_says_next_question_at_length_is_no_operator(decide):
    long = block("Charles Babbage", "On to the next question about brass. " + "We buy more of it every year. " * 12)
    assert decide(long, active=True, prior=[OPERATOR, QUESTION], future=[QUESTION])["group_status"] == "group_continue"


@pytest.mark.parametrize("strip", [bare, dict])
def test_an_exchange_starts_goes_on_and_ends(decide, strip):
    question, reply = strip(QUESTION), strip(REPLY)
    assert decide(question, prior=[OPERATOR], future=[reply, OPERATOR])["group_status"] == "group_start"
    again = [question, OPERATOR]
    assert decide(reply, active=True, prior=[OPERATOR, question], future=again)["group_status"] == "group_continue"
    last = decide(reply, active=True, prior=[OPERATOR, question], future=[OPERATOR, question])
    assert last["group_status"] == "group_continue"  # the same analyst speaks on after a disturbance
    other = strip(block(OTHER_ANALYST, "Could you talk about looms?"))
    last = decide(reply, active=True, prior=[OPERATOR, question], future=[OPERATOR, other])
    assert last["group_status"] == "group_end"


def test_another_analyst_without_an_operator_ends_the_exchange_before(decide):
    other = block(OTHER_ANALYST, "Could you talk about looms?")
    assert decide(REPLY, active=True, prior=[QUESTION], future=[other])["group_status"] == "group_end"
    made = decide(other, active=True, prior=[QUESTION, REPLY])
    assert (made["group_status"], made["confidence_score"]) == ("standalone", 0.5)


def test_the_end_of_the_call_ends_the_exchange(decide):
    assert decide(REPLY, active=True, prior=[OPERATOR, QUESTION])["group_status"] == "group_end"


def test_closing_words_start_nothing(decide):
    assert decide(block(CHIEF, "That was all. Thank you for your time."), prior=[REPLY])["group_status"] == "standalone"
    assert decide(block(ANALYST.partition(",")[0], "Great, thank you."), prior=[REPLY])["group_status"] == "standalone"


blocks = st.builds(
    block,
    st.sampled_from([ANALYST, OTHER_ANALYST, CHIEF, "Operator", "Ada Byron", "", ",", "Unidentified Analyst", "-"]),
    st.text(max_size=40) | st.sampled_from(["Next question?", "Thank you.", "My question is on brass"]),
    number=st.integers(1, 99),
)


@given(blocks, st.booleans(), st.lists(blocks, max_size=4), st.lists(blocks, max_size=2))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_decision_is_allowed_in_its_state(decide, current, active, prior, future):
    made = decide(current, active=active, prior=prior, future=future)
    allowed = {"group_continue", "group_end", "standalone"} if active else {"group_start", "standalone"}
    assert made["group_status"] in allowed
    assert made["current_block_id"] == current["speaker_block_id"]
    assert 0 <= made["confidence_score"] <= 1
    assert 0 < len(made["reasoning"]) <= 100
