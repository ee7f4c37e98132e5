"""The jobs of the asset graph, and running one in this process for the command line.

Belongs here: what is run together, for one partition or a range. Does not belong here: when it runs by itself
(``automation``), how a run is shown (``cli``).
"""

import os
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
from dagster._core.definitions.repository_definition.valid_definitions import SINGLETON_REPOSITORY_NAME
from dagster._core.execution.plan.instance_concurrency_context import InstanceConcurrencyContext
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_END_TAG,
    ASSET_PARTITION_RANGE_START_TAG,
    HIDDEN_TAG_PREFIX,
    REPOSITORY_LABEL_TAG,
)
from dagster_shared.error import SerializableErrorInfo

from painpoint_platform import locking, processes
from painpoint_platform.layers import bronze, ops, silver
from painpoint_platform.locking import Deadline
from painpoint_platform.paths import bundled

INSTANCE_LOCK_TIMEOUT_S = 120.0
# Dagster shows no tag of this prefix.
PROCESS_TAG = f"{HIDDEN_TAG_PREFIX}painpoint_process"
# The UI finds the runs of a job by this: those of the command line belong to the jobs of ``workspace.yaml`` too.
REPOSITORY = {REPOSITORY_LABEL_TAG: f"{SINGLETON_REPOSITORY_NAME}@painpoint_platform"}
RAW_ITEMS = dg.AssetSelection.assets(bronze("raw_items"))
ITEM_PERCEPTION, COURSE_PERCEPTION, CALL_PERCEPTION = (
    dg.AssetSelection.assets(silver(f"{what}_perception")) for what in ("item", "course", "call")
)
EVIDENCE_CHECKS = dg.AssetSelection.assets(ops("evidence_checks"))

collect_job = dg.define_asset_job(
    "collect",
    selection=RAW_ITEMS,
    description="Collect one source's day (or a range of days) into bronze.",
)
issues_job = dg.define_asset_job(
    "issues",
    selection=(dg.AssetSelection.groups("issues") | ITEM_PERCEPTION) - RAW_ITEMS,
    description="From a day's bronze rows to published issues: cluster, score, label, publish, refresh the day's SQL "
    "models.",
)
perception_job = dg.define_asset_job(
    "perception",
    selection=dg.AssetSelection.groups("perception") - ITEM_PERCEPTION - COURSE_PERCEPTION - CALL_PERCEPTION,
    description="From a labelled corpus to a model of a variable: load, split, features, train, judge, export.",
)
courses_job = dg.define_asset_job(
    "courses",
    selection=dg.AssetSelection.groups("courses") | COURSE_PERCEPTION,
    description="From a Stage-1 run to themes across courses: load, filter, score, group within courses, group across, "
    "judge.",
)
transcripts_job = dg.define_asset_job(
    "transcripts",
    selection=dg.AssetSelection.groups("transcripts") | CALL_PERCEPTION,
    description="From a classified transcript to its exchanges: load, pair questions with answers, publish, score what "
    "was asked.",
)
recheck_job = dg.define_asset_job(
    "recheck",
    selection=EVIDENCE_CHECKS,
    description="Ask Reddit whether published posts are still there; forget those that were deleted.",
)
snapshot_job = dg.define_asset_job(
    "snapshot",
    selection=dg.AssetSelection.groups("operations", "painpoints") - EVIDENCE_CHECKS,
    description="Bring all domains' pain points together, then write the analysts' copy of gold, and the report.",
)
JOBS = [collect_job, issues_job, courses_job, transcripts_job, perception_job, recheck_job, snapshot_job]


@dataclass(frozen=True)
class RunOutcome:
    """How a run ended. ``failure`` says why it failed, as its step put it; None when it did not."""

    job: str
    first: str | None
    last: str | None
    run_id: str
    failure: str | None
    seconds: float

    @property
    def partitions(self) -> str:
        """The partition or the range as a person reads it; empty for a job without partitions."""
        return f"{self.first} … {self.last}" if self.last not in (None, self.first) else self.first or ""

    @property
    def succeeded(self) -> bool:
        """Whether everything was committed."""
        return self.failure is None


@dataclass(frozen=True)
class Graph:
    """The loaded definitions and the instance that records their runs, for as long as a command runs jobs.

    Attributes:
        definitions: what ``definitions.build_defs`` returns.
        instance: what ``open_instance`` returns.
        tell: called with the outcome of each run.
        verbose: show Dagster's own log on standard error.
    """

    definitions: dg.Definitions
    instance: dg.DagsterInstance
    tell: Callable[[RunOutcome], None]
    verbose: bool = False

    def run(
        self,
        job: str,
        first: str | None = None,
        last: str | None = None,
        *,
        assets: Sequence[dg.AssetKey] | None = None,
    ) -> RunOutcome:
        """Run a job for a partition or a range, as ``run_in_process`` does, and tell how it ended.

        One after another: Dagster's runs are not safe side by side in one process. The daemon runs them in parallel.
        """
        outcome = run_in_process(
            self.definitions, job, instance=self.instance, first=first, last=last, assets=assets, verbose=self.verbose
        )
        self.tell(outcome)
        return outcome


