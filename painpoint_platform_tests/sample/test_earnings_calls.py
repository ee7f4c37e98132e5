"""The sample call that raises a problem of the sample corpus: which exchange is about it, and on which day."""

from painpoint_platform.sample.corpus import DAYS, load_corpus
from painpoint_platform.sample.earnings_calls import CALLS, EXCHANGES, call_records, problems_asked_about
from painpoint_platform.transcripts.call_dates import call_date
from painpoint_platform.transcripts.pairing import pair
from painpoint_platform.transcripts.records import build_transcripts


def test_a_problem_is_asked_about_on_a_day_on_which_others_report_it() -> None:
    for exchange, problem in problems_asked_about().items():
        call = exchange.split("/")[0]
        day = call_date(call)
        assert call in CALLS
        assert day in DAYS
        assert any(item.problem_id == problem and item.created_at.date() == day for item in load_corpus().items)


def test_the_exchanges_that_pairing_finds_are_those_that_the_truth_names() -> None:
    (transcript,), _ = build_transcripts(call_records(CALLS[0]))
    groups = pair(transcript, mode="never").groups
    about_labels = [f"{CALLS[0]}/{group.qa_group_id}" for group in groups if "label" in group.question_text]
    assert len(groups) == EXCHANGES
    assert about_labels == sorted(problems_asked_about())
