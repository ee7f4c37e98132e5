-- An issue's days: what it was called, how large it was, how it came about.
select
    issue.cluster_date,
    lineage.relation,
    round(lineage.similarity, 3) as similarity,
    issue.cluster_size as items,
    issue.canonical_title as title,
    issue.model,
    issue.title_by
from gold.issues as issue
left join gold.issue_lineage as lineage using (cluster_date, cluster_id)
where issue.issue_key = $issue_key
order by issue.cluster_date, issue.cluster_id
