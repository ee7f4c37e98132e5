-- A day's clusters, the largest first, each in the middle of its items.
select
    assignment.cluster_id,
    left(issue.issue_key, 16) as key,
    issue.canonical_title as title,
    issue.category,
    count(*) as items,
    round(issue.impact_score, 1) as impact,
    trend.state,
    round(avg(assignment.map_x), 3) as x,
    round(avg(assignment.map_y), 3) as y
from silver.cluster_assignments as assignment
join gold.issues as issue
    on issue.cluster_date = assignment.cluster_date
   and issue.cluster_id = assignment.cluster_id
left join gold.issue_trends as trend
    on trend.cluster_date = issue.cluster_date
   and trend.issue_key = issue.issue_key
where assignment.cluster_date = $day
  and assignment.map_x is not null
group by all
order by items desc, assignment.cluster_id
