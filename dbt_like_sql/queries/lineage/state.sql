-- What a day's lineage is made from: the keys of the days around it, to see whether a run beside it has written
-- meanwhile; those of the days before it alone, which relations look back on. And how many items the day has, which is
-- what an embedding may cost.
with

around as (
    select cluster_date, hash(cluster_date, cluster_id, issue_key) as key
    from gold.issue_lineage
    where cluster_date between $first and $last and cluster_date <> $day
)

select
    coalesce(bit_xor(key), 0) as keys,
    coalesce(bit_xor(key) filter (cluster_date < $day), 0) as keys_before,
    (select count(*) from silver.cluster_assignments where cluster_date = $day) as item_count
from around
