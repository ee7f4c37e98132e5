-- A day's issues, the weightiest first, with their posts on the last 14 days that have issues.
with

recent_days as (
    select distinct cluster_date
    from gold.issue_overview
    where cluster_date <= $day
    order by cluster_date desc
    limit 14
),

recent as (
    select today.issue_key, list(coalesce(issue.item_count, 0) order by recent_days.cluster_date) as counts
    from (select issue_key from gold.issue_overview where cluster_date = $day) as today
    cross join recent_days
    left join gold.issue_overview as issue
        on issue.issue_key = today.issue_key
       and issue.cluster_date = recent_days.cluster_date
    group by today.issue_key
)

select
    left(issue.issue_key, 16) as key,
    issue.title,
    issue.category,
    round(issue.impact_score, 1) as impact,
    trend.state,
    trend.is_emerging as emerging,
    issue.item_count as items,
    issue.author_count as authors,
    round(issue.negativity, 3) as negativity,
    issue.would_pay_signal as would_pay,
    issue.publishable,
    trend.first_seen::varchar as first_seen,
    round(trend.growth, 2) as growth,
    to_json(issue.items_by_source)::varchar as sources,
    recent.counts as recent
from gold.issue_overview as issue
left join gold.issue_trends as trend
    on trend.issue_key = issue.issue_key
   and trend.cluster_date = issue.cluster_date
left join recent
    on recent.issue_key = issue.issue_key
where issue.cluster_date = $day
order by issue.impact_score desc nulls last, issue.item_count desc, issue.issue_key
