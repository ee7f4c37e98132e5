"""Earnings calls: agreement with a reference, speed of the rules, and what a model costs in ``auto`` and in ``always``.

Run ``python -m benchmarks.transcripts [FOLDER]``; the folder holds ``classified_transcript_sections.json`` and
``qa_groups_reference.json``. Without it the sample calls are taken, whose operator turns are the reference. The model
is a server on loopback by the name of one with a price; it decides as the embedded model does.
"""

import argparse
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.table import Row, machine, print_rows
from painpoint_platform.llm.embedded.qa_boundary import decide_boundary
from painpoint_platform.transcripts.evaluation import Grouping, evaluate, read_groups
from painpoint_platform.transcripts.pairing import pair
from painpoint_platform.transcripts.records import Transcript, build_transcripts, read_transcripts

if TYPE_CHECKING:
    from painpoint_platform.transcripts.qa_run import RunReport
    from painpoint_platform_tests.llm.model_server import Seen

PRICED = "openai/gpt-4o-mini"
TRANSCRIPTS, BLOCKS = 1000, 60


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        calls, reference = files_of(options.folder, Path(folder))
        transcripts = read_transcripts(calls).transcripts
        whole, bare = agreement(transcripts, reference), agreement(stripped(transcripts), reference)
        auto, auto_calls = asked(calls, Path(folder) / "auto", "auto")
        always, always_calls = asked(calls, Path(folder) / "always", "always")
    blocks = sum(len(transcript.blocks) for transcript in transcripts)
    rows = [
        Row("calls", len(transcripts), ""),
        Row("pairwise F1, flags and titles present, no model", whole[0], "", limit=0.99, better="more"),
        Row("exact groups", whole[1], "", limit=0.98, better="more"),
        Row("pairwise F1, bare names, no flags, no model", bare[0], "", limit=0.97, better="more"),
        Row("exact groups", bare[1], "", limit=0.93, better="more"),
        Row("transcripts of 60 blocks a CPU second, rules only", speed(transcripts), "", limit=100, better="more"),
        Row("share of blocks sent to the model in auto", auto.summary.total.blocks_asked / blocks, "", limit=0.1),
        Row("model calls in auto", auto.summary.total.model_calls, ""),
        Row("… in always", always.summary.total.model_calls, ""),
        Row("price in auto", auto.summary.total.cost_usd or 0.0, "USD"),
        Row("price in always", always.summary.total.cost_usd or 0.0, "USD"),
        Row("ledger beside what the server counted", auto.summary.paid_now["model_calls"] - auto_calls, "", limit=0),
        Row("… in always", always.summary.paid_now["model_calls"] - always_calls, "", limit=0),
    ]
    print_rows("Earnings calls", rows, as_json=options.json, note=machine())


def files_of(given: Path | None, folder: Path) -> tuple[Path, Grouping]:
    """Return the file of calls and the reference."""
    if given:
        return given / "classified_transcript_sections.json", read_groups(given / "qa_groups_reference.json")
    from painpoint_platform.sample.earnings_calls import write_sample_calls

    calls = write_sample_calls(folder / "sample")
    reference: dict[str, dict[str, str | None]] = {}
    for transcript in read_transcripts(calls).transcripts:
        group = 0
        for block in transcript.blocks:
            group += block.speaker == "Operator"
            of_call = reference.setdefault(transcript.key, {})
            of_call[str(block.speaker_block_id)] = None if block.speaker == "Operator" else str(group)
    return calls, reference


def stripped(transcripts: Sequence[Transcript]) -> tuple[Transcript, ...]:
    """Return the calls with bare names as speakers and without flags."""
    records = [
        dict(record, question_answer_flag=None, speaker=(record["speaker"] or "").split(",")[0])
        for transcript in transcripts
        for record in transcript.records
    ]
    return build_transcripts(records)[0]


def agreement(transcripts: Sequence[Transcript], reference: Grouping) -> tuple[float, float]:
    """Return pairwise F1 and exact groups of the rules alone."""
    scores = evaluate({call.key: groups_of(call) for call in transcripts}, reference).overall
    return scores.pairwise_f1 or 0.0, scores.exact_groups or 0.0


def groups_of(transcript: Transcript) -> Mapping[str, str | None]:
    """Return the exchange of each block, by the rules."""
    return {
        str(decision.speaker_block_id): None if decision.qa_group_id is None else str(decision.qa_group_id)
        for decision in pair(transcript, mode="never").decisions
    }


def speed(transcripts: Sequence[Transcript]) -> float:
    """Return transcripts of ``BLOCKS`` blocks a second of processor time, from records to exchanges."""
    longest = max(transcripts, key=lambda transcript: len(transcript.blocks))
    first = [record for record in longest.records if record["section_type"] == "Investor Q&A"]
    blocks: dict[int, list[dict[str, Any]]] = {}
    for record in first:
        blocks.setdefault(record["speaker_block_id"], []).append(dict(record))
    taken = [paragraphs for _, paragraphs in zip(range(BLOCKS), list(blocks.values()) * 10, strict=False)]
    numbered, paragraph = [], 0
    for block, paragraphs in enumerate(taken, start=1):
        for record in paragraphs:
            paragraph += 1
            numbered.append(record | {"speaker_block_id": block, "paragraph_id": paragraph})
    many = [[record | {"filename": f"call {number}"} for record in numbered] for number in range(TRANSCRIPTS)]
    began = time.process_time()
    for records in many:
        (transcript,), _ = build_transcripts(records)
        pair(transcript, mode="never")
    return TRANSCRIPTS / (time.process_time() - began)


def asked(calls: Path, out_dir: Path, mode: str) -> "tuple[RunReport, int]":
    """Pair with a model on loopback; return the report and the calls that the server counted."""
    from painpoint_platform.llm.client import Limits, ModelClient
    from painpoint_platform.llm.endpoints import Endpoint, open_route
    from painpoint_platform.transcripts.qa_run import run_file
    from painpoint_platform_tests.llm.model_server import ModelServer

    with ModelServer(answer=decide) as server:
        endpoints = [Endpoint(PRICED, role, server.base_url, "not-a-key") for role in ("LOCAL", "REMOTE")]
        client = ModelClient(
            open_route(*endpoints, embedder=_no_encoder), state_path=out_dir.with_suffix(".sqlite"),
            run_id="benchmark", limits=Limits(),
        )  # fmt: skip
        report = run_file(calls, out_dir, client=client, mode=mode, margin=0.5)  # type: ignore[arg-type]
        client.close()
        return report, len(server.seen)


def decide(seen: "Seen") -> dict[str, Any]:
    """Answer as the embedded model does. The server's loop is running, and this rule waits for nothing."""
    rule = decide_boundary(seen.user_json, attempt=0, embedder=None)  # type: ignore[arg-type]
    try:
        rule.send(None)
    except StopIteration as answered:
        return dict(answered.value)
    raise AssertionError("the rule waits for something")


def _no_encoder() -> Any:
    raise AssertionError("nothing is embedded here")


if __name__ == "__main__":
    main()
