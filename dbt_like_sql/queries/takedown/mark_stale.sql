-- The days' partitions are to be made again; what is published of the issues is to be looked at by the next sync.
delete from ops.partition_inputs
where exists (
    select 1 from stale_days where partition_key = day::varchar or partition_key like day::varchar || '|%'
);

update gold.live_issues
set payload_hash = null, last_error = 'a post behind it was taken down; the next sync brings it up to date'
where issue_key in (select issue_key from touched_issues);

update gold.live_issue_evidence
set payload_hash = null
where url_hash in (select url_hash from forgotten_items);

update ops.llm_calls
set error = 'forgotten: it quoted a post that was taken down'
where error in (select error from forgotten_errors);
