-- Touched clusters of which nothing is left.
select cluster_date, cluster_id
from touched_clusters
anti join silver.cluster_assignments using (cluster_date, cluster_id)
order by all
