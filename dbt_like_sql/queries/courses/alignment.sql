-- How the posts of a corpus's clusters spread over themes.
select cluster_id, global_cluster_id, normalized_issue_label, post_count
from gold.cluster_global_alignment_long
where corpus = $corpus
order by post_count desc, cluster_id, global_cluster_id
