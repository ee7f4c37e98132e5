-- Issues by category over the days that the report looks back on.
select
    cluster_date::varchar as day,
    category,
    issue_count as issues,
    new_issue_count as new,
    growing_issue_count as growing,
    item_count as items,
    round(impact_score, 1) as impact,
    round(negativity, 3) as negativity
from gold.category_daily
where cluster_date between $first and $day
order by day, category
