"""``painpoint report`` and the asset: a person and Dagster get the same folder, and it opens."""

import json
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest
from click.testing import Result
from typer.testing import CliRunner

from painpoint_platform.cli.app import app
from painpoint_platform.definitions import build_defs
from painpoint_platform.errors import UserError
from painpoint_platform.jobs import snapshot_job
from painpoint_platform.report.assets import REPORT, build_report_asset
from painpoint_platform.report.folder import read_manifest
from painpoint_platform.resources.report import ReportResource
from painpoint_platform.resources.warehouse import WarehouseResource
from painpoint_platform_tests.conftest import MODEL_CACHE
from painpoint_platform_tests.report.browser import opened
from painpoint_platform_tests.report.known_days import EXPORT

Call = Callable[..., Result]


@pytest.fixture
def call(own_warehouse: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    data = own_warehouse.parent
    monkeypatch.setenv("DATA_DIR", str(data))
    (data / "models").symlink_to(MODEL_CACHE, target_is_directory=True)
    return lambda *arguments: CliRunner().invoke(app, ["report", *arguments])


def test_the_command_writes_a_report_that_opens(call: Call, tmp_path: Path) -> None:
    told = json.loads(call("--json").stdout)
    assert told["day"] == "2025-01-08"
    assert told["counts"]["issues"] == 2
    index = Path(told["index"])
    assert index == tmp_path / "data" / "report" / "index.html"
    assert sum(path.stat().st_size for path in index.parent.rglob("*")) < 10_000_000
    tree = opened(index.parent, f"issue.html#{EXPORT}")
    assert "Export hangs" in (tree.css_first("h1").text())


def test_day_and_folder_can_be_chosen_and_a_mistake_is_told(call: Call, tmp_path: Path) -> None:
    done = call("--date", "2025-01-07", "--out", str(tmp_path / "own"))
    assert "2 issues of 2025-01-07" in done.stdout
    assert (read_manifest(tmp_path / "own") or {})["day"] == "2025-01-07"
    refused = call("--date", "2025-02-07").exception
    assert isinstance(refused, UserError)
    assert "2025-02-07 has no issues" in str(refused)
    assert isinstance(call("--date", "yesterday").exception, UserError)


def test_without_a_day_the_report_says_what_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "new"))
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "models").symlink_to(MODEL_CACHE, target_is_directory=True)
    done = CliRunner().invoke(app, ["report"])
    assert "no day has issues yet" in done.stdout
    assert "painpoint demo" in done.stdout
    assert (tmp_path / "new" / "report" / "index.html").exists()


def test_the_asset_shows_where_the_report_lies_and_what_it_counts(own_warehouse: Path, tmp_path: Path) -> None:
    resources = {
        "warehouse": WarehouseResource(database=str(own_warehouse)),
        "report_folder": ReportResource(folder=str(tmp_path / "report"), cache_dir=str(MODEL_CACHE)),
    }
    done = dg.materialize([build_report_asset([])], resources=resources)
    shown = done.asset_materializations_for_node("operations__report")[0].metadata
    assert shown["path"].value == str(tmp_path / "report" / "index.html")
    assert shown["day"].value == "2025-01-08"
    records = {record.data["what"]: record.data["count"] for record in shown["preview"].value.records}
    assert records["issues"] == 2
    assert float(str(shown["size_mb"].value)) > 0


def test_the_report_follows_gold_and_is_written_with_the_analysts_copy() -> None:
    graph = build_defs().resolve_asset_graph()
    gold = {key for key in graph.get_all_asset_keys() if key.path[0] == "gold"}
    assert graph.get(REPORT).parent_keys == gold
    assert graph.get(REPORT).automation_condition
    assert REPORT in snapshot_job.selection.resolve(graph)
