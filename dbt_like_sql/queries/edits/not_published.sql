-- What PocketBase has not yet as it should be, of some issues: why, and since how many attempts.
select issue_key, attempts, last_error
from gold.live_issues
where last_error is not null
  and issue_key in (select unnest($keys))
order by issue_key
