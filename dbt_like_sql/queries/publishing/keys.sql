-- The issues that a day's sync has to look at: what the day says, what was published from that day, whatever an earlier
-- sync of any day left unfinished, and whatever lost a post since: to another issue, to a merge, or because it is gone.
select issue_key from gold.issues where cluster_date = $day
union
select issue_key from gold.live_issues where cluster_date = $day or payload_hash is null or last_error is not null
union
select issue_key from gold.live_issue_evidence as live
where not exists (
    select 1 from gold.issue_evidence as evidence
    where evidence.issue_key = live.issue_key and evidence.url_hash = live.url_hash
)
