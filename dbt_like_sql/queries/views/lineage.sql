-- What became of a day's issues, the largest first.
select
    lineage.relation,
    round(lineage.similarity, 3) as similarity,
    issue.canonical_title as title,
    issue.cluster_size as items,
    left(issue.issue_key, 12) as issue,
    list_transform(lineage.previous_keys, lambda key: left(key, 12)) as previous
from gold.issue_lineage as lineage
join gold.issues as issue using (cluster_date, cluster_id)
where lineage.cluster_date = $day
order by issue.cluster_size desc, lineage.cluster_id
