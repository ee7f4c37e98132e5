-- The evidence of issues, of all their days: one row an item. What nobody could label is not published, so that posts
-- which give orders to a model do not come in beside honest ones.
with labelled as (
    select cluster_date, cluster_id
    from gold.issues
    where issue_key in (select unnest($keys::varchar[]))
      and not label_failed
)
select
    issue_key, url_hash, source, url, title, snippet, created_at, vote_count, comment_count, author_hash
from gold.issue_evidence
semi join labelled using (cluster_date, cluster_id)
where issue_key in (select unnest($keys::varchar[]))
qualify row_number() over (partition by issue_key, url_hash order by cluster_date desc, cluster_id) = 1
order by issue_key, url_hash
