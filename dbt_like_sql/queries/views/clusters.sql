-- A day's clusters, each with the title of its most central item.
select
    cluster.cluster_id,
    cluster.cluster_size as items,
    any_value(central.title) as most_central_title,
    cluster.n_sources as sources,
    cluster.votes,
    cluster.comments,
    cluster.mean_distance,
    cluster.persistence
from silver.clusters as cluster
left join (
    select assignment.cluster_id, item.title
    from silver.cluster_assignments as assignment
    join bronze.raw_items as item
        on item.url_hash = assignment.url_hash and item.collection_date = assignment.cluster_date
    where assignment.cluster_date = $day
      and assignment.cluster_id >= 0
    qualify row_number() over (
        partition by assignment.cluster_id order by assignment.centroid_distance, assignment.url_hash, item.source
    ) = 1
) as central
    on central.cluster_id = cluster.cluster_id
where cluster.cluster_date = $day
group by all
order by cluster.cluster_id
