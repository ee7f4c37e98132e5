-- The posts of an issue, newest day first, those that speak for it before the others.
select
    cluster_date as day, url_hash, source, is_representative as speaks, vote_count as votes, comment_count as comments,
    title, url, snippet
from gold.issue_evidence
where issue_key = $issue_key
order by cluster_date desc, is_representative desc, vote_count desc, url_hash
