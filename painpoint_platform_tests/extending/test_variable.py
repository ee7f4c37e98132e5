"""The walk to a new variable of perception: trained, held against its gates, exported, and scoring."""

from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from painpoint_platform_tests.extending.conftest import Extended
from painpoint_platform_tests.extending.page import commands, file_of, to_run

pytestmark = pytest.mark.xdist_group("extending")

TITLE = "A new variable of perception"
URGENT = "Everything is down for all our customers, this must be fixed right now, please help immediately!!!"
CALM = "A small wish: the icons could be a little rounder. No hurry."


@pytest.fixture
def labelled(extended: Extended, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page's file with more rows: texts of the synthetic corpus, as urgent as they are aroused."""
    monkeypatch.chdir(tmp_path)
    header = file_of(TITLE, "labelled.csv").splitlines()[0].split(",")
    corpus = extended.module("perception.corpora.synthetic").generate(items=70, users=30, everyday_items=40)
    texts = corpus.frame.with_columns(
        urgency="arousal", timestamp=pl.col("timestamp").dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    )
    texts.select(header).write_csv("labelled.csv")
    short = pl.col("text").str.len_chars().is_between(50, 90)
    texts.select(header).filter(short).head(4).write_csv("few.csv")
    Path("quick.toml").write_text(file_of(TITLE, "quick.toml"))
    pl.DataFrame({"text": [URGENT, CALM]}).write_csv("texts.csv")


@pytest.mark.usefixtures("labelled")
def test_the_variable_is_trained_gated_exported_and_scores_texts(extended: Extended) -> None:
    app = extended.module("cli.app").app
    said = []
    for arguments in commands(to_run(TITLE)[0]):
        result = CliRunner().invoke(app, arguments, catch_exceptions=False)
        assert result.exit_code == 0, result.output
        said.append(result.output)
    [model] = [path.name for path in Path("models").glob("urgency_final_*")]
    assert model == f"urgency_final_{'pending' if 'gate missed: ' in said[0] else 'accepted'}"
    assert Path("models/urgency.html").exists()
    scored = pl.read_csv("scored.csv")
    urgent, calm = scored["urgency"]
    assert urgent > calm
    assert scored["urgency"].is_between(scored["urgency_low"], scored["urgency_high"]).all()
    assert set(scored["urgency_model"]) == {model}


def test_the_page_s_own_rows_are_a_corpus(extended: Extended, tmp_path: Path) -> None:
    file = tmp_path / "labelled.csv"
    file.write_text(file_of(TITLE, "labelled.csv"))
    corpus = extended.module("perception.corpora.corpus").read_corpus(file)
    assert corpus.variables == ("urgency",)
    assert corpus.frame["urgency"].to_list() == [0.97, 0.05]


def test_it_is_a_partition_with_gates(extended: Extended) -> None:
    assert "urgency" in extended.module("partitions").perception_variables.get_partition_keys()
    gates = extended.module("perception.settings_file").load_settings().variable("urgency").gates
    assert (gates.rmse, gates.spearman, gates.mae) == (0.25, 0.30, None)
