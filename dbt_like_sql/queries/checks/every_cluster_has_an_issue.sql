-- Clusters without an issue and issues without a cluster. What people split off has a number above the day's clusters.
select coalesce(cluster.cluster_id, issue.cluster_id) as cluster_id, cluster.cluster_size, issue.issue_key
from (select * from silver.clusters where cluster_date = $day) as cluster
full join (select * from gold.issues where cluster_date = $day) as issue
    on issue.cluster_id = cluster.cluster_id
where issue.cluster_id is null
   or (
       cluster.cluster_id is null
       and issue.issue_key not in (select coalesce(target_key, issue_key) from ops.issue_edits)
   )
