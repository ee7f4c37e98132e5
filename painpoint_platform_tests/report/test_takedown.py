"""A post that is taken down is in no report any more: each is made anew, and the search finds nothing."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from painpoint_platform.report import writing
from painpoint_platform.report.folder import read_manifest
from painpoint_platform.report.writing import write_report
from painpoint_platform.sql_models.model import load_models
from painpoint_platform.takedown.forgetting import Takedown, forget
from painpoint_platform.takedown.places import Places
from painpoint_platform.takedown.reports import renew_reports
from painpoint_platform.text.urls import url_hash
from painpoint_platform.warehouse.connection import open_read, open_write
from painpoint_platform_tests.report.known_days import EXPORT, GONE, SECOND, THIRD, url_of
from painpoint_platform_tests.report.test_folder import plain_site

FORGOTTEN = url_of(THIRD, EXPORT, 3)
IN_TITLE, IN_SNIPPET = "Quittengelee-0815", "Mirabellenmus-4711"


@pytest.fixture(autouse=True)
def _plain_site(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "site_files", plain_site)


@pytest.fixture
def places(own_warehouse: Path) -> Places:
    """A platform with one post whose words are its own."""
    data = own_warehouse.parent
    words = {"url": FORGOTTEN, "title": f"Since then {IN_TITLE} is on every invoice"}
    words["said"] = f"And {IN_SNIPPET} is printed below each of them."
    with open_write(own_warehouse) as connection:
        for table, column in (("bronze.raw_items", "body"), ("gold.issue_evidence", "snippet")):
            connection.execute(f"update {table} set title = $title, {column} = $said where url = $url", words)
        # The post is known by the hash of its address, as after a real run.
        for table in ("bronze.raw_items", "gold.issue_evidence", "silver.cluster_assignments", "gold.issue_quotes",
                      "silver.item_perception"):  # fmt: skip
            connection.execute(
                f"update {table} set url_hash = $new where url_hash = $old",
                {"new": url_hash(FORGOTTEN), "old": f"{THIRD.day}-{EXPORT[0]}-3"},
            )
        connection.execute(
            "update silver.cluster_assignments set snippet = $said where url_hash = $key",
            {"said": words["said"], "key": url_hash(FORGOTTEN)},
        )
    return Places(
        warehouse=own_warehouse, analytics=data / "analytics.duckdb", llm_state=data / "llm.sqlite",
        dagster_home=data / "dagster", data_dir=data, artifacts_dir=data.parent / "artifacts", report=data / "report",
        model_cache=data / "models", lock_timeout_s=20,
    )  # fmt: skip


def write(places: Places, folder: Path, **options: Any) -> Path:
    read = partial(open_read, places.warehouse)
    return write_report(read, folder, cache_dir=places.model_cache, **options).folder


def take_down(places: Places) -> Takedown:
    of_issues = [model for model in load_models() if model.table in {"gold.issue_overview", "gold.issue_trends"}]
    return forget([FORGOTTEN], places=places, publish=None, models=of_issues)


def grep(folder: Path, needle: str) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file() and needle.encode() in path.read_bytes()]


def test_no_file_of_any_report_holds_the_post_afterwards(places: Places) -> None:
    report = write(places, places.report)
    copy = write(places, places.data_dir / "for-the-board", day=THIRD)
    older = write(places, places.artifacts_dir / "yesterday", day=SECOND)
    assert grep(report, IN_TITLE) == grep(copy, IN_TITLE)
    assert sorted(grep(report, IN_TITLE)) == ["aa.js", "map.js"]
    assert grep(report, IN_SNIPPET) == ["aa.js"]
    of_a_killed_writer = places.data_dir / ".report.new" / "data"
    of_a_killed_writer.mkdir(parents=True)
    (of_a_killed_writer / "map.js").write_text(f"painpoint.load({IN_TITLE}")

    done = take_down(places)

    assert done.proven, done.problems or done.proof.remainders
    assert not of_a_killed_writer.parent.exists()
    for folder in (report, copy, older):
        assert [grep(folder, words) for words in (IN_TITLE, IN_SNIPPET, FORGOTTEN)] == [[], [], []]
    assert ("reports", "made anew", 3) in [(one.place, one.what, one.count) for one in done.removed]
    days = [(read_manifest(folder) or {})["day"] for folder in (report, copy, older)]
    assert days == ["2025-01-08", "2025-01-08", "2025-01-07"]
    assert '"items":8' not in (report / "data" / "overview.js").read_text().split('"issues"')[0]
    assert '"items":7,"clustered_items":6' in (report / "data" / "overview.js").read_text()


def test_a_report_that_is_being_written_meanwhile_does_not_bring_the_post_back(places: Places) -> None:
    has_read, may_write = threading.Event(), threading.Event()

    @contextmanager
    def reading() -> Iterator[Any]:
        with open_read(places.warehouse) as connection:
            yield connection
        has_read.set()
        assert may_write.wait(20)

    write(places, places.report)
    writer = threading.Thread(
        target=partial(write_report, reading, places.report, cache_dir=places.model_cache, lock_timeout_s=20)
    )
    writer.start()
    assert has_read.wait(10)
    with open_write(places.warehouse) as connection:
        connection.execute("delete from gold.issue_evidence where url = $url", {"url": FORGOTTEN})
    renewing = threading.Thread(target=partial(renew_reports, places))
    renewing.start()
    renewing.join(0.2)
    may_write.set()
    writer.join(20)
    renewing.join(20)
    assert grep(places.report, IN_SNIPPET) == []


def test_a_report_that_cannot_be_made_anew_is_told_and_found(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    write(places, places.report)

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", full)
        done = take_down(places)
    assert not done.proven
    assert any("report: could not be written" in problem for problem in done.problems)
    assert {left.path.name for left in done.proof.remainders} == {"aa.js", "map.js"}
    assert places.journal.exists(), "the next attempt goes on where this one stopped"


def test_a_report_on_a_day_that_has_no_issues_any_more_becomes_one_on_the_latest(places: Places) -> None:
    first = THIRD.replace(day=6)
    report = write(places, places.data_dir / "first-day", day=first)
    with open_write(places.warehouse) as connection:
        connection.execute("delete from gold.issue_overview where cluster_date = $day", {"day": first})
    renew_reports(places)
    assert (read_manifest(report) or {})["day"] == "2025-01-08"
    assert GONE[:16] not in (report / "data" / "overview.js").read_text().split('"painpoints"')[0]
