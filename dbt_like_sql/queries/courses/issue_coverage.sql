-- How much each label and theme of a corpus covers.
select normalized_issue_label, global_cluster_id, total_posts, num_clusters
from gold.global_issue_coverage
where corpus = $corpus
order by total_posts desc, global_cluster_id
