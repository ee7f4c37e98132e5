-- Issues as they were when they were last seen, the weightiest of the latest day first.
with days as (
    select issue_key, min(cluster_date) as first_seen, max(cluster_date) as last_seen, count(distinct cluster_date) as days
    from gold.issues
    group by issue_key
),

evidence as (
    select issue_key, count(*) as items, count(distinct author_hash) as authors
    from gold.issue_evidence
    group by issue_key
)

select
    issue.issue_key,
    coalesce(issue.canonical_title, 'label failed: ' || issue.failure_reason) as title,
    issue.category,
    round(issue.impact_score, 1) as impact,
    evidence.items,
    evidence.authors,
    days.days,
    days.first_seen,
    days.last_seen,
    issue.muted,
    issue.title_by
from gold.issues as issue
join days on days.issue_key = issue.issue_key and days.last_seen = issue.cluster_date
join evidence on evidence.issue_key = issue.issue_key
qualify row_number() over (partition by issue.issue_key order by issue.cluster_size desc, issue.cluster_id) = 1
order by days.last_seen desc, issue.impact_score desc, issue.issue_key
