-- A day's issues on its map, the largest first, each in the middle of its largest cluster.
with

placed as (
    select
        assignment.cluster_id,
        issue.issue_key,
        count(*) as items,
        avg(assignment.map_x) as x,
        avg(assignment.map_y) as y
    from silver.cluster_assignments as assignment
    join gold.issues as issue
        on issue.cluster_date = assignment.cluster_date
       and issue.cluster_id = assignment.cluster_id
    where assignment.cluster_date = $day
      and assignment.map_x is not null
    group by assignment.cluster_id, issue.issue_key
)

select
    list(placed.cluster_id order by placed.cluster_id) as cluster_ids,
    left(issue.issue_key, 16) as key,
    issue.title,
    issue.category,
    issue.item_count as items,
    round(issue.impact_score, 1) as impact,
    trend.state,
    round(arg_max(placed.x, (placed.items, -placed.cluster_id)), 3) as x,
    round(arg_max(placed.y, (placed.items, -placed.cluster_id)), 3) as y
from placed
join gold.issue_overview as issue
    on issue.issue_key = placed.issue_key
   and issue.cluster_date = $day
left join gold.issue_trends as trend
    on trend.cluster_date = issue.cluster_date
   and trend.issue_key = issue.issue_key
group by all
order by issue.item_count desc, key
