"""What a run cost, where that is known and where it is not."""

import json
from datetime import UTC, datetime

from painpoint_platform.llm.tasks import Usage
from painpoint_platform.llm.totals import Totals
from painpoint_platform.transcripts.groups import Pairing
from painpoint_platform.transcripts.paired_calls import PairedCall
from painpoint_platform.transcripts.summary import RunSummary, summarize, write_summary
from painpoint_platform_tests.transcripts.made_pairings import decision, group

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def paired(usage: Usage, *groups, asked: int = 0) -> PairedCall:
    return PairedCall(Pairing("call", (decision(1, "group_start", 1),), groups, (), asked, usage), 2.0, NOW)


def summary(*calls: PairedCall) -> RunSummary:
    return summarize(
        started_at=NOW, seconds=3.0, input_file="in.json", mode="always", margin=0.5, models=("a", "b"),
        prompt_version="v1", calls=[(call, False) for call in calls], paid_now=Totals(), unpaired=0, left_out=0,
        errors={},
    )  # fmt: skip


def test_a_cost_that_nobody_knows_is_null_and_without_calls_it_is_nothing():
    unknown = Usage(calls=3, prompt_tokens=10, completion_tokens=5, cost_usd=None)
    assert summary(paired(unknown)).total.cost_usd is None
    assert summary(paired(unknown)).average["cost_usd"] is None
    assert summary(paired(Usage())).total.cost_usd == 0
    known = Usage(calls=1, cost_usd=0.25)
    assert summary(paired(unknown), paired(known)).total.cost_usd == 0.25


def test_totals_and_averages_are_over_all_transcripts():
    one = paired(Usage(4, 100, 10, 0.5, 1.0), group(1, 1, 1, confidence=0.6), asked=4)
    other = paired(Usage(2, 50, 6, 0.1, 1.0), group(1, 1, 1), group(2, 2, 2, method="xml_fallback", confidence=0.5))
    found = summary(one, other)
    assert (found.total.model_calls, found.total.prompt_tokens, found.total.completion_tokens) == (6, 150, 16)
    assert found.total.groups_by_method == {"rule_detection": 2, "xml_fallback": 1}
    assert (found.total.groups, found.total.low_confidence_groups, found.total.blocks_asked) == (3, 2, 4)
    assert found.average["model_calls"] == 3
    assert found.average["seconds"] == 2


def test_a_run_without_a_transcript_has_no_average(tmp_path):
    write_summary(tmp_path, summary())
    found = json.loads((tmp_path / "execution_summary.json").read_bytes())
    assert (found["transcript_count"], found["average"]["groups"], found["total"]["groups"]) == (0, None, 0)
