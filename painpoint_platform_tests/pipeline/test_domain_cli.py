"""``painpoint courses``, ``stage2``, ``stage3`` and ``qa`` as their users call them."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from painpoint_platform.cli.app import main
from painpoint_platform.cli.qa import run_transcripts
from painpoint_platform.jobs import open_instance
from painpoint_platform.layers import gold
from painpoint_platform.sample.course_feedback import CORPUS, write_sample
from painpoint_platform.sample.earnings_calls import CALLS, EXCHANGES, write_sample_calls
from painpoint_platform.settings import load_settings
from painpoint_platform_tests.conftest import MODEL_CACHE
from painpoint_platform_tests.pipeline.conftest import QUICK_TRAINING, time_few_texts


class Shell:
    """Calls ``painpoint`` in a folder of its own and returns exit code, standard output and standard error."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._monkeypatch, self._capsys = monkeypatch, capsys

    def __call__(self, *arguments: object) -> tuple[int, str, str]:
        self._monkeypatch.setattr(sys, "argv", ["painpoint", *map(str, arguments)])
        code: int | str | None = 0
        try:
            main()
        except SystemExit as ended:
            code = ended.code
        captured = self._capsys.readouterr()
        return int(code or 0), captured.out, " ".join(captured.err.split())


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "models").symlink_to(MODEL_CACHE, target_is_directory=True)
    return Shell(tmp_path, monkeypatch, capsys)


def run_courses(shell: Shell, *options: str) -> tuple[int, dict[str, Any]]:
    predictions, course_list = write_sample(shell.folder / "in", posts=80, courses=10)
    code, out, _ = shell("courses", "run", "--predictions", predictions, "--courses", course_list, "--json", *options)
    return code, json.loads(out)


def test_a_course_run_tells_where_everything_is_and_its_folders_are_valid(shell: Shell) -> None:
    code, result = run_courses(shell)
    assert code == 0
    assert result["stage2_dir"] == f"artifacts/stage2/runs/embedded-v1_s2_cluster_{CORPUS}"
    assert (result["stage2"]["rows_read"], result["faults"]) == (80, [])
    assert result["top_themes"][0]["theme_rank"] == 1
    for stage in ("stage2", "stage3"):
        code, out, _ = shell(stage, "validate", result[f"{stage}_dir"])
        assert (code, "valid, nothing found" in out) == (0, True)
    code, out, _ = shell("stage3", "compare", result["stage3_dir"], result["stage3_dir"], "--json")
    assert (code, json.loads(out)["ami"]) == (0, 1.0)


def test_until_stage2_leaves_out_themes_and_a_fault_in_its_folder_is_found(shell: Shell) -> None:
    elsewhere = shell.folder / "elsewhere"
    code, result = run_courses(shell, "--until", "stage2", "--artifacts", str(elsewhere))
    assert code == 0
    assert "stage3" not in result
    assert not (elsewhere / "stage3").exists()
    assert Path(result["stage2_dir"]).is_relative_to(elsewhere)
    assert result["stage2"]["painpoints_csv"].startswith("elsewhere/stage2/runs/")
    clusters = sorted(Path(result["stage2_dir"], "clusters").iterdir())[0]
    clusters.write_text(clusters.read_text().replace('"num_posts": 1', '"num_posts": 7', 1))
    code, out, _ = shell("stage2", "validate", result["stage2_dir"], "--json")
    told = json.loads(out)
    assert (code, told["valid"]) == (1, False)
    assert {"num_posts_is_len_of_post_ids"} <= {finding["rule"] for finding in told["findings"]}
    assert all(finding["file"] and finding["place"] and finding["advice"] for finding in told["findings"])
    _, out, _ = shell("stage2", "validate", result["stage2_dir"])
    head, *lines = out.splitlines()
    assert head == f"1 finding in {result['stage2_dir']}"
    found = told["findings"][0]
    assert lines[0].startswith(f"{found['file']}, {found['place']}: {found['rule']}: found {found['value']}; ")
    assert len(lines) == len(told["findings"])


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("courses", "run", "--predictions", "no.csv", "--courses", "no.csv"), "--predictions: no.csv is not a file"),
        (("stage2", "validate", "nowhere"), "nowhere"),
        (("stage3", "compare", "nowhere", "nowhere"), "nowhere"),
        (("qa", "run", "no.json", "--out", "out"), "no.json: cannot be read"),
        (("qa", "review", "nowhere"), "nowhere"),
        (("qa", "evaluate", "no.json", "no.json"), "no.json: cannot be read"),
    ],
)
def test_a_mistake_is_told_without_a_traceback_and_exits_with_2(
    shell: Shell, arguments: tuple[str, ...], expected: str
) -> None:
    code, _, told = shell(*arguments)
    assert code == 2
    assert expected in told
    assert "Traceback" not in told


