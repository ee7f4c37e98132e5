-- Where a day's items lie on its map: the most central ones of each cluster first, noise last.
with

titles as (
    select url_hash, left(any_value(title order by source), 80) as title
    from bronze.raw_items
    where collection_date = $day
    group by url_hash
)

select
    round(assignment.map_x::double, 3) as x,
    round(assignment.map_y::double, 3) as y,
    assignment.cluster_id,
    titles.title,
    row_number() over (
        partition by assignment.cluster_id
        order by assignment.probability desc nulls last, assignment.url_hash
    ) as place
from silver.cluster_assignments as assignment
left join titles using (url_hash)
where assignment.cluster_date = $day
  and assignment.map_x is not null
order by assignment.cluster_id < 0, place, assignment.cluster_id
limit $most
