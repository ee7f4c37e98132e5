-- The posts behind a day's issues, those that made the label first.
select cluster_id, source, title, vote_count, comment_count, is_representative, url
from gold.issue_evidence
where cluster_date = $day
order by is_representative desc, cluster_id, url_hash
