-- The posts of an issue, newest day first, representatives before the others.
select cluster_date, url_hash, source, url, title, snippet, vote_count, comment_count, is_representative
from gold.issue_evidence
where issue_key = $issue_key
order by cluster_date desc, is_representative desc, vote_count desc, url_hash
