-- Which cluster each item of a day went to; -1 is noise.
select url_hash, cluster_id
from silver.cluster_assignments
where cluster_date = $day
order by url_hash
