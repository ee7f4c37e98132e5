-- Each post of a corpus, its clusters and their themes.
select post_id, course_code, cluster_id, global_cluster_id, normalized_issue_label
from gold.post_global_index
where corpus = $corpus
order by course_code, post_id, cluster_id
