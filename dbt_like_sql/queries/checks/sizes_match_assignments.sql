-- Clusters whose size is not the number of items assigned to them, and items assigned to a cluster that is not there.
select coalesce(cluster.cluster_id, assigned.cluster_id) as cluster_id, cluster.cluster_size, assigned.item_count
from (select * from silver.clusters where cluster_date = $day) as cluster
full join (
    select cluster_id, count(*) as item_count
    from silver.cluster_assignments
    where cluster_date = $day and cluster_id >= 0
    group by cluster_id
) as assigned
    on assigned.cluster_id = cluster.cluster_id
where cluster.cluster_size is distinct from assigned.item_count
