"""Partitions: keys, and a range that commits one by one."""

from datetime import date
from typing import Any

import dagster as dg
import pytest

from painpoint_platform.errors import DataContractError, UserError
from painpoint_platform.partitions import (
    Committed,
    consecutive,
    daily_partitions,
    materialize_each,
    one_run_a_range,
    source_and_day,
    source_day_key,
)

KEY = dg.AssetKey(["gold", "things"])
CHECKS = (dg.AssetCheckSpec("whole", asset=KEY),)


def things(outcomes: dict[str, Any], seen: list[str]) -> dg.AssetsDefinition:
    def one_day(key: str) -> Committed:
        seen.append(key)
        outcome = outcomes.get(key)
        if isinstance(outcome, Exception):
            raise outcome
        return Committed({KEY: {"day": key}}, warnings={"whole": outcome} if outcome else {})

    @dg.multi_asset(
        specs=[dg.AssetSpec(KEY)], check_specs=CHECKS, partitions_def=daily_partitions, backfill_policy=one_run_a_range
    )
    def asset(context: dg.AssetExecutionContext) -> Any:
        yield from materialize_each(context, one_day, checks=CHECKS)

    return asset


def run_range(
    first: str, last: str, outcomes: dict[str, Any] | None = None
) -> tuple[Any, dg.DagsterInstance, list[str]]:
    seen: list[str] = []
    instance = dg.DagsterInstance.ephemeral()
    tags = {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}
    result = dg.materialize([things(outcomes or {}, seen)], instance=instance, tags=tags, raise_on_error=False)
    return result, instance, seen


def failure_text(result: Any) -> str:
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    return str(failure.step_failure_data.user_failure_data.description)


def check_of(result: Any) -> Any:
    (evaluation,) = result.get_asset_check_evaluations()
    return evaluation


def test_the_key_of_a_sources_day_sorts_its_dimensions_by_name() -> None:
    key = source_day_key("github", date(2025, 1, 2))
    assert str(key) == "2025-01-02|github"
    assert source_and_day(key) == ("github", date(2025, 1, 2))


def test_a_range_runs_every_day_of_it_in_order() -> None:
    result, instance, seen = run_range("2025-01-30", "2025-02-02")
    assert result.success
    assert seen == ["2025-01-30", "2025-01-31", "2025-02-01", "2025-02-02"]
    assert instance.get_materialized_partitions(KEY) == set(seen)


def test_each_day_of_a_range_carries_its_own_metadata() -> None:
    _, instance, seen = run_range("2025-01-01", "2025-01-03")
    events = instance.fetch_materializations(KEY, limit=10).records
    assert {event.partition_key: event.asset_materialization.metadata["day"].value for event in events} == {
        day: day for day in seen
    }


def test_a_range_goes_on_after_a_failed_day_and_names_it_at_the_end() -> None:
    result, instance, seen = run_range("2025-01-01", "2025-01-04", {"2025-01-02": UserError("mend the token")})
    assert not result.success
    assert len(seen) == 4
    assert failure_text(result) == "1 of 4 partitions failed:\n2025-01-02: mend the token"
    assert instance.get_materialized_partitions(KEY) == {"2025-01-01", "2025-01-03", "2025-01-04"}


def test_a_run_without_partitions_is_an_error_and_not_a_quiet_success() -> None:
    result, _, seen = run_range("2025-01-03", "2025-01-01")
    assert not result.success
    assert seen == []
    assert "names no partition" in failure_text(result)


def test_a_check_that_held_the_transaction_back_is_reported_as_failed() -> None:
    broken = DataContractError("gold.things: 3 rows", check_name="whole")
    result, _, _ = run_range("2025-01-01", "2025-01-02", {"2025-01-01": broken})
    assert not result.success
    assert not check_of(result).passed
    assert check_of(result).severity == dg.AssetCheckSeverity.ERROR


@pytest.mark.parametrize("outcomes", [{}, {"2025-01-02": UserError("mend the token")}])
def test_a_check_follows_the_materialisations_that_it_is_about(outcomes: dict[str, Any]) -> None:
    """Dagster takes a result to be about the latest materialisation before it, and shows an earlier one as outdated."""
    result, instance, _ = run_range("2025-01-01", "2025-01-03", outcomes)
    committed = [event.storage_id for event in instance.fetch_materializations(KEY, limit=10).records]
    target = check_of(result).target_materialization_data
    assert target is not None
    assert target.storage_id == max(committed)


def test_a_warning_does_not_fail_the_run() -> None:
    result, _, _ = run_range("2025-01-01", "2025-01-02", {"2025-01-02": "two labels failed"})
    assert result.success
    assert not check_of(result).passed
    assert check_of(result).severity == dg.AssetCheckSeverity.WARN
    assert "2025-01-02: two labels failed" in check_of(result).description


@pytest.mark.parametrize(("error", "retried"), [(UserError("x"), False), (RuntimeError("x"), True)])
def test_what_a_person_must_mend_is_not_retried(error: Exception, retried: bool) -> None:
    from painpoint_platform.partitions import failure

    assert failure({"2025-01-01": error}, 1).allow_retries is retried


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("bcd", [("b", "c"), ("d",)]),
        ("ace", [("a",), ("c",), ("e",)]),
        ("", []),
        ("abcde", [("a", "b"), ("c", "d"), ("e",)]),
    ],
)
def test_neighbouring_partitions_share_a_run(wanted: str, expected: list[tuple[str, ...]]) -> None:
    assert consecutive(set(wanted), list("abcde"), most=2) == expected
