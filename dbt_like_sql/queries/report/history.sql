-- The days of the issues of ``report_issues``, the latest first.
select
    report_issues.key,
    trend.cluster_date::varchar as day,
    trend.item_count as items,
    trend.author_count as authors,
    round(issue.impact_score, 1) as impact,
    round(trend.growth, 2) as growth,
    trend.state,
    row_number() over (partition by report_issues.key order by trend.cluster_date desc) as place
from report_issues
join gold.issue_trends as trend
    on trend.issue_key = report_issues.issue_key
   and trend.cluster_date between $first and $day
join gold.issue_overview as issue
    on issue.issue_key = trend.issue_key
   and issue.cluster_date = trend.cluster_date
order by report_issues.position, place
