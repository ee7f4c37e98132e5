-- The evidence of each issue's latest day.
with latest as (
    select issue_key, max(cluster_date) as cluster_date
    from gold.issues
    where issue_key in (select unnest($keys::varchar[]))
    group by issue_key
)
select
    issue_key, url_hash, source, url, title, snippet, created_at, vote_count, comment_count, author_hash
from gold.issue_evidence
semi join latest using (issue_key, cluster_date)
order by issue_key, url_hash
