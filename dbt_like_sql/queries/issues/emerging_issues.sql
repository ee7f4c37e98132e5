-- Issues that stand out on the last clustered days. Those that nobody may see (muted, no label, too few authors) do not.
select
    trend.issue_key,
    trend.cluster_date,
    overview.title,
    trend.item_count,
    trend.author_count,
    trend.growth,
    trend.surprise
from gold.issue_trends as trend
join gold.issue_overview as overview using (cluster_date, issue_key)
where trend.is_emerging
  and overview.publishable
  and trend.cluster_date > (select max(cluster_date) from gold.issues) - $days::integer
order by trend.surprise desc, trend.issue_key
