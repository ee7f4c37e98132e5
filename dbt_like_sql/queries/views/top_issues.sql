-- The weightiest issues of the latest day in which each occurs; runs on the analysts' copy.
select
    round(issue.impact_score, 1) as impact,
    issue.canonical_title as title,
    issue.category,
    issue.cluster_size as posts,
    count(distinct evidence.author_hash) as authors,
    string_agg(distinct evidence.source, ', ' order by evidence.source) as sources
from gold.issues as issue
join gold.issue_evidence as evidence
    on evidence.cluster_date = issue.cluster_date and evidence.cluster_id = issue.cluster_id
where not issue.label_failed
group by issue.cluster_date, issue.cluster_id, issue.issue_key, issue.impact_score, issue.canonical_title,
    issue.category, issue.cluster_size
qualify row_number() over (
    partition by issue.issue_key order by issue.cluster_date desc, issue.cluster_size desc, issue.cluster_id
) = 1
order by impact desc, title
limit $rows
