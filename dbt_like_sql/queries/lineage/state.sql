-- What a day's lineage was made from, to see whether a run beside it has written meanwhile: the keys of the days around
-- it. And how many items the day has, which is what an embedding may cost.
select
    (
        select coalesce(bit_xor(hash(cluster_date, cluster_id, issue_key)), 0)
        from gold.issue_lineage
        where cluster_date between $first and $last and cluster_date <> $day
    ) as keys,
    (select count(*) from silver.cluster_assignments where cluster_date = $day) as item_count
