"""What happens by itself, across domains: conditions, schedules and sensors.

Belongs here: when something runs and what is told to whom when it fails. Does not belong here: what is run (``jobs``).
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.storage.tags import ASSET_PARTITION_RANGE_END_TAG, ASSET_PARTITION_RANGE_START_TAG

from painpoint_platform.alerts import post_alert
from painpoint_platform.errors import UserError
from painpoint_platform.issues.items import Source
from painpoint_platform.issues.sources import APIS, EARNINGS_CALLS
from painpoint_platform.jobs import collect_job, courses_job, issues_job, recheck_job, transcripts_job
from painpoint_platform.layers import gold
from painpoint_platform.partitions import SOURCES, consecutive, course_corpora, source_day_key, transcripts
from painpoint_platform.resources.courses import CoursesResource
from painpoint_platform.resources.transcripts import TranscriptsResource
from painpoint_platform.resources.warehouse import WarehouseResource
from painpoint_platform.settings import load_settings

# When (UTC) each source's yesterday is collected. Earnings calls come as late as the day's clustering can wait: their
# transcripts take hours.
COLLECTION_TIMES: dict[Source, str] = {api.source: api.collected_at for api in APIS.values()} | {
    EARNINGS_CALLS: "30 5 * * *"
}
LATEST_CLUSTERING = "0 6 * * *"

# A run commits call by call, and a process a call would take longer than most calls; a stuck run holds up no more.
TRANSCRIPTS_A_RUN = 200
CALLS_A_LOOK = 1_000
# On a run that collects a day once more for the sake of a call: the day.
LATE_CALL_TAG = "painpoint/late_call"

# Dagster's own `eager` takes new rows for settled that come between its request for a reader and its next look, or
# before that reader has ended, though it may have read before them: a day that is made in less than a minute, beside
# the report, would never be in it. Here rows are settled only by a request that comes after them.
_new_rows = dg.AutomationCondition.newly_missing() | dg.AutomationCondition.any_deps_updated()
_settled = (
    (dg.AutomationCondition.newly_requested() & ~_new_rows) | dg.AutomationCondition.initial_evaluation()
).with_label("settled")

# The day is clustered once all its sources are in. A source that stays broken does not hold the day up for ever: at
# LATEST_CLUSTERING it goes on with what is there, and again whenever the missing source arrives.
_at_the_latest = (
    dg.AutomationCondition.in_latest_time_window()
    & dg.AutomationCondition.cron_tick_passed(LATEST_CLUSTERING).since_last_handled()  # type: ignore[misc, operator]
    & dg.AutomationCondition.any_deps_match(~dg.AutomationCondition.missing())
    & ~dg.AutomationCondition.in_progress()
)
when_all_sources_are_in = (dg.AutomationCondition.eager().replace("handled", _settled) | _at_the_latest).with_label(
    "when all sources of yesterday are in, or at 06:00 UTC with those that are"
)

# Also for a day of the past: a backfill of silver is followed by gold, label reuse makes that cheap.
after_new_rows = (
    dg.AutomationCondition.eager()
    .without(dg.AutomationCondition.in_latest_time_window())
    .replace("handled", _settled)
    .with_label("when what it is made from has new rows")
)


def but_for(
    condition: dg.AutomationCondition[dg.AssetKey], *others: dg.AssetKey
) -> dg.AutomationCondition[dg.AssetKey]:
    """Return the same condition for an asset that also reads ``others``, which neither start it nor hold it up."""
    ignoring = condition.ignore(dg.AssetSelection.assets(*others))  # type: ignore[attr-defined]
    return ignoring.with_label(condition.get_label())  # type: ignore[no-any-return]


# What is at work, or being requested in the same look, will bring rows of its own: started beside a day's run, a reader
# of all days would have to be started once more when that ends. Training, pairing calls and grouping feedback may take
# hours; the report of the day does not wait for that.
_may_take_hours = dg.AssetSelection.groups("perception", "transcripts", "courses")
_held_up = dg.AutomationCondition.any_deps_in_progress().ignore(_may_take_hours) | (
    dg.AutomationCondition.any_deps_match(dg.AutomationCondition.will_be_requested()).ignore(_may_take_hours)
)

# What is made from all partitions at once: days that were never run must not hold it up.
after_any_new_rows = (
    dg.AutomationCondition.eager()
    .without(~dg.AutomationCondition.any_deps_missing())
    .replace("handled", _settled)
    .replace("any_deps_in_progress", _held_up)
    .with_label("when any partition of what it is made from has new rows")
)


def collect_yesterday(source: Source) -> dg.ScheduleDefinition:
    """Return the schedule that collects a source's last complete UTC day."""
    what = f"what was posted on {APIS[source].title}" if source in APIS else "what analysts asked in the calls of"

    @dg.schedule(
        name=f"collect_{source}_daily",
        job=collect_job,
        cron_schedule=COLLECTION_TIMES[source],
        execution_timezone="UTC",
        description=f"Collects {what} yesterday (UTC); with `follow_new_rows` on, the rest of the day's graph follows.",
    )
    def yesterday(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        day = context.scheduled_execution_time.date() - timedelta(days=1)
        return dg.RunRequest(run_key=f"{source}-{day}", partition_key=source_day_key(source, day))

    return yesterday


SCHEDULES = [collect_yesterday(source) for source in SOURCES]


@dg.run_failure_sensor(
    name="failed_run_alert",
    description="Posts every failed run to ALERT_WEBHOOK_URL, where that is set.",
    minimum_interval_seconds=30,
)
def failed_run_alert(context: dg.RunFailureSensorContext) -> Iterator[dg.SkipReason]:
    """Tell people about a failed run."""
    webhook = load_settings().alert_webhook_url
    if webhook is None:
        yield dg.SkipReason("ALERT_WEBHOOK_URL is not set")
        return
    post_alert(webhook.get_secret_value(), _alert(context))


def _alert(context: dg.RunFailureSensorContext) -> dict[str, Any]:
    run = context.dagster_run
    return {
        "text": f"Painpoint: run {run.run_id[:8]} of {run.job_name} failed: {context.failure_event.message}",
        "run_id": run.run_id,
        "job": run.job_name,
        "partition": run.tags.get("dagster/partition"),
    }


@dg.sensor(
    name="new_course_corpora",
    job=courses_job,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Runs the courses graph for every Stage-1 run that was put into COURSES_INBOX, or changed there.",
)
def new_course_corpora(context: dg.SensorEvaluationContext, courses: CoursesResource) -> dg.SensorResult:
    """Find Stage-1 runs; one that cannot be read is logged and holds up no other."""
    from painpoint_platform.courses.corpora import settled_corpora  # Polars comes with it

    requests = []
    for found in settled_corpora(Path(courses.inbox)):
        if isinstance(found, UserError):
            context.log.error(str(found))
            continue
        requests.append(dg.RunRequest(run_key=f"{found.name}-{found.state}", partition_key=found.name))
    keys = [str(request.partition_key) for request in requests]
    return _for_partitions(course_corpora, keys, requests, f"no Stage-1 run in {courses.inbox}")


@dg.sensor(
    name="new_transcripts",
    job=transcripts_job,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Runs the transcripts graph for the calls of files that came into TRANSCRIPTS_INBOX or changed there.",
)
def new_transcripts(context: dg.SensorEvaluationContext, transcript_files: TranscriptsResource) -> dg.SensorResult:
    """Find transcripts; files that were read before and did not change are not read again."""
    from painpoint_platform.transcripts.inbox_files import changed_transcripts

    found = changed_transcripts(Path(transcript_files.inbox), context.cursor)
    for problem in found.problems:
        context.log.error(problem)
    states = {transcript.key: transcript.version for transcript in found.transcripts}
    known = context.instance.get_dynamic_partitions(str(transcripts.name))
    order = [*known, *(key for key in states if key not in known)]
    requests = [_run_of(keys, states) for keys in consecutive(states, order, most=TRANSCRIPTS_A_RUN)]
    return _for_partitions(
        transcripts, list(states), requests, f"nothing new in {transcript_files.inbox}", cursor=found.cursor
    )


@dg.sensor(
    name="emerging_issues",
    minimum_interval_seconds=300,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Posts each issue that stands out from ordinary days to ALERT_WEBHOOK_URL, once.",
)
def emerging_issues(context: dg.SensorEvaluationContext, warehouse: WarehouseResource) -> dg.SensorResult:
    """Find issues that stand out and were not told yet."""
    from painpoint_platform.issues.identity import emergence

    if not Path(warehouse.database).exists():
        return dg.SensorResult(skip_reason="nothing was collected yet")
    news, cursor = emergence.not_told(emergence.emerging_issues(warehouse), context.cursor)
    webhook = load_settings().alert_webhook_url
    for one in news:
        context.log.info(str(one))
        if webhook:
            post_alert(
                webhook.get_secret_value(),
                {"text": f"Painpoint: {one}", "issue_key": one.issue_key, "day": one.cluster_date.isoformat()},
            )
    told = "; ".join(map(str, news)) or "no issue stands out that was not told before"
    return dg.SensorResult(cursor=cursor, skip_reason=told)


@dg.sensor(
    name="published_evidence",
    job=recheck_job,
    minimum_interval_seconds=3600,
    description="Once a day, asks Reddit whether published posts are still there; its terms ask for that.",
)
def published_evidence(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    """Ask for one re-check a day, where Reddit is read at all."""
    settings = load_settings()
    if not settings.recheck_budget_per_day or not settings.reddit_client_id:
        return dg.SensorResult(skip_reason="RECHECK_BUDGET_PER_DAY is 0, or REDDIT_CLIENT_ID is not set")
    today = datetime.now(UTC).date().isoformat()
    if context.cursor == today:
        return dg.SensorResult(skip_reason=f"done for {today}")
    return dg.SensorResult(run_requests=[dg.RunRequest(run_key=f"recheck-{today}")], cursor=today)


@dg.sensor(
    name="late_calls",
    job=collect_job,
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Where a call is paired after the day on which it was held was collected, collects that day once more; "
    "`late_calls_collected` then has it clustered again.",
)
def late_calls(context: dg.SensorEvaluationContext, warehouse: WarehouseResource) -> dg.SensorResult:
    """Look at the calls that were paired since the last look; a day that was not read yet needs nothing."""
    from painpoint_platform.issues.call_questions import days_read_before

    after = int(context.cursor) if context.cursor else None
    paired = context.instance.fetch_materializations(
        dg.AssetRecordsFilter(gold("qa_groups"), after_storage_id=after), limit=CALLS_A_LOOK, ascending=True
    ).records
    if not paired:
        return dg.SensorResult(skip_reason="no call was paired since the last look")
    days = days_read_before(
        warehouse, {str(record.partition_key): datetime.fromtimestamp(record.timestamp, UTC) for record in paired}
    )
    last = paired[-1].storage_id
    requests = [
        dg.RunRequest(
            run_key=f"{day}-{last}",
            partition_key=source_day_key(EARNINGS_CALLS, day),
            tags={LATE_CALL_TAG: day.isoformat()},
        )
        for day in days
    ]
    return dg.SensorResult(
        run_requests=requests,
        cursor=str(last),
        skip_reason=None if requests else f"{len(paired)} calls were paired, none on a day that was read before",
    )


@dg.run_status_sensor(
    name="late_calls_collected",
    run_status=dg.DagsterRunStatus.SUCCESS,
    monitored_jobs=[collect_job],
    request_job=issues_job,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Has a day clustered and labelled again that `late_calls` had collected once more.",
)
def late_calls_collected(
    context: dg.RunStatusSensorContext, warehouse: WarehouseResource
) -> dg.RunRequest | dg.SkipReason:
    """Ask for the day's issues; a day that was not clustered yet is left to its automation."""
    from painpoint_platform.warehouse.queries import fetch

    day = context.dagster_run.tags.get(LATE_CALL_TAG)
    if day is None:
        return dg.SkipReason("this run did not collect a late call")
    with warehouse.read() as connection:
        is_clustered = fetch(connection, "issues/assignments_of_day", day=day).height > 0
    if not is_clustered:
        return dg.SkipReason(f"{day} was not clustered yet")
    return dg.RunRequest(run_key=context.dagster_run.run_id, partition_key=day)


def _run_of(keys: Sequence[str], states: Mapping[str, str]) -> dg.RunRequest:
    """Ask for one run over neighbouring partitions; it is another run when any of them changed."""
    digest = hashlib.sha256("".join(states[key] for key in keys).encode()).hexdigest()
    if len(keys) == 1:
        return dg.RunRequest(run_key=digest, partition_key=keys[0])
    return dg.RunRequest(
        run_key=digest, tags={ASSET_PARTITION_RANGE_START_TAG: keys[0], ASSET_PARTITION_RANGE_END_TAG: keys[-1]}
    )


def _for_partitions(
    partitions: dg.DynamicPartitionsDefinition,
    keys: Sequence[str],
    requests: Sequence[dg.RunRequest],
    nothing: str,
    cursor: str | None = None,
) -> dg.SensorResult:
    """Ask for runs, and for their partitions to exist; adding one that is there already changes nothing."""
    return dg.SensorResult(
        run_requests=list(requests),
        dynamic_partitions_requests=[partitions.build_add_request(list(keys))] if keys else [],
        skip_reason=None if requests else nothing,
        cursor=cursor,
    )


SENSORS = [
    failed_run_alert,
    new_course_corpora,
    new_transcripts,
    emerging_issues,
    published_evidence,
    *([late_calls, late_calls_collected] if EARNINGS_CALLS in SOURCES else []),
    dg.AutomationConditionSensorDefinition(
        "follow_new_rows",
        target=dg.AssetSelection.all(),
        description="Runs every asset whose automation condition asks for it: silver after bronze, gold after silver.",
        minimum_interval_seconds=60,
    ),
]
