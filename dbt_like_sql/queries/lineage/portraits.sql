-- Clusters of a span of days as they are recognised by: each issue on its nearest days, its posts with the
-- representatives first. The more issues there are, the fewer posts of each: 10,000 must not take minutes.
with

seen as (
    select lineage.issue_key, lineage.cluster_date, lineage.cluster_id, issue.cluster_fingerprint
    from gold.issue_lineage as lineage
    join gold.issues as issue using (cluster_date, cluster_id)
    where lineage.cluster_date between $first and $last
    qualify dense_rank() over (
        partition by lineage.issue_key
        order by abs(date_diff('day', lineage.cluster_date, $day::date))
    ) <= $nearest_days
),

bounded as (
    select *, greatest(5, least($most_posts::bigint, 40000 // count(*) over ())) as most_posts
    from seen
),

posts as (
    select bounded.*, evidence.title || chr(10) || evidence.snippet as text, evidence.is_representative, evidence.url_hash
    from bounded
    join gold.issue_evidence as evidence using (cluster_date, cluster_id)
    qualify row_number() over (
        partition by cluster_date, cluster_id
        order by evidence.is_representative desc, evidence.url_hash
    ) <= most_posts
)

-- An issue whose evidence was removed has nothing that it could be recognised by.
select
    issue_key,
    cluster_date,
    cluster_id,
    cluster_fingerprint,
    list(text order by is_representative desc, url_hash) as texts
from posts
group by issue_key, cluster_date, cluster_id, cluster_fingerprint
order by cluster_date, cluster_id
