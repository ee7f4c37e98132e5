-- What the rows that stay add up to. What only a new computation can say, a centroid or an impact score, stays as it is
-- until the day is run again.
update bronze.collections as collection
set item_count = counted.item_count, rejected_count = counted.rejected_count
from (
    select
        source,
        collection_date,
        (select count(*) from bronze.raw_items as item
         where item.source = kept.source and item.collection_date = kept.collection_date) as item_count,
        (select count(*) from bronze.rejected_items as item
         where item.source = kept.source and item.collection_date = kept.collection_date) as rejected_count
    from bronze.collections as kept
    semi join forgotten_days on forgotten_days.day = kept.collection_date
) as counted
where collection.source = counted.source
  and collection.collection_date = counted.collection_date
  and (collection.item_count, collection.rejected_count)
      is distinct from (counted.item_count, counted.rejected_count);

update silver.clusters as cluster
set cluster_size = counted.cluster_size,
    mean_distance = counted.mean_distance,
    n_sources = counted.n_sources,
    votes = counted.votes,
    comments = counted.comments
from (
    select
        assignment.cluster_date,
        assignment.cluster_id,
        count(*) as cluster_size,
        avg(assignment.centroid_distance) as mean_distance,
        count(distinct item.source) as n_sources,
        coalesce(sum(item.vote_count), 0) as votes,
        coalesce(sum(item.comment_count), 0) as comments
    from silver.cluster_assignments as assignment
    semi join touched_clusters using (cluster_date, cluster_id)
    left join (
        select *
        from bronze.raw_items
        qualify row_number() over (
            partition by collection_date, url_hash order by source, source_item_id
        ) = 1
    ) as item
        on item.url_hash = assignment.url_hash and item.collection_date = assignment.cluster_date
    group by all
) as counted
where cluster.cluster_date = counted.cluster_date
  and cluster.cluster_id = counted.cluster_id;

update silver.clusters as cluster
set outlier_ratio = counted.outlier_ratio
from (
    select cluster_date, count(*) filter (cluster_id = -1) / count(*) as outlier_ratio
    from silver.cluster_assignments
    semi join forgotten_days on forgotten_days.day = cluster_date
    group by all
) as counted
where cluster.cluster_date = counted.cluster_date;

update gold.issues as issue
set cluster_size = counted.cluster_size, created_at = counted.created_at
from (
    select cluster_date, cluster_id, count(*) as cluster_size, min(created_at) as created_at
    from gold.issue_evidence
    semi join touched_clusters using (cluster_date, cluster_id)
    group by all
) as counted
where issue.cluster_date = counted.cluster_date
  and issue.cluster_id = counted.cluster_id;
