"""What starts by itself: whatever has new rows, once, and then nothing."""

from collections.abc import Callable, Iterator

import dagster as dg
import pytest

from painpoint_platform.automation import after_any_new_rows, after_new_rows

DAYS = dg.DailyPartitionsDefinition("2025-01-06")
DAY = "2025-01-07"


@dg.asset(partitions_def=DAYS)
def posts() -> None:
    """Collect a day."""


@dg.asset(partitions_def=DAYS, deps=[posts], automation_condition=after_new_rows)
def issues() -> None:
    """Label a day."""


@dg.asset(deps=[posts], automation_condition=after_any_new_rows)
def quality() -> None:
    """Look at all days."""


@dg.asset(group_name="perception")
def models() -> None:
    """Train for hours."""


@dg.asset(deps=[issues, quality, models], automation_condition=after_any_new_rows)
def report() -> None:
    """Write down both."""


class Platform:
    """These assets and the daemon's ticks; what runs do is told, so that they can end in any order."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self._instance = instance
        self._definitions = dg.Definitions(assets=[posts, issues, quality, models, report])
        self._cursor = None

    def ends(self, *assets: dg.AssetsDefinition) -> None:
        for asset in assets:
            day = DAY if asset.partitions_def else None
            self._instance.report_runless_asset_event(dg.AssetMaterialization(asset.key, partition=day))

    def begins(self, asset: dg.AssetsDefinition) -> Callable[[], None]:
        """Start a run of this asset, and return what ends it."""
        job = self._definitions.resolve_implicit_global_asset_job_def().get_subset(asset_selection={asset.key})
        tags = {"dagster/partition": DAY} if asset.partitions_def else {}
        run = self._instance.create_run_for_job(
            job, status=dg.DagsterRunStatus.STARTED, asset_selection={asset.key}, tags=tags
        )
        return lambda: self._instance.report_run_failed(run) and None

    def tick(self) -> set[str]:
        """Return what the daemon starts now."""
        result = dg.evaluate_automation_conditions(self._definitions, self._instance, cursor=self._cursor)
        self._cursor = result.cursor
        return {one.key.to_user_string() for one in result.results if one.true_subset.size}


@pytest.fixture
def platform() -> Iterator[Platform]:
    with dg.DagsterInstance.ephemeral() as instance:
        platform = Platform(instance)
        platform.ends(posts, issues, quality, models, report)
        assert platform.tick() == set()
        yield platform


def test_new_rows_are_followed_once(platform: Platform) -> None:
    platform.ends(posts)
    assert platform.tick() == {"issues", "quality"}
    platform.ends(issues, quality)
    ticks = [platform.tick()]
    platform.ends(report)
    ticks += [platform.tick() for _ in range(4)]
    assert ticks == [{"report"}, set(), set(), set(), set()]


@pytest.mark.parametrize("order", [(issues, quality), (quality, issues)])
def test_the_report_is_written_once_after_a_day_in_whatever_order_its_parts_end(
    platform: Platform, order: tuple[dg.AssetsDefinition, ...]
) -> None:
    platform.ends(posts)
    ticks = [platform.tick()]
    ends = [platform.begins(asset) for asset in order]
    ticks.append(platform.tick())
    for asset, end in zip(order, ends, strict=True):
        platform.ends(asset)
        end()
        ticks.append(platform.tick())
    platform.ends(report)
    ticks += [platform.tick() for _ in range(3)]
    assert ticks == [{"issues", "quality"}, set(), set(), {"report"}, set(), set(), set()]


def test_a_day_that_ends_while_the_report_is_written_is_reported_too(platform: Platform) -> None:
    """The report has read before the day's rows are there."""
    platform.ends(issues)
    assert platform.tick() == {"report"}
    platform.ends(issues, report)
    assert platform.tick() == {"report"}
    platform.ends(report)
    assert [platform.tick() for _ in range(3)] == [set(), set(), set()]


def test_rows_of_a_day_whose_other_part_failed_are_reported(platform: Platform) -> None:
    platform.ends(posts)
    platform.tick()
    fail = platform.begins(quality)
    platform.ends(issues)
    assert platform.tick() == set()
    fail()
    assert platform.tick() == {"report"}


@pytest.mark.parametrize(("at_work", "started"), [(models, {"report"}), (quality, set())])
def test_the_report_waits_for_what_is_soon_there_and_not_for_training(
    platform: Platform, at_work: dg.AssetsDefinition, started: set[str]
) -> None:
    platform.begins(at_work)
    platform.ends(issues)
    assert platform.tick() == started