def test_a_wrong_file_of_predictions_fails_with_row_and_value(shell: Shell) -> None:
    predictions, course_list = write_sample(shell.folder / "in", posts=20, courses=3)
    predictions.write_text(predictions.read_text().replace(",n,", ",perhaps,", 1))
    code, out, told = shell("courses", "run", "--predictions", predictions, "--courses", course_list, "--json")
    assert code == 1
    assert "perhaps" in json.loads(out)["failures"][0]
    assert "row " in told


def test_calls_are_paired_judged_and_reviewed(shell: Shell) -> None:
    calls = write_sample_calls(shell.folder / "in")
    code, out, _ = shell("qa", "run", calls, "--out", "out", "--json")
    summary = json.loads(out)
    assert (code, summary["transcript_count"], summary["total"]["groups"]) == (0, len(CALLS), EXCHANGES * len(CALLS))
    output = shell.folder / "out" / "qa_paired_transcript_sections.json"
    code, out, _ = shell("qa", "evaluate", output, output, "--json")
    assert (code, json.loads(out)["pairwise_f1"], json.loads(out)["pk"]) == (0, 1.0, 0.0)
    code, out, _ = shell("qa", "review", "out", "--json")
    index = Path(json.loads(out)["index"])
    assert code == 0
    assert {path.name for path in index.parent.iterdir()} == {"index.html", *(f"{call}.html" for call in CALLS)}
    assert all(f'href="{call}.html"' in index.read_text() for call in CALLS)


def test_the_embedded_model_is_asked_about_blocks_only_where_that_is_said(shell: Shell) -> None:
    calls = write_sample_calls(shell.folder / "in")
    for mode, asks in (("auto", False), ("always", True)):
        _, out, _ = shell("qa", "run", calls, "--out", mode, "--model", mode, "--json")
        summary = json.loads(out)
        assert summary["mode"] == ("always" if asks else "never")
        assert (summary["total"]["blocks_asked"] > 0) == asks


def test_a_transcript_that_cannot_be_paired_exits_with_1_and_the_others_are_there(shell: Shell) -> None:
    calls = write_sample_calls(shell.folder / "in")
    records = json.loads(calls.read_text())
    del records[0]["speaker"]
    calls.write_text(json.dumps(records))
    code, out, _ = shell("qa", "run", calls, "--out", "out", "--json")
    assert (code, json.loads(out)["transcript_count"], json.loads(out)["unpaired"]) == (1, len(CALLS) - 1, 1)
    written = json.loads((shell.folder / "out" / "qa_paired_transcript_sections.json").read_text())
    assert len(written["records"]) == len(records)


def test_a_synthetic_corpus_is_the_same_each_time_and_can_be_read(shell: Shell) -> None:
    from painpoint_platform.perception.corpora.corpus import read_corpus

    code, out, _ = shell("perception", "synth", "--items", 52, "--users", 8, "--out", "a.jsonl", "--json")
    assert (code, json.loads(out)["items"]) == (0, 52)
    shell("perception", "synth", "--items", 52, "--users", 8, "--out", "b.jsonl")
    assert (shell.folder / "a.jsonl").read_bytes() == (shell.folder / "b.jsonl").read_bytes()
    assert {"valence", "arousal", "willingness"} <= set(read_corpus(shell.folder / "a.jsonl").variables)
    code, _, told = shell("perception", "synth", "--out", "a.xlsx")
    assert (code, "a.xlsx" in told) == (2, True)


