-- The issues that a day's sync has to look at: what the day says, what was published from that day, and whatever an
-- earlier sync of any day left unfinished.
select issue_key from gold.issues where cluster_date = $day
union
select issue_key from gold.live_issues where cluster_date = $day or payload_hash is null or last_error is not null
