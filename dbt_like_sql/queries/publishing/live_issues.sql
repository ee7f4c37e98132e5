-- What is tracked of these issues in PocketBase.
select issue_key, cluster_date, remote_id, payload_hash, synced_at, attempts, last_error
from gold.live_issues
where issue_key in (select unnest($keys::varchar[]))
order by issue_key