def test_a_model_is_trained_judged_and_scores_a_file(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    time_few_texts(monkeypatch)
    shell("perception", "synth", "--items", 260, "--users", 40, "--everyday", 140, "--out", "corpus.jsonl")
    Path("quick.toml").write_text(QUICK_TRAINING)
    code, out, _ = shell("perception", "train", "--corpus", "corpus.jsonl", "--variable", "arousal", "--trials", "2",
                         "--settings", "quick.toml", "--out", "models", "--json")  # fmt: skip
    (model,) = json.loads(out)["models"]
    assert code == 0
    assert model["name"] in {"arousal_final_accepted", "arousal_final_pending"}
    assert model["test"]["pearson"] > 0.4
    Path("texts.csv").write_text("note,said\n1,I am so angry that I could scream!!\n2,\n3,a calm day\n")
    code, _, told = shell(
        "perception", "score", "texts.csv", "--text", "said", "--models", "models", "--out", "scored.csv"
    )
    assert "1 row without a text" in told
    header, *rows = Path("scored.csv").read_text().splitlines()
    assert (code, header) == (0, "note,said,arousal,arousal_low,arousal_high,arousal_model")
    angry, _, calm = (row.rsplit(",", 4)[1:] for row in rows)
    assert float(angry[0]) > float(calm[0])
    assert all(float(low) <= float(value) <= float(high) for value, low, high, _ in (angry, calm))
    code, _, told = shell(
        "perception", "score", "scored.csv", "--text", "said", "--models", "models", "--out", "scored.csv"
    )
    assert (code, "columns that it has already (arousal, arousal_low, arousal_high, arousal_model)" in told) == (
        2,
        True,
    )
    code, out, told = shell("perception", "evaluate", "--corpus", "corpus.jsonl", "--models", "models", "--json")
    judged = json.loads(out)["arousal"]
    assert (code, judged["rows"] > 0, "trained on this very file" in told) == (0, True, True)
    assert judged["pearson_without_past"] <= judged["pearson"]
    assert judged["within_author_low"] < judged["within_author"] < judged["within_author_high"]
    code, out, _ = shell("perception", "export", "--models", "models", "--precision", "fp16", "--json")
    assert (code, json.loads(out)["precisions"]["fp16"]["parity"]["arousal"] < 0.005) == (0, True)
    code, _, _ = shell(
        "perception", "score", "texts.csv", "--text", "said", "--models", "models/export", "--out", "served.csv"
    )
    served = [row.rsplit(",", 4)[1:] for row in Path("served.csv").read_text().splitlines()[1:]]
    assert code == 0
    assert [float(row[0]) for row in served] == pytest.approx([float(row.rsplit(",", 4)[1]) for row in rows], abs=0.02)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("train", "--corpus", "c.jsonl", "--variable", "joy"), "there is no variable 'joy'"),
        (("train", "--corpus", "no.jsonl", "--variable", "valence"), "no.jsonl: cannot be read"),
        (
            ("score", "t.csv", "--text", "said", "--models", "none", "--out", "o.csv"),
            "--models none: there is no model",
        ),
        (("score", "t.csv", "--text", "said", "--models", "none", "--out", "o.txt"), "--out o.txt: cannot write .txt"),
    ],
)
def test_a_mistake_about_perception_is_told_in_a_sentence(
    shell: Shell, arguments: tuple[str, ...], expected: str
) -> None:
    shell("perception", "synth", "--items", 26, "--users", 6, "--out", "c.jsonl")
    Path("t.csv").write_text("said\nhello\n")
    code, _, told = shell("perception", *arguments)
    assert (code, expected in told, "Traceback" in told) == (2, True, False)


def test_calls_run_whatever_the_order_in_which_they_became_known(shell: Shell) -> None:
    """Dagster names a run's partitions by the first and the last, in the order in which they were added."""
    inbox = write_sample_calls(shell.folder / "in").parent
    settings = load_settings(None)
    first, second = CALLS[:2]
    for keys in ([second], [first, second]):
        assert all(outcome.succeeded for outcome in run_transcripts(settings, keys, inbox=inbox))
    with open_instance(settings.data_dir) as instance:
        assert instance.get_materialized_partitions(gold("qa_groups")) == {first, second}
