-- How pure each cluster of a corpus is.
select cluster_id, dominant_global_cluster_id, dominant_normalized_issue_label, dominant_issue_post_count, total_posts, purity
from gold.cluster_issue_coverage
where corpus = $corpus
order by purity, total_posts desc, cluster_id
