-- The days that some issues were seen on.
select distinct cluster_date
from gold.issues
where issue_key in (select unnest($keys))
order by cluster_date
