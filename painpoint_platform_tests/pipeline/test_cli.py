"""The command line: mistakes are told in a sentence, results can be read by a machine."""

import json
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from painpoint_platform.cli import demo
from painpoint_platform.cli.app import app, main
from painpoint_platform.llm import prompts
from painpoint_platform.llm.state import StateFile
from painpoint_platform.text import embeddings
from painpoint_platform_tests.llm.token_server import CLIENT_ID, CLIENT_SECRET, TokenServer

COMMANDS = (
    "demo", "run", "backfill", "cluster", "courses", "stage2", "stage3", "qa", "snapshot", "report", "doctor", "llm",
)  # fmt: skip


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(*arguments: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Return exit code and standard error of ``painpoint`` as a user sees them."""
    monkeypatch.setattr(sys, "argv", ["painpoint", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0), capsys.readouterr().err


def test_help_names_every_command() -> None:
    text = CliRunner().invoke(app, ["--help"]).output
    assert all(command in text for command in COMMANDS)


@pytest.mark.parametrize(("path", "name"), [("", ".venv/bin/painpoint"), (".venv/bin", "painpoint")])
def test_what_the_demo_says_to_do_next_can_be_pasted(
    path: str, name: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = folder / ".venv" / "bin" / "painpoint"
    program.parent.mkdir(parents=True)
    program.touch(mode=0o755)
    monkeypatch.setenv("PATH", path)
    monkeypatch.setattr(sys, "argv", [str(program), "demo"])
    steps = [shlex.split(line, comments=True) for line in demo._next_steps("my data/analytics.duckdb")]
    assert steps[1] == [name, "demo", "--ui"]
    assert steps[-1][:3] == ["duckdb", "-readonly", "my data/analytics.duckdb"]
    assert steps[-1][3].startswith("from gold.issue_overview order by")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("run", "--date", "yesterday"), "--date: 'yesterday' is not a day; write it as 2025-01-31"),
        (("run", "--date", "2024-12-31"), "2024-12-31 lies before PARTITIONS_START_DATE (2025-01-01)"),
        (("run", "--date", "2025-01-06", "--source", "myspace"), "'myspace' is no source; choose from github,"),
        (("backfill", "--from", "2025-01-09", "--to", "2025-01-06"), "--from 2025-01-09 lies after --to 2025-01-06"),
    ],
)
def test_a_mistake_is_told_without_a_traceback_and_exits_with_2(
    arguments: tuple[str, ...],
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, told = call(*arguments, monkeypatch=monkeypatch, capsys=capsys)
    assert code == 2
    assert expected in " ".join(told.split())
    assert "Traceback" not in told


def test_a_day_that_is_not_over_cannot_be_collected(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, told = call("run", "--date", str(datetime.now(UTC).date()), monkeypatch=monkeypatch, capsys=capsys)
    assert code == 2
    assert "is not over yet" in told


def test_a_wrong_setting_is_told_with_its_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / ".env").write_text("DATA_DIR=x\nEMBEDING_BACKEND=torch\n")
    code, told = call("doctor", "--offline", monkeypatch=monkeypatch, capsys=capsys)
    assert code == 2
    assert ".env:2: unknown setting EMBEDING_BACKEND; did you mean EMBEDDING_BACKEND?" in " ".join(told.split())


def test_doctor_says_what_is_missing_and_never_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POCKETBASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("POCKETBASE_PASSWORD", "do-not-print-me")
    monkeypatch.setenv("GITHUB_TOKEN", "nor-me")
    monkeypatch.setenv("DATA_DIR", "not/made/yet")
    monkeypatch.setenv("EMBEDDING_BACKEND", "onnx")
    monkeypatch.setattr(embeddings, "_PACKAGES", embeddings._PACKAGES | {"onnx": "no_such_package"})
    monkeypatch.setattr(prompts, "changed_prompts", lambda: ["issue_label/v1.md: differs from the published version"])
    result = CliRunner().invoke(app, ["doctor", "--offline", "--json"])
    report = json.loads(result.stdout)
    missing = {finding["what"] for finding in report["findings"] if finding["state"] == "missing"}
    assert result.exit_code == 1
    assert not report["healthy"]
    assert {"POCKETBASE_EMAIL", "reddit", "onnx", "prompts"} <= missing
    assert "do-not-print-me" not in result.output
    assert "nor-me" not in result.output


def test_doctor_opens_what_is_kept_and_says_what_is_damaged(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = folder / "data"
    data.mkdir()
    for name in ("llm.sqlite", "analytics.duckdb", "painpoint.duckdb"):
        (data / name).write_bytes(b"no database" * 500)
    (data / "author_salt").write_text("short")
    monkeypatch.setenv("TRANSCRIPTS_INBOX", "nowhere")
    monkeypatch.setenv("LLM_REMOTE_MODEL", "embedded/v2")
    monkeypatch.setenv("DAGSTER_HOME", "relative")
    report = json.loads(CliRunner().invoke(app, ["doctor", "--offline", "--json"]).stdout)
    missing = {finding["what"] for finding in report["findings"] if finding["state"] == "missing"}
    assert {"warehouse", "models' answers", "analysts' copy", "author salt", "inbox", "remote", "Dagster"} <= missing


def test_doctor_says_what_is_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    CliRunner().invoke(app, ["snapshot"])
    StateFile(folder / "data" / "llm.sqlite").close()
    monkeypatch.setenv("DAGSTER_HOME", "/srv/dagster")
    report = json.loads(CliRunner().invoke(app, ["doctor", "--offline", "--json"]).stdout)
    found = {finding["what"]: (finding["state"], finding["detail"]) for finding in report["findings"]}
    assert found["models' answers"] == ("ok", f"{folder}/data/llm.sqlite: 0 are kept and not paid for again")
    assert found["analysts' copy"][0] == "ok"
    assert found["Dagster"] == ("ok", "keeps its runs in /srv/dagster")


def test_doctor_reads_the_corpus_settings_and_models_of_perception(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def found() -> dict[str, tuple[str, str]]:
        report = json.loads(CliRunner().invoke(app, ["doctor", "--offline", "--json"]).stdout)
        return {one["what"]: (one["state"], one["detail"]) for one in report["findings"] if one["area"] == "perception"}

    assert found()["corpus"][0] == "ok"
    assert "valence, arousal, willingness: the default" in found()["models"][1]

    (folder / "labelled.csv").write_text("text,valence\nIt broke again.,0.2\nA fine day.,0.9\n")
    (folder / "own.toml").write_text("no_such_setting = 1\n")
    (folder / "models").mkdir()
    monkeypatch.setenv("PERCEPTION_CORPUS", "labelled.csv")
    monkeypatch.setenv("PERCEPTION_SETTINGS", "own.toml")
    monkeypatch.setenv("PERCEPTION_MODELS", "models")
    assert found()["corpus"] == ("ok", "labelled.csv: 2 texts labelled with valence")
    assert found()["settings"][0] == "missing"
    assert "no_such_setting" in found()["settings"][1]
    assert found()["models"] == (
        "missing", "PERCEPTION_MODELS=models: there is no model; train one with `painpoint perception train`"
    )  # fmt: skip


def test_doctor_says_that_a_server_cannot_be_reached(monkeypatch: pytest.MonkeyPatch, world: dict[str, str]) -> None:
    for name, value in world.items():
        monkeypatch.setenv(name, value)
    assert CliRunner().invoke(app, ["doctor", "--json"]).exit_code == 0
    monkeypatch.setenv("HACKERNEWS_API_URL", "http://ada:hunter2@127.0.0.1:9")
    result = CliRunner().invoke(app, ["doctor", "--json"])
    assert "hunter2" not in result.output
    report = json.loads(result.stdout)
    assert [finding["what"] for finding in report["findings"] if finding["state"] == "missing"] == ["hackernews"]


def test_doctor_fetches_a_token_where_the_models_want_one(
    monkeypatch: pytest.MonkeyPatch, world: dict[str, str]
) -> None:
    def told_of_oauth() -> tuple[str, str]:
        result = CliRunner().invoke(app, ["doctor", "--json"])
        assert "the-client-secret" not in result.output
        (found,) = [
            one for one in json.loads(result.stdout)["findings"] if one["what"] in {"OAuth", "LLM_CLIENT_SECRET"}
        ]
        return found["state"], found["detail"]

    for name, value in world.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("LLM_CLIENT_ID", "me")
    assert told_of_oauth() == ("missing", "a client is set, but LLM_TOKEN_ENDPOINT is not: it is not used")
    with TokenServer() as server:
        monkeypatch.setenv("LLM_TOKEN_ENDPOINT", server.url)
        assert told_of_oauth() == ("missing", "not set, but LLM_TOKEN_ENDPOINT is")
        monkeypatch.setenv("LLM_CLIENT_ID", CLIENT_ID)
        monkeypatch.setenv("LLM_CLIENT_SECRET", CLIENT_SECRET)
        assert told_of_oauth() == ("ok", f"{server.url} gives a token to {CLIENT_ID}")
        monkeypatch.setenv("LLM_CLIENT_SECRET", "the-client-secret-of-somebody-else")
        assert told_of_oauth()[0] == "missing"


def test_costs_of_an_empty_warehouse_are_nothing() -> None:
    result = CliRunner().invoke(app, ["llm", "costs", "--json"])
    assert json.loads(result.stdout) == {"cost_usd": 0.0, "rows": []}


def test_a_snapshot_of_an_empty_warehouse_has_all_gold_tables(folder: Path) -> None:
    result = CliRunner().invoke(app, ["snapshot", "--json"])
    assert "gold.issues" in json.loads(result.stdout)["row_counts"]
    assert (folder / "data" / "analytics.duckdb").exists()


def test_help_loads_no_heavy_package() -> None:
    heavy = ["torch", "litellm", "dagster", "duckdb", "polars", "openvino", "hdbscan", "sklearn"]
    code = f"import sys, painpoint_platform.cli.app; print(sorted(set({heavy}) & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert loaded.strip() == "[]"
