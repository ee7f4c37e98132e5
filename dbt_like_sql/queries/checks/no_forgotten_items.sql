-- Items of the day that were taken down while it was clustered: nothing of them may come back.
select url_hash
from silver.cluster_assignments
semi join ops.tombstones using (url_hash)
where cluster_date = $day
