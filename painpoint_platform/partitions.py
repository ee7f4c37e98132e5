"""The partitions of the asset graph and how a run goes through them one by one.

Belongs here: partition definitions, mappings between them, and the loop that commits a range partition by partition.
Does not belong here: what is done for one partition (each domain's ``assets``).
"""

import warnings
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import dagster as dg

from painpoint_platform.errors import DataContractError, PainpointError, UserError
from painpoint_platform.issues.sources import switched_on
from painpoint_platform.perception.variables import VARIABLES
from painpoint_platform.settings import load_settings

_settings = load_settings()
SOURCES = switched_on(earnings_calls=_settings.earnings_calls_as_source)

daily_partitions = dg.DailyPartitionsDefinition(start_date=_settings.partitions_start_date.isoformat())
source_day_partitions = dg.MultiPartitionsDefinition(
    {"date": daily_partitions, "source": dg.StaticPartitionsDefinition(list(SOURCES))}
)

with warnings.catch_warnings():
    # Beta in Dagster, and the only mapping from (source, day) to day; the pinned version is tested for what we need.
    warnings.simplefilter("ignore", dg.BetaWarning)
    by_day = dg.MultiToSingleDimensionPartitionMapping(partition_dimension_name="date")
course_corpora = dg.DynamicPartitionsDefinition(name="course_corpora")
transcripts = dg.DynamicPartitionsDefinition(name="transcripts")
perception_variables = dg.StaticPartitionsDefinition(list(VARIABLES))
one_run_a_range = dg.BackfillPolicy.single_run()


def consecutive(wanted: Collection[str], order: Sequence[str], *, most: int) -> list[tuple[str, ...]]:
    """Cut the wanted partitions into stretches that lie side by side in ``order``, of at most ``most`` each.

    A run can have one stretch: Dagster names the partitions of a run by the first and the last.
    """
    stretches: list[list[str]] = []
    last = None
    for place, key in enumerate(order):
        if key not in wanted:
            continue
        if last is None or place != last + 1 or len(stretches[-1]) == most:
            stretches.append([])
        stretches[-1].append(key)
        last = place
    return [tuple(stretch) for stretch in stretches]


def source_day_key(source: str, day: date) -> dg.MultiPartitionKey:
    """Return the key of one source's day. Dagster sorts the dimensions by name: ``2025-01-01|github``."""
    return dg.MultiPartitionKey({"date": day.isoformat(), "source": source})


def source_and_day(key: str) -> tuple[str, date]:
    """Return (source, day) of a key such as ``2025-01-01|github``."""
    day, source = key.split("|")
    return source, date.fromisoformat(day)


@dataclass(frozen=True)
class Committed:
    """One partition that is in the warehouse: metadata for each asset of the step, and the checks that did not hold.

    ``warnings`` maps the name of a check that does not block to what was found.
    """

    metadata: Mapping[dg.AssetKey, Mapping[str, Any]]
    warnings: Mapping[str, str] = field(default_factory=dict)


def materialize_each(
    context: dg.AssetExecutionContext,
    materialize_one: Callable[[str], Committed],
    *,
    checks: Sequence[dg.AssetCheckSpec] = (),
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Materialise every partition of the run, each in its own transaction, and go on after one that failed.

    A run over one partition simply raises what went wrong. A run over a range logs the partitions that were committed
    and fails at the end, naming those that were not: nothing that was done is lost or done again.

    Args:
        context: the step's context; its ``partition_keys`` are the truth about what is to be done.
        materialize_one: commits one partition, given its key.
        checks: the specs of the checks that ``materialize_one`` runs; each is reported once for the whole run.

    Raises:
        dagster.Failure: a partition could not be committed, or the run was started without any partition.
    """
    keys = partition_keys(context)
    done: dict[str, Committed] = {}
    failed: dict[str, Exception] = {}
    for position, key in enumerate(keys, start=1):
        try:
            done[key] = materialize_one(key)
        except Exception as error:
            failed[key] = error
            context.log.error(f"{key}: {describe(error)}")
            continue
        context.log.info(f"{key} committed ({position} of {len(keys)})")
    # Dagster takes a check's result to be about the latest materialisation at that moment: these come first.
    if failed:
        record_committed(context, {key: outcome.metadata for key, outcome in done.items()})
        yield from _check_results(checks, done, failed)
        raise failure(failed, len(keys)) from next(iter(failed.values()))
    for key, outcome in done.items():
        for asset_key, metadata in outcome.metadata.items():
            context.add_asset_metadata(dict(metadata), asset_key=asset_key, partition_key=key)
    for asset_key in context.selected_asset_keys:
        yield dg.MaterializeResult(asset_key=asset_key)
    yield from _check_results(checks, done, failed)


def partition_keys(context: dg.AssetExecutionContext | dg.OpExecutionContext) -> Sequence[str]:
    """Return the partitions of the run.

    Raises:
        dagster.Failure: there are none, as in a range whose start lies after its end. Succeeding would hide lost days.
    """
    keys = context.partition_keys if context.has_partition_key or context.has_partition_key_range else []
    if not keys:
        raise dg.Failure("The run names no partition. Choose one, or a range whose start is not after its end.")
    return keys


def record_committed(
    context: dg.AssetExecutionContext | dg.OpExecutionContext,
    committed: Mapping[str, Mapping[dg.AssetKey, Mapping[str, Any]]],
) -> None:
    """Log a materialisation for each committed partition of a step that will not end well."""
    for key, metadata_by_asset in committed.items():
        for asset_key, metadata in metadata_by_asset.items():
            context.log_event(dg.AssetMaterialization(asset_key, partition=key, metadata=dict(metadata)))


def failure(failed: Mapping[str, Exception], total: int) -> dg.Failure:
    """Build the failure that names every partition that was not committed. What a person must mend is not retried."""
    reasons = "\n".join(f"{key}: {describe(error)}" for key, error in failed.items())
    for_a_person = all(isinstance(error, UserError | DataContractError) for error in failed.values())
    return dg.Failure(
        f"{len(failed)} of {total} partitions failed:\n{reasons}" if total > 1 else reasons,
        metadata={"failed_partitions": dg.MetadataValue.json(sorted(failed))},
        allow_retries=not for_a_person,
    )


def describe(error: Exception) -> str:
    """Return the error as one line for a person: without the type where the message was written to be read."""
    return str(error) if isinstance(error, PainpointError) else f"{type(error).__name__}: {error}"


def _spoken(keys: Sequence[str]) -> str:
    return keys[0] if len(keys) == 1 else f"{len(keys)} partitions, {keys[0]} to {keys[-1]}"


def _check_results(
    checks: Sequence[dg.AssetCheckSpec], done: Mapping[str, Committed], failed: Mapping[str, Exception]
) -> Iterator[dg.AssetCheckResult]:
    for spec in checks:
        found = {key: outcome.warnings[spec.name] for key, outcome in done.items() if spec.name in outcome.warnings}
        found |= {
            key: str(error)
            for key, error in failed.items()
            if isinstance(error, DataContractError) and error.check_name == spec.name
        }
        blocked = any(key in failed for key in found)
        if not found and not done:
            continue  # nothing was looked at, so there is nothing to say
        yield dg.AssetCheckResult(
            asset_key=spec.asset_key,
            check_name=spec.name,
            passed=not found,
            severity=dg.AssetCheckSeverity.ERROR if blocked else dg.AssetCheckSeverity.WARN,
            description="; ".join(f"{key}: {text}" for key, text in found.items())
            or f"holds for {_spoken(list(done))}",
            metadata={"partitions_checked": len(done) + len(failed), "partitions_at_fault": len(found)},
        )