def open_instance(data_dir: Path) -> dg.DagsterInstance:
    """Open Dagster's instance, so that runs of the command line are seen in the UI, and end runs that were killed.

    DAGSTER_HOME is DATA_DIR/dagster unless it is set. There the project's ``dagster.yaml`` is put, the current one each
    time; a DAGSTER_HOME of the user's own gets it only when it has none.
    """
    is_ours = "DAGSTER_HOME" not in os.environ
    home = Path(os.environ.setdefault("DAGSTER_HOME", str((data_dir / "dagster").resolve())))
    home.mkdir(parents=True, exist_ok=True)
    if is_ours or not (home / "dagster.yaml").exists():
        shutil.copyfile(bundled("dagster.yaml"), home / "dagster.yaml")
    # Two processes that are the first to open an instance would both make its tables, and one would fail.
    with locking.exclusive(home / "instance", Deadline(INSTANCE_LOCK_TIMEOUT_S)):
        instance = dg.DagsterInstance.get()
    end_runs_of_dead_processes(instance)
    return instance


def end_runs_of_dead_processes(instance: dg.DagsterInstance) -> list[str]:
    """End the runs whose process was killed, and return their ids.

    A killed run still counts as running and keeps its pools' slots. The daemon's run monitoring sees to the runs that
    it launched; those of the command line carry their process as a tag, and the next command sees to them.
    """
    ended = []
    unfinished = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING])
    for run in instance.get_runs(unfinished):
        process = run.tags.get(PROCESS_TAG)
        if process and not processes.is_alive(process):
            instance.report_run_failed(run, "the process of this run was killed")
            instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
            ended.append(run.run_id)
    return ended


def run_in_process(
    definitions: dg.Definitions,
    job: str,
    *,
    instance: dg.DagsterInstance,
    first: str | None = None,
    last: str | None = None,
    assets: Sequence[dg.AssetKey] | None = None,
    verbose: bool = False,
) -> RunOutcome:
    """Run a job to its end in this process; a failing run is an outcome, not an exception.

    Args:
        definitions: what ``definitions.build_defs`` returns.
        job: name of one of ``JOBS``.
        instance: where the run is recorded; pools and their limits are its.
        first: first partition; None for a job without partitions.
        last: last partition of a range; None or equal to ``first`` for a single one.
        assets: only these of the job; None = all.
        verbose: show Dagster's own log on standard error.
    """
    started = time.monotonic()
    is_range = first is not None and last is not None and last != first
    result = definitions.resolve_job_def(job).execute_in_process(
        instance=instance,
        partition_key=None if is_range else first,
        asset_selection=assets,
        tags=REPOSITORY | {PROCESS_TAG: processes.own()} | (_range_tags(str(first), str(last)) if is_range else {}),
        run_config={"loggers": {"console": {"config": {"log_level": "DEBUG" if verbose else "CRITICAL"}}}},
        raise_on_error=False,
    )
    return RunOutcome(job, first, last, result.run_id, _failure_of(result), time.monotonic() - started)


def _innermost(error: SerializableErrorInfo | None) -> str | None:
    """Return the message of the error that began it; Dagster wraps it in errors about steps."""
    while error and error.cause:
        error = error.cause
    return error.message.strip() if error else None


def _seconds_to_next_claim(self: InstanceConcurrencyContext) -> float:
    if not self._pending_claims:
        return 0.0
    waiting = [ready_at - time.time() for ready_at in self._pending_timeouts.values()]
    return max(0.0, min(waiting, default=0.0))


# Dagster 1.13.27 takes the minimum of these and 0, so that a run that waits for a pool asks again without a pause and
# keeps a core busy: with four runs on two cores those that wait take the time of the one that works.
InstanceConcurrencyContext.interval_to_next_pending_claim_check = _seconds_to_next_claim  # type: ignore[method-assign]


def _range_tags(first: str, last: str) -> dict[str, str]:
    """Name the range, for Dagster and for people: its own tags are not shown in the list of runs."""
    return {
        ASSET_PARTITION_RANGE_START_TAG: first,
        ASSET_PARTITION_RANGE_END_TAG: last,
        "partitions": f"{first} to {last}",
    }


def _failure_of(result: dg.ExecuteInProcessResult) -> str | None:
    if result.success:
        return None
    reasons = []
    for event in result.all_events:
        if event.is_step_failure:
            data = event.step_failure_data
            described = data.user_failure_data.description if data.user_failure_data else None
            reasons.append(described or _innermost(data.error) or event.message)
    return "\n".join(str(reason) for reason in reasons) or "the run failed before its first step; see the Dagster UI"
