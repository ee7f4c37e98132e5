-- A day in numbers: what was collected, what of it is evidence, and what the issues do.
select
    placed.items,
    placed.clustered_items,
    issue.issues,
    issue.new,
    issue.growing,
    issue.emerging,
    collected.sources
from (
    select
        count(*) as items,
        count(*) filter (cluster_id >= 0) as clustered_items
    from silver.cluster_assignments
    where cluster_date = $day
) as placed
cross join (
    select
        count(*) as issues,
        count(*) filter (state = 'new') as new,
        count(*) filter (state = 'growing') as growing,
        count(*) filter (is_emerging) as emerging
    from gold.issue_trends
    where cluster_date = $day
) as issue
cross join (
    select count(distinct source) as sources
    from bronze.raw_items
    where collection_date = $day
) as collected
