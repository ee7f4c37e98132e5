-- The issues that a day's sync has to look at: what the day says, what was published from that day, whatever an earlier
-- sync of any day left unfinished, and what has become part of another issue since.
select issue_key from gold.issues where cluster_date = $day
union
select issue_key from gold.live_issues where cluster_date = $day or payload_hash is null or last_error is not null
union
select issue_key from gold.live_issues where issue_key in (select issue_key from ops.issue_edits where kind = 'merge')
