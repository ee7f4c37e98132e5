-- Clusters without an issue and issues without a cluster.
select coalesce(cluster.cluster_id, issue.cluster_id) as cluster_id, cluster.cluster_size, issue.issue_key
from (select * from silver.clusters where cluster_date = $day) as cluster
full join (select * from gold.issues where cluster_date = $day) as issue
    on issue.cluster_id = cluster.cluster_id
where cluster.cluster_id is null or issue.cluster_id is null
