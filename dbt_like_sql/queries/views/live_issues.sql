-- What PocketBase has, the last touched first.
select issue_key, remote_id, cluster_date, synced_at, attempts, last_error
from gold.live_issues
order by synced_at desc nulls first, issue_key
